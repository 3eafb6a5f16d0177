// The package as an application gets it: what each sub-path has, and what of it reaches a page that a bundler makes.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'playwright/test';
import { build } from 'vite';
import type { Rolldown } from 'vite';

const ROOT = path.resolve(import.meta.dirname, '../..');
const ENTRIES = ['index', 'language', 'text', 'safetensors'];

/** A page's imports and what it does with them; what it has no use for, a bundler may leave out. */
const PAGES = {
  'reading safetensors': `
    import { readSafetensors } from 'unfold-rnn/safetensors';
    const bytes = await (await fetch('model.safetensors')).arrayBuffer();
    console.log(readSafetensors(bytes).tensors);`,
  'a recurrent operator': `
    import { createRecurrent, openDevice } from 'unfold-rnn';
    const lstm = createRecurrent(await openDevice(), { cell: 'lstm', inputSize: 8, hiddenSize: 16 });
    const plan = lstm.plan({ timeSteps: 4, batchSize: 2, training: true });
    plan.forward({ input: new Float32Array(64) });
    console.log(await plan.output.read());`,
  'characters': `
    import { characters } from 'unfold-rnn/text';
    console.log(characters('Call me Ishmael.').vocabulary);`,
} as const;

let project = '';

/** A project in which the package is installed as npm would have it. */
test.beforeAll(async () => {
  project = mkdtempSync(path.join(tmpdir(), 'unfold-package-'));
  const installed = path.join(project, 'node_modules/unfold-rnn');
  mkdirSync(installed, { recursive: true });
  writeFileSync(path.join(installed, 'package.json'), readFileSync(path.join(ROOT, 'package.json')));
  await build({
    configFile: path.join(ROOT, 'vite.config.ts'), mode: 'library', logLevel: 'error',
    build: { outDir: path.join(installed, 'dist/lib'), emptyOutDir: true, sourcemap: false },
  });
});
test.afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The code of a page, minified as Vite does it. */
async function bundled(page: keyof typeof PAGES): Promise<string> {
  const input = path.join(project, `${page.replaceAll(' ', '_')}.js`);
  writeFileSync(input, PAGES[page]);
  const result = await build({ root: project, configFile: false, logLevel: 'error', build: { write: false, target: 'es2023', rolldownOptions: { input } } });
  return (result as Rolldown.RolldownOutput).output.map((output) => (output.type === 'chunk' ? output.code : '')).join('');
}

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

test('a page that reads safetensors gets 3 kB at most, and nothing of a GPU', async () => {
  const code = await bundled('reading safetensors');
  expect(gzipped(code)).toBeLessThan(3000);
  expect(code).not.toContain('requestAdapter');
});

test('a page with a recurrent operator gets 60 kB at most: no losses, no optimizers, no language model', async () => {
  const code = await bundled('a recurrent operator');
  expect(gzipped(code)).toBeLessThan(60_000);
  expect(code).toContain('fn cell_forward(');
  for (const text of ['softmax', 'momentum', 'temperature', '__metadata__', 'NFD']) expect.soft(code, text).not.toContain(text);
});

test('a page that counts characters gets 4 kB at most', async () => {
  const code = await bundled('characters');
  expect(gzipped(code)).toBeLessThan(4000);
  expect(code).not.toContain('requestAdapter');
});

test('each public name is in one sub-path alone, and every sub-path has its modules and its types', () => {
  const { exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
  const names: string[] = [];
  for (const entry of ENTRIES) {
    expect(exports[entry === 'index' ? '.' : `./${entry}`]).toEqual({ types: `./dist/lib/src/${entry}.d.ts`, default: `./dist/lib/src/${entry}.js` });
    expect(readFileSync(path.join(project, `node_modules/unfold-rnn/dist/lib/src/${entry}.js`), 'utf8')).toContain('export {');
    names.push(...namesOf(readFileSync(path.join(ROOT, `src/${entry}.ts`), 'utf8')));
  }
  expect(Object.keys(exports)).toHaveLength(ENTRIES.length + 1); // and package.json
  expect(names.length).toBeGreaterThan(80);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('every way to re-export a name is read', () => {
  expect(namesOf("export type { A } from './a.ts';\nexport {\n  b, type C,\n  d,\n} from './b.ts';")).toEqual(['A', 'b', 'C', 'd']);
  expect(() => namesOf("export * from './a.ts';")).toThrow('export *');
});

/** Names that an entry re-exports, types among them. */
function namesOf(code: string): string[] {
  const statements = [...code.matchAll(/^export\b[^;]*;/gm)].map(([statement]) => statement);
  return statements.flatMap((statement) => {
    const [, list] = /^export (?:type )?\{([^}]*)\} from/.exec(statement) ?? [];
    if (list === undefined) throw new Error(`an entry has \`${statement}\`; it may only re-export names in braces`);
    return list.split(',').map((name) => name.trim().replace(/^type /, '')).filter(Boolean);
  });
}
