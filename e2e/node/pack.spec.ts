// The GPU folder's own runner, with parts of our own: no part stops the rest, none outlives its limit, and what there is gets written.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'playwright/test';

const PACK = path.resolve(import.meta.dirname, '../../tools/pack');

interface Part {
  readonly name: string;
  readonly limit: number;
  readonly words: readonly string[];
  readonly first?: boolean;
}

/** What run.mjs wrote, of parts that are these. */
function runParts(parts: readonly Part[], variables: Record<string, string> = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'unfold-pack-test-'));
  try {
    mkdirSync(path.join(folder, 'tools/pack'), { recursive: true });
    for (const name of ['run.mjs', 'vulkan.mjs']) copyFileSync(path.join(PACK, name), path.join(folder, 'tools/pack', name));
    writeFileSync(path.join(folder, 'tools/pack/parts.mjs'), `export const partsOf = () => ${JSON.stringify(parts)};`);
    writeFileSync(path.join(folder, 'origin.json'), JSON.stringify({ commit: 'abc1234', date: '2026-01-01' }));
    symlinkSync(process.execPath, path.join(folder, 'node'));
    const out = path.join(folder, 'out');
    const begun = performance.now();
    const { status } = spawnSync(process.execPath, [path.join(folder, 'tools/pack/run.mjs')],
      { env: { ...process.env, OUT: out, ...variables }, encoding: 'utf8', timeout: 60_000 });
    const files = Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(path.join(out, name), 'utf8')]));
    return { status, files, seconds: (performance.now() - begun) / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const script = (text: string): string[] => ['--input-type=module', '-e', text];

test('a part that fails, one that hangs and one that is not there stop no other, and the files tell of each', () => {
  const { status, files, seconds } = runParts([
    { name: 'probe', limit: 20, words: script("console.log('adapter: one'); console.log('last line')"), first: true },
    { name: 'conformance', limit: 20, words: script("console.error('it broke'); process.exit(3)") },
    { name: 'specs', limit: 1, words: script("process.on('SIGTERM', () => {}); console.log('begun'); setInterval(() => {}, 1000)") },
    { name: 'table', limit: 20, words: ['/nowhere/script.mjs'] },
    { name: 'tuning', limit: 20, words: script("console.log('x'.repeat(100_000))") },
  ]);
  expect(status).toBe(1);
  expect(seconds).toBeLessThan(30);
  expect(Object.keys(files)).toEqual(['1-summary.md', '2-conformance.txt', '3-specs.txt', '4-tuning.txt', '5-log.txt']);
  const summary = files['1-summary.md']!;
  expect(summary).toContain('commit abc1234, packed 2026-01-01');
  expect(summary).toMatch(/^\| probe \| done \| \d+ \| last line \|$/m);
  expect(summary).toMatch(/^\| conformance \| failed \| \d+ \| it broke \|$/m);
  expect(summary).toMatch(/^\| specs \| out of time \| \d+ \| begun \|$/m);
  expect(summary).toMatch(/^\| table \| failed \| /m);
  expect(summary).toMatch(/^\| tuning \| done \| /m);
  expect(files['5-log.txt']).toContain('==== specs: out of time\nbegun');
  expect(files['4-tuning.txt']!.length).toBeGreaterThan(100_000);
});

test('a probe that finds no adapter is said, with what there is of Vulkan, and the rest is run all the same', () => {
  const { status, files } = runParts([
    { name: 'probe', limit: 20, words: script('process.exit(1)'), first: true },
    { name: 'peak', limit: 20, words: script("console.log('peak of something')") },
  ]);
  expect(status).toBe(1);
  expect(files['1-summary.md']).toContain('The probe did not get through. What there is of Vulkan:');
  expect(files['1-summary.md']).toContain('## peak\n\n```\npeak of something\n```');
});

test('what has no time left is not begun', () => {
  const { files } = runParts([
    { name: 'probe', limit: 20, words: script("console.log('first')"), first: true },
    { name: 'peak', limit: 20, words: script("console.log('second')") },
  ], { UNFOLD_BEGAN: String(Date.now() / 1000 - 535) });
  expect(files['1-summary.md']).toMatch(/^\| probe \| not begun \| 0 \| {2}\|$/m);
  expect(files['1-summary.md']).toMatch(/^\| peak \| not begun \| 0 \| {2}\|$/m);
});

test('the parts fit in nine minutes, and write no more than eight files', async () => {
  const { partsOf } = (await import(path.join(PACK, 'parts.mjs'))) as { partsOf(out: string, factor: number): (Part & { limit: number })[] };
  const parts = partsOf('/out', 1);
  expect(parts.map(({ name }) => name)).toEqual(['probe', 'conformance', 'specs', 'table', 'literature', 'profile', 'tuning', 'peak']);
  expect(parts.reduce((sum, { limit }) => sum + limit, 0)).toBeLessThanOrEqual(9 * 60);
  const written = new Set(parts.flatMap(({ words }) => words.filter((word) => word.startsWith('/out/'))));
  expect(written.size + 5).toBeLessThanOrEqual(8); // and the five of run.mjs
});
