// `npm run example` as a whole, in a browser of its own: the list, the options, a run to its table, Ctrl-C, and what goes wrong.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'playwright/test';
import { parseOptions, type Choice } from '../../tools/example/options.mjs';
import { load } from '../engine.ts';

const SCRIPT = resolve(import.meta.dirname, '../../tools/example.mjs');
const SMALL = ['adding', '--length', '6', '--batch', '2', '--hidden', '4'];

/** Run the command; SIGINT as soon as `interruptAt` is written. */
function example(words: string[], interruptAt?: RegExp): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [SCRIPT, ...words], { timeout: 80_000 });
    let [stdout, stderr, interrupted] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (interruptAt?.test(stderr) && !interrupted) interrupted = child.kill('SIGINT');
    });
    child.on('error', fail).on('close', (status) => done({ status, stdout, stderr }));
  });
}

test('a run: progress as it comes, then the table', async () => {
  const { status, stdout, stderr } = await example([...SMALL, '--cells', 'gru,irnn', '--steps', '3']);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^adapter: \S.*\nadding: cells gru,irnn, length 6, steps 3, batch 2, hidden 4, /);
  expect(stderr).toMatch(/^gru step 3\/3: .* \d+ s\nirnn step 3\/3: /m);
  expect(stdout).toMatch(/^\| +\| mean squared error \|\n\|-+\|-+:\|\n\| always 1 \| +0\.1667 \|\n\| gru +\| +\d\.\d{4} \|\n\| irnn +\| +\d\.\d{4} \|\n$/);
});

test('Ctrl-C ends it between two steps, without a table', async () => {
  const { status, stdout, stderr } = await example([...SMALL, '--steps', '1000000'], /step \d+\/1000000/);
  expect(status, stderr).toBe(130);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/stopping; once more stops at once\n$/);
});

test('training that diverges ends with 1 and says at which step', async () => {
  const { status, stdout, stderr } = await example([...SMALL, '--cells', 'irnn', '--rate', '1e30', '--clip', '0', '--steps', '50']);
  expect(status, stderr).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/\nexample: training diverged at step \d+: .*Lower the learning rate \(now 1e\+30\)/);
});

test('what the engine refuses ends with 2, an unknown example too', async () => {
  const refused = await example(['adding', '--rate', '0']);
  expect(refused.status, refused.stderr).toBe(2);
  expect(refused.stderr).toMatch(/\nexample: learningRate must be a finite number above 0; 0 was given\n$/);
  const unknown = await example(['knitting']);
  expect(unknown.status, unknown.stderr).toBe(2);
  expect(unknown.stderr).toMatch(/^example: "knitting" is no example; give one of .*adding/);
});

test.describe('the command line', () => {
  const examples = async () => (await load<typeof import('../../examples/index.ts')>('/examples/index.ts')).examples;

  test('lists the examples, and the options of one', async () => {
    const known = await examples();
    for (const words of [[], ['--help']]) {
      const { print } = parseOptions(words, known) as { print: string };
      const lines = print.split('\n').map((line) => line.trim().split(/ {2,}/));
      for (const { name, about } of known) expect(lines).toContainEqual([name, about]);
    }
    for (const { name, about, options } of known) {
      const { print } = parseOptions([name, '--help'], known) as { print: string };
      expect(print).toContain(`${name}: ${about}`);
      for (const option of [...Object.keys(options), 'adapter']) expect(print).toContain(`\n  --${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} `);
    }
  });

  test('names are different, and every example has steps and a seed', async () => {
    const known = await examples();
    expect(new Set(known.map(({ name }) => name)).size).toBe(known.length);
    for (const { name, options } of known) {
      expect(Object.keys(options), name).toEqual(expect.arrayContaining(['steps', 'seed']));
      for (const { kind, default: value } of Object.values(options)) {
        expect(typeof value, name).toBe(kind === 'choice' ? 'string' : kind === 'list' ? 'object' : 'number');
      }
    }
  });

  test('reads the options, with defaults for the others', async () => {
    const { example: chosen, options, adapter } = parseOptions(['adding', '--cells', 'irnn,lstm', '--rate=1e-3', '--adapter', 'default'], await examples()) as Choice;
    expect(chosen.name).toBe('adding');
    expect(options).toMatchObject({ cells: ['irnn', 'lstm'], rate: 1e-3, length: 100, seed: 1 });
    expect(adapter).toBe('default');
  });

  for (const [words, line] of [
    ['--steps 3 adding', /^"--steps" is no example; .* its options after it$/],
    ['adding again', /^Unexpected argument 'again'.*; see npm run example adding -- --help$/],
    ['adding --stride 3', /^Unknown option '--stride'; see npm run example adding -- --help$/],
    ['adding --length 1', /^--length is "1"; it must be a whole number of at least 2, such as 100$/],
    ['adding --rate fast', /^--rate is "fast"; it must be a number of at least 0, such as /],
    ['adding --cells gru,gru', /^--cells is "gru,gru"; it must be some of lstm, gru, irnn, rnn_tanh, each once, with commas between$/],
    ['adding --adapter abacus', /^--adapter is "abacus"; it must be one of swiftshader, default$/],
  ] as const) {
    test(`refuses ${words}`, async () => {
      const known = await examples();
      expect(() => parseOptions(words.split(' '), known)).toThrow(line);
    });
  }
});
