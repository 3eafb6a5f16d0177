// A change of a shader, or of a library file that many are made of, must show as a diff of e2e/golden/wgsl.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { unrolledShaders } from '../../src/wgsl/build.ts';

const FOLDER = path.resolve(import.meta.dirname, '../golden/wgsl');
const FIX = 'If the change is meant, run `npm run golden` and review the diff.';

test('every shader is its golden file', () => {
  const texts = unrolledShaders();
  expect(texts.size).toBeGreaterThan(0);
  const golden = new Set(readdirSync(FOLDER).map((file) => path.basename(file, '.wgsl')));
  const differences: string[] = [];
  for (const [name, text] of texts) {
    if (!golden.delete(name)) {
      differences.push(`${name} has no golden file`);
      continue;
    }
    const difference = firstDifference(readFileSync(path.join(FOLDER, `${name}.wgsl`), 'utf8'), text);
    if (difference !== null) differences.push(`e2e/golden/wgsl/${name}.wgsl:${difference}`);
  }
  for (const name of golden) differences.push(`e2e/golden/wgsl/${name}.wgsl has no shader`);
  expect(differences.join('\n'), FIX).toBe('');
});

test('the first differing line is named', () => {
  expect(firstDifference('a\nb\nc\n', 'a\nb\nc\n')).toBeNull();
  expect(firstDifference('a\nb\nc\n', 'a\nx\ny\n')).toBe('2: expected `b`, got `x`');
  expect(firstDifference('a\n', 'a\nb\n')).toBe('2: expected ``, got `b`');
});

function firstDifference(expected: string, got: string): string | null {
  if (expected === got) return null;
  const [left, right] = [expected.split('\n'), got.split('\n')];
  const index = left.findIndex((line, at) => line !== right[at]);
  const at = index < 0 ? left.length : index;
  return `${at + 1}: expected \`${left[at] ?? ''}\`, got \`${right[at] ?? ''}\``;
}
