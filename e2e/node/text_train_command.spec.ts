// `npm run train` without a browser: its options, its files, its progress, and that wrong use ends with 2 and one line.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'playwright/test';
import { checkWritable, readBook, writeWhole } from '../../tools/train/files.mjs';
import { HELP, parseOptions, UsageError } from '../../tools/train/options.mjs';
import { createProgress } from '../../tools/train/progress.mjs';

let folder = '';
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unfold-train-'));
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Run the command; nothing that comes here reaches a browser. */
function train(...words: string[]) {
  const script = resolve(import.meta.dirname, '../../tools/train.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8', timeout: 30_000 });
  return { status, stdout, stderr };
}

test.describe('options', () => {
  test('defaults, and every option once', () => {
    expect(parseOptions([])).toMatchObject({
      book: null, layers: 2, hidden: 256, embed: 64, steps: 500, batch: 32, window: 64, rate: 2e-3, clip: 5, seed: 1,
      normalize: 'NFC', prompt: 'Call me ', temperature: 0.8, sample: 400, out: null, checkpoint: null, resume: null, adapter: 'default', given: [],
    });
    const words = 'b.txt --layers 3 --hidden 7 --embed one-hot --steps 9 --batch 4 --window 5 --rate 1e-4 --clip 0 --seed 0 --normalize NFD '
      + '--temperature .5 --sample 0 --out o --checkpoint c --checkpoint-every 2 --resume r --adapter swiftshader --prompt -';
    expect(parseOptions(words.split(' '))).toEqual({
      book: 'b.txt', layers: 3, hidden: 7, embed: 'one-hot', steps: 9, batch: 4, window: 5, rate: 1e-4, clip: 0, seed: 0, normalize: 'NFD',
      prompt: '-', temperature: 0.5, sample: 0, out: 'o', checkpoint: 'c', checkpointEvery: 2, resume: 'r', adapter: 'swiftshader',
      given: words.match(/(?<=--)[a-z-]+/g),
    });
    expect(parseOptions(['book.txt'])).toMatchObject({ prompt: null });
    expect(parseOptions(['--embed', '12'])).toMatchObject({ embed: 12 });
    expect(parseOptions(['-h'])).toBe('help');
  });

  const wrong: [string, RegExp][] = [
    ['--hiden 3', /^Unknown option '--hiden'; see npm run train -- --help$/],
    ['--hidden', /^Option '--hidden <value>' argument missing; see/],
    ['--rate --layers 2', /^--rate is followed by what looks like another option.*--rate=VALUE$/],
    ['--hidden many', /^--hidden is "many"; it must be a whole number of at least 1$/],
    ['--layers 0', /^--layers is "0"/],
    ['--steps 1.5', /^--steps is "1.5"/],
    ['--batch 99999999999999999999', /^--batch is/],
    ['--window=-3', /^--window is "-3"/],
    ['--sample NaN', /^--sample is "NaN"/],
    ['--rate NaN', /^--rate is "NaN"; it must be a number above 0, such as 0.002$/],
    ['--rate 0', /^--rate is "0"/],
    ['--rate=', /^--rate is ""/],
    ['--rate Infinity', /^--rate is "Infinity"/],
    ['--clip=-1', /^--clip is "-1"; it must be a number of at least 0, such as 5$/],
    ['--temperature 0', /^--temperature is "0"/],
    ['--embed onehot', /^--embed is "onehot"; it must be a whole number of at least 1 or 'one-hot'$/],
    ['--normalize nfc', /^--normalize is "nfc"; it must be one of NFC, NFD, NFKC, NFKD, none$/],
    ['--adapter gpu', /^--adapter is "gpu"; it must be one of default, swiftshader$/],
    ['--out=', /^--out needs the path of a file$/],
    ['--checkpoint-every 9', /--checkpoint FILE is missing/],
    ['a.txt b.txt', /^one text at a time, but 2 are given: a.txt, b.txt/],
  ];
  for (const [words, message] of wrong) {
    test(`refuses ${words}`, () => {
      expect(() => parseOptions(words.split(' '))).toThrow(UsageError);
      expect(() => parseOptions(words.split(' '))).toThrow(message);
    });
  }

  test('the help names every option', () => {
    for (const name of ['layers', 'hidden', 'embed', 'steps', 'batch', 'window', 'rate', 'clip', 'seed', 'normalize', 'prompt', 'temperature',
      'sample', 'out', 'checkpoint', 'checkpoint-every', 'resume', 'adapter', 'help']) {
      expect(HELP).toContain(`--${name} `.trimEnd());
    }
  });
});

test.describe('the command', () => {
  test('--help prints the help and ends with 0', () => {
    expect(train('--help')).toEqual({ status: 0, stdout: HELP, stderr: '' });
  });

  test('wrong use ends with 2 and one line', () => {
    for (const words of [['--hiden', '3'], [join(folder, 'none.txt')], [folder], ['--out', join(folder, 'no', 'm.safetensors')],
      ['--resume', join(folder, 'none')]]) {
      const { status, stdout, stderr } = train(...words);
      expect(status, stderr).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^train: .+\n$/);
    }
  });
});

test.describe('files', () => {
  const book = (bytes: string | Uint8Array) => {
    const path = join(folder, 'book.txt');
    writeFileSync(path, bytes);
    return path;
  };

  test('reads UTF-8 and UTF-16, without the mark, with line feeds', () => {
    expect(readBook(book('\uFEFFein\r\nzwei\rdrei\n'))).toBe('ein\nzwei\ndrei\n');
    expect(readBook(book(Buffer.from('\uFEFF한글', 'utf16le')))).toBe('한글');
    expect(readBook(book(Buffer.from('\uFEFF한글', 'utf16le').swap16()))).toBe('한글');
  });

  test('refuses what is no text', () => {
    expect(() => readBook(book(''))).toThrow(/book.txt is empty/);
    expect(() => readBook(book(' \n'))).toThrow(/book.txt is empty/);
    expect(() => readBook(book(Uint8Array.of(0xc7, 0xd1, 0xb1, 0xdb)))).toThrow(/not UTF-8 text; convert it, .*iconv/);
    expect(() => readBook(book('a\0b'))).toThrow(/zero bytes/);
    expect(() => readBook(join(folder, 'none.txt'))).toThrow(/cannot read .*none.txt: it does not exist/);
    expect(() => readBook(folder)).toThrow(/it is a folder/);
    expect(() => readBook(join(book('a'), 'b'))).toThrow(/a part of the path is a file/);
  });

  test('refuses a file that may not be read', () => {
    test.skip(process.getuid?.() === 0 || process.platform === 'win32', 'nothing is closed to root, and Windows has no such mode');
    const path = book('text');
    chmodSync(path, 0);
    expect(() => readBook(path)).toThrow(/may not be accessed by this user/);
  });

  test('a path to write is checked before training', () => {
    checkWritable(join(folder, 'new.safetensors'));
    checkWritable(book('old'));
    expect(() => checkWritable(join(folder, 'no', 'x'))).toThrow(/cannot write .*x: folder .*no does not exist/);
    mkdirSync(join(folder, 'dir'));
    expect(() => checkWritable(join(folder, 'dir'))).toThrow(/it is a folder/);
  });

  test('writes whole or not at all, and leaves nothing behind', () => {
    const path = join(folder, 'm');
    writeWhole(path, Uint8Array.of(1, 2));
    writeWhole(path, Uint8Array.of(3));
    expect([...readFileSync(path)]).toEqual([3]);
    mkdirSync(join(folder, 'd'));
    expect(() => writeWhole(join(folder, 'd'), Uint8Array.of(4))).toThrow(/cannot write/);
    expect(readdirSync(folder).sort()).toEqual(['d', 'm']);
  });
});

test.describe('progress', () => {
  const run = { steps: 100, vocabularySize: 64, unigramEntropy: 3.0644 };
  const at = (step: number, loss = Math.LN2 * 3) => ({ step, loss, gradientNorm: 0.51239, tokensPerSecond: 48210.4 });
  const screen = (isTTY: boolean, columns = 80) => {
    const written: string[] = [];
    return { written, isTTY, columns, write: (text: string) => written.push(text) };
  };

  test('no terminal: a line at once, every five seconds, and at the end', () => {
    let time = 1000;
    const { written, ...to } = screen(false);
    const progress = createProgress(to, { ...run, now: () => time });
    for (const [step, ms] of [[1, 2000], [2, 3000], [4, 6999], [5, 7000], [6, 8000], [100, 8500]] as const) {
      time = ms;
      progress.show(at(step));
    }
    expect(written).toEqual([
      'step 1/100: loss 2.079 nats, 3.000 bits (uniform 4.159, unigram 3.064), |gradient| 0.512, 48,210 tokens/s, 1:39 left\n',
      'step 5/100: loss 2.079 nats, 3.000 bits (uniform 4.159, unigram 3.064), |gradient| 0.512, 48,210 tokens/s, 1:54 left\n',
      'step 100/100: loss 2.079 nats, 3.000 bits (uniform 4.159, unigram 3.064), |gradient| 0.512, 48,210 tokens/s, took 0:08\n',
    ]);
  });

  test('a terminal: two lines, redrawn in place, never wider than it', () => {
    let time = 0;
    for (const columns of [80, 40, 200]) {
      const { written, ...to } = screen(true, columns);
      const progress = createProgress(to, { ...run, now: () => time });
      time += 10_000;
      progress.show(at(50));
      progress.show(at(100));
      expect(written[0]!.startsWith('\r\x1b[K')).toBe(true);
      expect(written[1]!.startsWith('\x1b[2A\r\x1b[K')).toBe(true);
      const lines = written.map((text) => text.replace(/\x1b\[\d*[A-Z]|\r/g, '').split('\n'));
      for (const [first, second, after] of lines as [string, string, string][]) {
        expect(after).toBe('');
        expect(Math.max([...first].length, [...second].length)).toBeLessThan(columns);
      }
      const [full, empty] = [lines[0]![0]!.split('█').length - 1, lines[0]![0]!.split('░').length - 1];
      expect(Math.abs(full - empty)).toBeLessThanOrEqual(1);
      expect(lines[1]![0]!).not.toContain('░');
      if (columns === 80) {
        expect(lines[0]![0]).toContain('  step 50/100  48,210 tokens/s  0:10 left');
        expect(lines[0]![1]).toBe('loss 2.079 nats, 3.000 bits (uniform 4.159, unigram 3.064)  |gradient| 0.512');
      }
    }
  });

  test('hours are told as hours', () => {
    let time = 0;
    const { written, ...to } = screen(false);
    const progress = createProgress(to, { ...run, now: () => time });
    time = 100_000;
    progress.show(at(1));
    expect(written[0]).toContain(', 2:45:00 left\n');
  });
});
