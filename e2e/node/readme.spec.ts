// The README's snippets, as they stand there: each is a whole module, which the compiler accepts and which runs in Node over Dawn.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { missingFor, openHost } from '../../tools/hosts/open.mjs';
import { adapterKind } from '../../tools/setup.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What makes a snippet short enough for a test, each a text that it has once. */
const SHORTER: readonly (readonly [string, string])[][] = [
  [["layers: [{ cell: 'lstm', hiddenSize: 256 }, { cell: 'lstm', hiddenSize: 256 }]", "layers: [{ cell: 'lstm', hiddenSize: 32 }]"], ['steps: 1000', 'steps: 20'], ['length: 400', 'length: 20']],
  [],
  [['step <= 500', 'step <= 150']],
];

function snippetsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);
}

function shortened(code: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`the snippet must have \`${from}\` once`);
    return text.replace(from, to);
  }, code);
}

/** A snippet that runs when it is called: what it imports, and a function of the rest. */
function asFunction(code: string): string {
  const lines = code.split('\n');
  const isImport = (line: string): boolean => line.startsWith('import ');
  return [...lines.filter(isImport), 'export async function snippet() {', ...lines.filter((line) => !isImport(line)), '}', ''].join('\n');
}

const snippets = snippetsOf(readFileSync(path.join(ROOT, 'README.md'), 'utf8'));
let folder = '';

/** Under node_modules, so that a program finds the package `webgpu`. */
test.beforeAll(() => {
  const cache = path.join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(path.join(cache, 'readme-'));
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('there are three snippets of TypeScript', () => {
  expect(snippets).toHaveLength(3);
});

test('the compiler accepts them', () => {
  const files = snippets.map((code, i) => {
    writeFileSync(path.join(folder, `accepted${i}.ts`), code);
    return `accepted${i}.ts`;
  });
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ extends: path.join(ROOT, 'tsconfig.json'), include: [], files }));
  const { status, stdout } = spawnSync(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8', timeout: 80_000 });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('they run', async () => {
  const missing = missingFor('node', adapterKind());
  test.skip(missing !== null, missing ?? '');
  test.setTimeout(4 * 60_000);
  snippets.forEach((code, i) => writeFileSync(path.join(folder, `snippet${i}.ts`), asFunction(shortened(code, SHORTER[i]!))));
  writeFileSync(path.join(folder, 'page.ts'), `${snippets.map((_, i) => `import { snippet as snippet${i} } from './snippet${i}.ts';\n`).join('')}
const snippets = [${snippets.map((_, i) => `snippet${i}`).join(', ')}];

/** What a snippet tells the console. */
export async function run(i: number): Promise<unknown[][]> {
  const said: unknown[][] = [];
  console.log = (...words) => said.push(words);
  await snippets[i]!();
  return said;
}
`);
  const host = await openHost('node', { module: `/${path.relative(ROOT, path.join(folder, 'page.ts')).split(path.sep).join('/')}`, adapter: adapterKind() });
  try {
    const page = await host.open();
    const [training, operator, structure] = [await page.call('run', 0), await page.call('run', 1), await page.call('run', 2)] as [unknown[][], Float32Array[][], number[][]];

    const steps = training.slice(0, -1) as [number, number, number][];
    expect(steps.map(([step]) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(steps.at(-1)![1]).toBeLessThan(steps[0]![1] - 0.5);
    expect(steps.at(-1)![2]).toBeGreaterThan(0);
    expect(training.at(-1)).toEqual([expect.stringMatching(/^[\s\S]{20}$/)]);

    expect(operator.map(([values]) => values!.length)).toEqual([32 * 8 * 128, 4 * 128 * 64, 32 * 8 * 128]);
    for (const [values] of operator) expect(values!.every(Number.isFinite) && values!.some((x) => x !== 0)).toBe(true);

    expect(structure.map(([step]) => step)).toEqual([50, 100, 150]);
    expect(structure[2]![1]).toBeLessThan(structure[0]![1]! - 0.2);
    expect(structure[0]![1]).toBeLessThan(Math.log(10));
  } finally {
    await host.close();
  }
});
