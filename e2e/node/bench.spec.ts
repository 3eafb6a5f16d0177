// `npm run bench` without a browser: its options, its figures, its tables, its charts, and that wrong use ends with 2 and one line.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { budgetFor } from '../../bench/budget.ts';
import { lineChart } from '../../bench/chart.ts';
import { columns, markdownTable } from '../../bench/columns.ts';
import { configNamed, configs, ratioGates, usefulOperations } from '../../bench/configs.ts';
import { canDo, contendersOf, DEFAULT_PEERS, firstWork, PEERS } from '../../bench/contestants.ts';
import { Contest, type Oracle, type Result } from '../../bench/contest.ts';
import { Place } from '../../bench/hosts/host.ts';
import { literatureCells } from '../../bench/literature.ts';
import { parseOptions, UsageError, type Options } from '../../bench/options.ts';
import { fromKeras, kerasWeights, onnxGates, onnxLayer } from '../../bench/peers/layout.ts';
import { formatProfile, mergeProfiles } from '../../bench/profile.ts';
import { renderReport } from '../../bench/report.ts';
import { Results, type About, type ConfigSection, type Sections } from '../../bench/results.ts';
import { stepsFor, summarize } from '../../bench/statistics.ts';
import { formatRatio, formatTable, formatTime, notesOf, ownFigures, rowsOf, summarizeRows } from '../../bench/table.ts';
import { formatTuning } from '../../bench/tuning.ts';
import { createWorkload, maskOf, parameterShapes, usefulRows } from '../../bench/workload.ts';
import type { TunedOp } from '../../src/index.ts';
import { kernelTimes } from '../../src/gpu/profile.ts';

const options = (words: string, environment = {}): Options => parseOptions(words.split(' ').filter(Boolean), environment) as Options;

test.describe('options', () => {
  test('defaults, and every option once', () => {
    expect(options('')).toEqual({
      parts: ['table'], configs: ['S', 'M', 'D', 'B', 'long', 'stream', 'odd'], measures: ['train', 'forward', 'queued', 'readback', 'cold'],
      peers: DEFAULT_PEERS, adapter: 'swiftshader', tune: 'full', rounds: 3, steps: 0, budget: null, limit: 30 * 60_000, profile: [], tuning: [], json: null, resume: false, details: false, docs: false,
    });
    expect(options('--config S,long --only train,cold --peers jax-wasm,tfjs-cpu --adapter default --tune off --rounds 2 --steps 9 --budget 7 --minutes 3 --json o.json --resume --details --docs')).toEqual({
      parts: ['table'], configs: ['S', 'long'], measures: ['train', 'cold'], peers: ['jax-wasm', 'tfjs-cpu'], adapter: 'default', tune: 'off', rounds: 2, steps: 9,
      budget: 7000, limit: 180_000, profile: [], tuning: [], json: 'o.json', resume: true, details: true, docs: true,
    });
    expect(options('--peak --profile S,M --tuning long,literature --scaling --literature')).toMatchObject({
      parts: ['peak', 'profile', 'tuning', 'scaling', 'literature'], profile: ['S', 'M'], tuning: ['long', 'literature'], docs: true,
    });
    expect(parseOptions(['-h'])).toBe('help');
  });

  test('peers by adapter', () => {
    expect(options('--peers none').peers).toEqual([]);
    expect(options('--peers all').peers).toEqual(PEERS);
    expect(options('--adapter native').peers).toEqual(['torch-fp32', 'torch-fp16']);
    expect(options('', { UNFOLD_ADAPTER: 'default' }).adapter).toBe('default');
    expect(options('--adapter swiftshader', { UNFOLD_ADAPTER: 'default' }).adapter).toBe('swiftshader');
  });

  const wrong: [string, RegExp][] = [
    ['--konfig S', /^Unknown option '--konfig'; see npm run bench -- --help$/],
    ['--config S,Q', /^--config has "Q", which must be one of S, M, D/],
    ['--config round', /^--config has "round"/],
    ['--peers torch-fp32', /^--peers has "torch-fp32", which must be one of tfjs-wasm/],
    ['--adapter native --peers tfjs-wasm', /^--peers has "tfjs-wasm", which must be one of torch-fp32, torch-fp16$/],
    ['--profile B', /^--profile has "B"/],
    ['--tuning D', /^--tuning has "D", which must be one of S, M, long, literature$/],
    ['--tune cached', /^--tune has "cached", which must be one of full, off$/],
    ['--rounds 0', /^--rounds is "0"; it must be a whole number from 1/],
    ['--resume', /^--resume goes on with the results of a file, but --json FILE is missing/],
  ];
  for (const [words, message] of wrong) {
    test(`wrong: ${words}`, () => {
      const error = (() => { try { return options(words); } catch (thrown) { return thrown; } })();
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toMatch(message);
    });
  }

  test('from the command line: 2 and one line, or the help', () => {
    const run = (...words: string[]) => spawnSync(process.execPath, [path.resolve(import.meta.dirname, '../../bench/run.mjs'), ...words], { encoding: 'utf8', timeout: 60_000 });
    const bad = run('--only', 'nothing');
    expect([bad.status, bad.stdout, bad.stderr]).toEqual([2, '', 'bench: --only has "nothing", which must be one of train, forward, queued, readback, cold\n']);
    const help = run('--help');
    expect(help.status).toBe(0);
    for (const name of Object.keys(options(''))) if (!['parts', 'configs', 'measures', 'limit'].includes(name)) expect(help.stdout).toContain(`--${name}`);
  });
});

test('a summary is of the fastest round', () => {
  expect(summarize([])).toBeNull();
  expect(summarize([{ steps: 4, milliseconds: 40 }])).toEqual({ min: 10, median: 10, spread: null, rounds: 1, steps: '4' });
  expect(summarize([{ steps: 4, milliseconds: 60 }, { steps: 4, milliseconds: 40 }, { steps: 5, milliseconds: 60 }])).toEqual({ min: 10, median: 12, spread: 0.5, rounds: 3, steps: '4/5' });
  expect(summarize([{ steps: 1, milliseconds: 10 }, { steps: 1, milliseconds: 20 }])!.median).toBe(15);
  expect([stepsFor(100), stepsFor(300), stepsFor(5000), stepsFor(1e-9)]).toEqual([10, 4, 1, 4096]);
});

test('a budget is a share of the time that is left', () => {
  // M counts for three of the four shares; contenders may use twice an even part.
  expect(budgetFor('M', ['D'], 20, 400_000)).toBe(30_000);
  expect(budgetFor('D', ['M'], 20, 400_000)).toBe(10_000);
  expect(budgetFor('S', [], 1, 1e9)).toBe(45_000);
  expect(budgetFor('M', [], 1, 1e9)).toBe(135_000);
  expect(budgetFor('S', ['M'], 14, -1)).toBe(5000);
});

test('useful operations are counted by hand', () => {
  // Recurrent product [32·64 rows] x [512,128], head [64,128]; input rows are gathered.
  expect(usefulOperations(configs.S, 'forward', 2048)).toBe(2 * 2048 * (512 * 128 + 64 * 128));
  expect(usefulOperations(configs.M, 'train', 2048)).toBe(3 * 2 * 2048 * (1024 * 256 + 1024 * 512 + 96 * 256));
  expect(usefulOperations(configs.B, 'forward', 10)).toBe(2 * 10 * (2 * 512 * 128 + 64 * 256));
  expect(() => configNamed('toString')).toThrow(/there is no configuration 'toString'; choose from S, M/);
});

test('the workload of every configuration is whole and the same each time', () => {
  for (const config of [configs.B, configs.long, configs.odd]) {
    const { parameters, inputs, targets, lengths, stream } = createWorkload(config);
    expect(Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, values.length])))
      .toEqual(Object.fromEntries(Object.entries(parameterShapes(config)).map(([name, shape]) => [name, shape.reduce((a, b) => a * b)])));
    expect(createWorkload(config).parameters).toEqual(parameters);
    expect(inputs[config.batchSize]).toBe(stream[1]);
    expect(targets[0]).toBe(stream[1]);
    expect(lengths.length).toBe(config.batchSize);
    for (const length of lengths) expect(length >= 1 && length <= config.timeSteps).toBe(true);
  }
  const ragged = createWorkload(configs.B);
  expect(new Set(ragged.lengths).size).toBeGreaterThan(10);
  expect(maskOf(ragged).reduce((a, b) => a + b)).toBe(usefulRows(ragged));
  expect(usefulRows(createWorkload(configs.long))).toBe(8 * 256);
});

test('who can do what', () => {
  expect(contendersOf('tfjs-webgl', configs.S)).toEqual(['tfjs-webgl ops', 'tfjs-webgl layers']);
  expect(contendersOf('tfjs-webgl', configs.B)).toEqual(['tfjs-webgl ops']);
  expect(contendersOf('ort-wasm', configs.odd)).toEqual([]);
  expect([canDo('ort-wasm', 'train'), canDo('ort-wasm', 'forward'), canDo('jax-wasm', 'train')]).toEqual([false, true, true]);
  expect([firstWork('ort-webgpu'), firstWork('tfjs-wasm ops')]).toEqual(['forward', 'train']);
  for (const gates of Object.values(ratioGates)) for (const peer of Object.keys(gates)) expect(PEERS).toContain(peer);
});

/** Answers a contest's calls with losses: a right contender, until the last training step, whose loss is `after` while a forward pass has `forward`. */
class Answers extends Place {
  readonly #after: number;
  readonly #forward: number;
  #trained = 0;

  constructor(after: number, forward: number) {
    super();
    this.#after = after;
    this.#forward = forward;
  }

  protected async ask(method: string, args: readonly unknown[]): Promise<unknown> {
    if (method === 'prepare') return { biases: 'two', tuning: null };
    if (method === 'forward') return this.#timed(args[0] as number, this.#trained > 3 ? this.#forward : 4);
    if (method === 'train') {
      this.#trained += args[0] as number;
      return this.#timed(args[0] as number, this.#trained > 3 ? this.#after : 5 - this.#trained);
    }
    return null; // no gradients, no bytes
  }

  #timed(steps: number, loss: number) {
    return { steps, milliseconds: 1, losses: new Array<number>(steps).fill(loss) };
  }

  async close(): Promise<void> {}
}

async function contestOf(after: number, forward: number): Promise<Result> {
  const place = new Answers(after, forward);
  const host = { open: async () => place, openCold: async () => place, close: async () => {} };
  const contest = new Contest('unfold', configs.D, host, { measures: ['train', 'forward'], rounds: 1, steps: 1, tuned: false, budget: 1e6 });
  const oracle: Oracle = { losses: async () => ({ losses: { one: [], two: [4, 3, 2] }, sketches: {} }), stream: () => Promise.reject(new Error('no stream')) };
  await contest.check(oracle);
  await contest.time('train');
  await contest.verify();
  return contest.result();
}

test('a loss that training has made small is held to what rounding leaves of it', async () => {
  // 1 % apart, but by 1e-5 of losses that began at 4.
  expect(await contestOf(1e-3, 1.01e-3)).toMatchObject({ failure: null, wrong: false });
  expect(await contestOf(1e-3, 1.2e-3)).toMatchObject({ failure: 'the loss of a forward pass after timing is 0.0012, expected 0.001000', wrong: true });
  expect(await contestOf(3, 3.0002)).toMatchObject({ failure: null, wrong: false });
  expect(await contestOf(3, 3.0004)).toMatchObject({ wrong: true });
});

test('layouts of the peers', () => {
  expect(Array.from(onnxGates(Float32Array.of(1, 1, 2, 2, 3, 3, 4, 4)))).toEqual([1, 1, 4, 4, 2, 2, 3, 3]); // i f g o → i o f g
  const workload = createWorkload(configs.B);
  const weights = kerasWeights(workload);
  expect(weights.map(({ name }) => name)).toEqual(Object.keys(workload.parameters).filter((name) => !name.includes('bias_hh')));
  for (const weight of weights) expect(fromKeras(weight, weight.values)).toEqual(workload.parameters[weight.name]);
  const [first] = weights;
  expect(first!.shape).toEqual([64, 512]);
  expect(first!.values[3 * 512 + 7]).toBe(workload.parameters[first!.name]![7 * 64 + 3]);
  const { W, R, B } = onnxLayer(workload, 0);
  expect([W.length, R.length, B.length]).toEqual([2 * 512 * 64, 2 * 512 * 128, 2 * 1024]);
  expect(R[512 * 128]).toBe(workload.parameters['recurrent.weight_hh_l0_reverse']![0]);
});

const time = (min: number) => ({ min, median: min, spread: 0.1, rounds: 3, steps: '2' });
const result = (name: string, times: Result['times'], more: Partial<Result> = {}): Result =>
  ({ config: 'S', name, failure: null, wrong: false, notes: [], times, bytes: null, ...more });
const section: ConfigSection = {
  date: '2030-01-02 03:04', load: [0.5, 1.5], rows: { S: 2048 }, peers: ['tfjs-wasm', 'jax-wasm', 'tfjs-webgl', 'ort-wasm', 'tfjs-webgpu'],
  results: [
    result('unfold', { train: time(100), forward: time(40), cold: time(2000) }, { bytes: { bytes: 2 ** 20, what: 'memory plan' } }),
    result('tfjs-wasm ops', { train: time(510), forward: time(130) }),
    result('tfjs-wasm layers', { train: time(600), forward: time(20) }, { notes: ['a note'] }),
    result('jax-wasm', { train: time(150) }),
    result('tfjs-webgl ops', {}, { failure: 'no backend' }),
    result('ort-wasm', { forward: time(10) }),
    result('tfjs-webgpu ops', {}, { failure: 'the loss is 0', wrong: true }),
  ],
};

test('the table has wins, losses, gates and what is missing', () => {
  const rows = rowsOf('S', section, true);
  expect(rows.map(({ measure, cells }) => [measure, ...cells.map(formatRatio)])).toEqual([
    ['train', '5.10 (5 pass)', '1.50 (1.7 below)', 'failed', '–', 'wrong'],
    ['forward', '0.50 loss (2 below)', '–', 'failed', '0.25 loss', 'wrong'],
    ['cold', '–', '–', 'failed', '–', 'wrong'],
  ]);
  expect(rows[1]!.cells[0]!.best!.name).toBe('tfjs-wasm layers');
  expect(rowsOf('S', section, false)[0]!.cells[0]!.gate).toBeNull();
  expect(summarizeRows(rows)).toEqual([
    'faster in 2 of 4 comparisons; slower: S forward tfjs-wasm 0.50, S forward ort-wasm 0.25',
    '1 of 3 gates met; below: S train jax-wasm 1.50, S forward tfjs-wasm 0.50',
  ]);
  expect(formatTable(rows).split('\n')[1]).toMatch(/^S train {2,}100\.0 ms {2,}±10% {2,}5\.10 \(5 pass\)/);
  expect(notesOf({ S: section })).toEqual(['S, tfjs-wasm layers: a note', 'S, tfjs-webgl ops: failed: no backend', 'S, tfjs-webgpu ops: WRONG, not timed: the loss is 0']);
  expect([formatTime('queued', 0.8274), formatTime('train', 9.876), formatTime('train', 1234.5)]).toEqual(['827 µs', '9.88 ms', '1235 ms']);
});

test('figures of the engine alone', () => {
  const peak = { date: '', load: [0, 0] as const, multiplyAdd: 40, chains: 10, products: [{ form: 'nn' as const, M: 2048, N: 512, K: 128, gflops: 12 }] };
  const lines = ownFigures({ configs: { S: section }, profiles: {}, peak }, true);
  expect(lines[0]).toBe('time to the first step of S, from opening the device: 2.00 s (at most 3 s pass)');
  // 0.906 GFLOP in 100 ms.
  expect(lines[2]).toBe('S training: 9.06 GFLOP/s, 22.6% of the peak (20% pass), 75% of the product (80% below)');
  const odd: ConfigSection = {
    ...section, rows: { odd: 7 * 33, round: 8 * 32 },
    results: [result('unfold', { train: time(20) }, { config: 'odd' }), result('unfold', { train: time(10) }, { config: 'round' })],
  };
  const ratio = (20 / usefulOperations(configs.odd, 'train', 231)) / (10 / usefulOperations(configs.round, 'train', 256));
  expect(ownFigures({ configs: { odd }, profiles: {} }, true)).toEqual([`odd over round sizes, train, by useful operation: ${ratio.toFixed(2)} (at most 1.25 below)`]);
});

test.describe('kernel times', () => {
  test('by label, with the tick that all stamps share', () => {
    const runs = [{ label: 'a', dispatches: 64 }, { label: 'b', dispatches: 1 }, { label: 'a', dispatches: 2 }];
    // A clock of 100 µs: the 30 µs of b show as 0 or 100.
    const stamps = [0n, 400_000n, 400_000n, 400_000n, 500_000n, 700_000n];
    const [a, b] = kernelTimes(runs, stamps);
    expect(a).toMatchObject({ label: 'a', dispatches: 66, milliseconds: 0.6, resolution: 0.1 });
    expect(a!.uncertainty).toBeCloseTo(0.1 * Math.sqrt(2 / 6), 12);
    expect(b).toMatchObject({ label: 'b', dispatches: 1, milliseconds: 0 });
    expect(kernelTimes(runs, [5n, 7n, 8n, 11n, 12n, 14n])[0]!.resolution).toBe(1e-6);
  });

  test('the time that two passes share counts once, for the one that ended first', () => {
    const runs = ['a', 'b', 'c', 'd'].map((label) => ({ label, dispatches: 1 }));
    // b begins before a has ended, and c lies within b; d begins in the very tick in which b ends.
    const stamps = [0n, 100n, 40n, 250n, 60n, 200n, 250n, 300n];
    const times = Object.fromEntries(kernelTimes(runs, stamps).map(({ label, milliseconds }) => [label, milliseconds * 1e6]));
    expect(times).toEqual({ a: 100, b: 150, c: 0, d: 50 });
  });

  test('a profile says where its kernels and the step disagree', () => {
    const kernel = { label: 'kernel', dispatches: 1, milliseconds: 10, uncertainty: 0, resolution: 0.001 };
    const lines = (step: number): string => formatProfile('S', { kernels: [kernel], replays: 1, step });
    expect(lines(10.9)).not.toContain('!');
    expect(lines(9.2)).not.toContain('!');
    expect(lines(20)).toContain('! the kernels take 50 % less than the step: the rest is between them, or the GPU waits for the host');
    expect(lines(5)).toContain('! the kernels take 100 % more than the step: in passes of their own they do not run as they are trained; trust the shares, not the milliseconds');
  });

  test('rounded stamps are right on average, and the uncertainty says how far off they are', () => {
    const tick = 65_536, duration = 30_000, dispatches = 40, replays = 64;
    let now = 0;
    const random = (() => { let state = 1; return () => (state = (state * 48271) % 2147483647) / 2147483647; })();
    const rounded = (): bigint => BigInt(Math.floor(now / tick) * tick);
    const profiles = Array.from({ length: replays }, () => {
      const stamps: bigint[] = [];
      for (let k = 0; k < dispatches; k++) {
        now += 200_000 * random();
        stamps.push(rounded());
        now += duration;
        stamps.push(rounded());
      }
      return kernelTimes(Array.from({ length: dispatches }, () => ({ label: 'kernel', dispatches: 1 })), stamps);
    });
    const [kernel] = mergeProfiles(profiles);
    const truth = (dispatches * duration) / 1e6;
    expect(kernel!.dispatches).toBe(dispatches);
    expect(kernel!.resolution).toBe(tick / 1e6);
    expect(kernel!.uncertainty).toBeLessThan(0.03 * truth);
    expect(Math.abs(kernel!.milliseconds - truth)).toBeLessThan(3 * kernel!.uncertainty);
    expect(formatProfile('S', { kernels: [kernel!], replays, step: 2 })).toContain('the clock\'s tick is 65.5 µs');
  });
});

test('the native benchmark and its page import nothing but Node and their own files', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const statement = /^[ \t]*(?:import|export)\s+(?!type\s)(?:[^'"`;()]*?\bfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  for (const entry of ['bench/standalone.ts', 'bench/native_page.ts']) {
    const files = [path.join(root, entry)];
    const packages = new Set<string>();
    for (const file of files) { // grows as imports are found
      if (file.endsWith('.wgsl')) continue;
      for (const [, fixed, dynamic] of readFileSync(file, 'utf8').matchAll(statement)) {
        const specifier = (fixed ?? dynamic)!;
        const target = path.resolve(path.dirname(file), specifier);
        if (!specifier.startsWith('.')) packages.add(specifier);
        else if (!files.includes(target)) files.push(target);
      }
    }
    expect(files.length).toBeGreaterThan(15);
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([]);
    expect(files.map((file) => path.relative(root, file)).filter((file) => /^bench\/(peers|hosts\/browser|build|kept_truth)/.test(file))).toEqual([]);
  }
});

test('columns align, markdown tables too', () => {
  expect(columns([['a', 'bb'], ['ccc', '1']], 'lr')).toBe('a    bb\nccc   1');
  expect(markdownTable([['a', 'b'], ['x', '1']], 'lr')).toBe('| a | b |\n| --- | ---: |\n| x | 1 |');
});

test('a chart: a power of the size is a straight line between its ticks', () => {
  const svg = lineChart({ title: 'a < b', x: 'T', y: 'ms', series: [{ name: 'one', points: [10, 20, 40].map((x) => ({ x, y: x * x })) }] });
  expect(svg).toMatch(/^<svg xmlns=.*<\/svg>\n$/s);
  expect(svg).toContain('a &lt; b');
  const [first, second, third] = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  expect(second![0] - first![0]).toBeCloseTo(third![0] - second![0], 0);
  expect(second![1] - first![1]).toBeCloseTo(third![1] - second![1], 0);
  expect(third![1]).toBeLessThan(first![1]);
  for (const [x, y] of [first!, third!]) expect(x >= 58 && x <= 466 && y >= 34 && y <= 256).toBe(true);
  expect(svg).not.toContain('NaN');
});

const about: About = { adapter: 'an adapter', kind: 'its kind', software: true, runtime: 'a browser', cpu: '2 x cpu', tune: 'full' };

test('the report has every section that was measured, and no other', () => {
  const summary = time(5);
  const base = { T: 64, H: 128, N: 16, L: 1 };
  const sections: Sections = {
    configs: { S: section },
    profiles: { S: { date: 'then', load: [0, 0], replays: 4, step: 9, kernels: [{ label: 'lstm.forward', dispatches: 64, milliseconds: 6, uncertainty: 0.1, resolution: 0.001 }] } },
    scaling: {
      date: 'then', load: [0, 0], points: [{ ...base, swept: 'T', train: summary }, { ...base, T: 128, swept: 'T', train: time(10) }],
      memory: [{ ...base, bytes: 2 ** 20, checkpointed: { every: 8, bytes: 2 ** 19 } }, { ...base, T: 128, bytes: 2 ** 21, checkpointed: { every: 8, bytes: 2 ** 19 } }],
    },
  };
  const files = renderReport(about, sections);
  expect(Object.keys(files).sort()).toEqual(['performance.md', 'scaling_T.svg', 'scaling_memory.svg']);
  const text = files['performance.md']!;
  for (const part of ['an adapter, a software adapter', '| S train | 100.0 ms | ±10% | 5.10 (5 pass) |', '`lstm.forward`', '](scaling_T.svg)', '| 128 | 2.0 MiB | 8 | 0.5 MiB |', '| S | unfold | 1.0 MiB |']) {
    expect(text).toContain(part);
  }
  expect(renderReport(about, { configs: {}, profiles: {} })['performance.md']).not.toContain('##');
});

test('figures of papers stand beside the whole window alone', () => {
  const ours = (steps: number, tuning: number | null = 12.34) => ({ steps, tuning, forward: time(3), both: time(9), bytes: 1 });
  const torch = { about: 'PyTorch', steps: 1024, precisions: { 'torch-fp32': { forward: 4, both: 12 } } };
  const cells = literatureCells({ date: '', load: [0, 0], ours: ours(1024), torch });
  expect(cells.map(([name]) => name)).toEqual(['engine', 'unfold fp32, tuned in 12.3 s', 'torch-fp32', 'cuDNN fp16 (literature, H100)', 'FlashRNN fused (literature, H100)',
    'FlashRNN alternating (literature, H100)', 'Haste fp32 (literature, H100)']);
  expect(cells[2]).toEqual(['torch-fp32', '1024', '4.00', '12.00']);
  const short = literatureCells({ date: '', load: [0, 0], ours: ours(16, null), torch: null });
  expect(short.slice(1)).toEqual([['unfold fp32, fixed tiles', '16', '3.00', '9.00']]);
});

test('what tuning found: every candidate, why one was refused, and what it brings', () => {
  const [small, large] = [{ rowQuads: 1, specializeAbove: 9 }, { rowQuads: 2, specializeAbove: 9 }] as unknown as TunedOp['best'][];
  const candidate = { choice: small!, milliseconds: 2.5, compileMilliseconds: 30, refused: null };
  const text = formatTuning('S', {
    first: 4.25, second: 0.002, measuredAgain: 0, steps: { fixed: time(12), tuned: time(8) },
    ops: [{ key: 'matmul nn', best: large!, times: [candidate, { ...candidate, choice: large!, milliseconds: 1.25 }, { ...candidate, milliseconds: Infinity, refused: 'it did not compile' }] }],
  });
  expect(text.split('\n')).toEqual([
    'S: 1 ops tuned in 4.3 s; again, 0 ops in 0.002 s',
    '  matmul nn: rowQuads 2',
    '        2.500 ms, compiled and run in    30 ms  rowQuads 1',
    '        1.250 ms, compiled and run in    30 ms  rowQuads 2',
    '    refused  rowQuads 1: it did not compile',
    '  a training step: fixed 12.00 ms, tuned 8.00 ms: 1.50 times as fast',
  ]);
});

test('results can be gone on with, on the same machine alone', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'unfold-bench-'));
  try {
    const file = path.join(folder, 'results.json');
    const first = Results.open(about, file, true);
    first.sections.configs.S = section;
    first.save();
    expect(Results.open(about, file, true).sections).toEqual(first.sections);
    expect(Results.open({ ...about, adapter: 'an adapter, told more of' }, file, true).sections.configs.S).toEqual(section);
    expect(Results.open(about, file, false).sections.configs).toEqual({});
    expect(() => Results.open({ ...about, kind: 'another' }, file, true)).toThrow(/was measured with the adapter its kind, here it is another; give --json another file/);
    expect(() => Results.open({ ...about, tune: 'off' }, file, true)).toThrow(/was measured with the option --tune full, here it is off/);
    writeFileSync(file, '{}');
    expect(() => Results.open(about, file, true)).toThrow(/is no file of this benchmark's results/);
    expect(readFileSync(file, 'utf8')).toBe('{}');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
