// `npm run train` as a whole, in a browser of its own: train, stop, go on, sample, and the files that come of it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'playwright/test';
import { readSafetensors } from '../../src/io/safetensors.ts';

const SCRIPT = resolve(import.meta.dirname, '../../tools/train.mjs');
const ADAPTER = process.env.UNFOLD_ADAPTER === 'default' ? 'default' : 'swiftshader';
const SMALL = ['--adapter', ADAPTER, '--layers', '1', '--hidden', '8', '--embed', '4', '--batch', '2', '--window', '8', '--rate', '0.01'];

let folder = '';
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unfold-train-'));
  writeFileSync(join(folder, 'book.txt'), '나 보기가 역겨워 가실 때에는 말없이 고이 보내 드리우리다.\r\n'.repeat(20));
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Run the command on the small book in the test's folder; SIGINT as soon as `interruptAt` is written. */
function train(words: string[], interruptAt?: RegExp): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [SCRIPT, ...words], { cwd: folder, timeout: 80_000 });
    let [stdout, stderr, interrupted] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (interruptAt?.test(stderr) && !interrupted) interrupted = child.kill('SIGINT');
    });
    child.on('error', fail).on('close', (status) => done({ status, stdout, stderr }));
  });
}

test('stopped with Ctrl-C and gone on with: the same weights, bit for bit, as without a stop', async () => {
  const stopped = await train(['book.txt', ...SMALL, '--steps', '100000', '--checkpoint', 'c', '--out', 'm'], /step 1\//);
  expect(stopped.status, stopped.stderr).toBe(130);
  expect(stopped.stdout).toBe('');
  const step = Number(/wrote c, a checkpoint at step (\d+)\n/.exec(stopped.stderr)?.[1]);
  expect(stopped.stderr).toContain(`wrote m, the weights at step ${step}\n`);
  expect(step).toBeLessThan(100_000);

  const resumed = await train(['book.txt', '--adapter', ADAPTER, '--batch', '2', '--window', '8', '--resume', 'c', '--steps', '5', '--out', 'resumed', '--sample', '0']);
  expect(resumed.status, resumed.stderr).toBe(0);
  expect(resumed.stderr).toContain(`wrote resumed, the weights at step ${step + 5}\n`);
  expect(resumed.stderr).toContain('model: LSTM layers of 8,');

  const other = await train(['book.txt', '--adapter', ADAPTER, '--resume', 'c', '--hidden', '9']);
  expect(other.status, other.stderr).toBe(2);
  expect(other.stderr).toBe("train: --resume c: --hidden is 9, and the checkpoint's model has 8; leave --hidden out\n");

  const straight = await train(['book.txt', ...SMALL, '--steps', `${step + 5}`, '--out', 'straight', '--sample', '0']);
  expect(straight.status, straight.stderr).toBe(0);
  expect(readFileSync(join(folder, 'resumed')).equals(readFileSync(join(folder, 'straight')))).toBe(true);
  expect(readFileSync(join(folder, 'm')).equals(readFileSync(join(folder, 'straight')))).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(['book.txt', 'c', 'm', 'resumed', 'straight']);
});

test('by jamo: the losses beside the baselines, a sample of whole syllables, weights with the vocabulary', async () => {
  const { status, stdout, stderr } = await train(['book.txt', ...SMALL, '--normalize', 'NFD', '--steps', '20', '--out', 'm', '--sample', '60', '--temperature', '0.5']);
  expect(status, stderr).toBe(0);
  // No code point of the book composes in NFC beyond its own syllables.
  expect(stdout).toMatch(/^\n나 보기가 역겨워 /);
  expect(stdout).toBe(stdout.normalize('NFC'));
  expect(stdout.length).toBeGreaterThan(30);
  expect(stderr).toMatch(/^adapter: \S.*$/m);
  expect(stderr).toMatch(/baselines in nats \(bits\) per character: uniform 3\.\d+ \(\d\.\d+\), unigram 2\.\d+/);
  const [loss, uniform] = /step 20\/20: loss ([\d.]+) nats, [\d.]+ bits \(uniform ([\d.]+),/.exec(stderr)!.slice(1).map(Number) as [number, number];
  expect(loss).toBeLessThan(uniform);
  const { tensors, metadata } = readSafetensors(readFileSync(join(folder, 'm')));
  expect(tensors.get('weight_hh_l0')).toMatchObject({ dtype: 'F32', shape: [32, 8] });
  expect(JSON.parse(metadata.vocabulary!)).toMatchObject({ normalize: 'NFD' });
});

test('what the engine refuses ends with 2 and one line', async () => {
  const refused = await train(['book.txt', '--adapter', ADAPTER, '--batch', '64', '--window', '64']);
  expect(refused.status, refused.stderr).toBe(2);
  expect(refused.stderr).toMatch(/^train: the text has \d+ characters, too few for batchSize 64 × timeSteps 64: .*\n$/);
  const prompt = await train(['book.txt', ...SMALL, '--prompt', 'Zürich']);
  expect(prompt.status, prompt.stderr).toBe(2);
  expect(prompt.stderr).toMatch(/^train: --prompt: the vocabulary of \d+ symbols has no 'Z' \(U\+005A\), .*\n$/);
  const garbage = await train(['book.txt', ...SMALL, '--resume', 'book.txt']);
  expect(garbage.status, garbage.stderr).toBe(2);
  expect(garbage.stderr).toMatch(/^train: --resume book.txt: the header claims .*\n$/);
  expect(readdirSync(folder)).toEqual(['book.txt']);
});
