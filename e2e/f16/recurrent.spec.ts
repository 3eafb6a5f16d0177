// Outputs and gradients of every cell, its weights and activations stored in f16, against the float64 reference: the same cases and the
// same page as e2e/gpu/recurrent.spec.ts, with the bound of f16.
import { readFileSync } from 'node:fs';
import { cells } from '../../src/reference/cells.ts';
import { chosenCombinations } from '../combinations.ts';
import type { Comparison, RecurrentCase } from '../gpu/recurrent.page.ts';
import { expect, pageOf, test } from './harness.ts';

const page = pageOf<typeof import('../gpu/recurrent.page.ts')>('/e2e/gpu/recurrent.page.ts');
const tilesPage = pageOf<typeof import('../gpu/tiles.page.ts')>('/e2e/gpu/tiles.page.ts');
const BOUND = 2e-2;
const CELLS = Object.keys(cells) as (keyof typeof cells)[];

const NETWORKS = {
  direction: ['forward', 'reverse', 'bidirectional'],
  numLayers: [1, 2],
  ragged: [false, true],
  /** H, I, N and T, none of them a multiple of anything: rows begin at odd elements. */
  sizes: [[1, 3, 2, 4], [3, 1, 3, 5], [7, 5, 4, 6], [33, 7, 3, 4], [130, 33, 2, 3]],
} as const;

function check(cases: readonly RecurrentCase[], results: readonly Comparison[]): void {
  expect(results).toHaveLength(cases.length);
  results.forEach(({ errors, padding }, i) => {
    const what = JSON.stringify(cases[i]!);
    expect.soft(padding, `values past a row's length, ${what}`).toBe(0);
    for (const [array, error] of Object.entries(errors)) expect.soft(error, `relative L2 error of ${array}, ${what}`).toBeLessThanOrEqual(BOUND);
  });
  const worst = Math.max(...results.flatMap(({ errors }) => Object.values(errors)));
  test.info().annotations.push({ type: 'worst relative L2 error', description: worst.toExponential(1) });
  // Were it f32, it would be far below.
  expect(worst).toBeGreaterThan(1e-5);
}

/** Cells of ReLUs. Where one is as close to its kink as f16 rounds, its derivative is 1 or 0 by chance, and no bound on gradients holds. */
const KINKED: readonly string[] = ['rnn_relu', 'ind_rnn'];
/** A unit in the last place of f16 from 1 to 2. */
const ROUNDING = 2 ** -10;

for (const cell of CELLS) {
  test(`${cell} in f16 agrees with float64: direction × layers × lengths × odd sizes`, async ({ inPage }) => {
    const cases = chosenCombinations(NETWORKS).map(({ direction, numLayers, ragged, sizes: [hiddenSize, inputSize, batchSize, timeSteps] }): RecurrentCase => (
      {
        cell, precision: 'f16', direction, numLayers, hiddenSize, inputSize, batchSize, timeSteps,
        ...(ragged && { lengths: [timeSteps - 1, 1, 0, timeSteps].slice(-batchSize) }),
      }));
    const results = await inPage(page, 'compareAll', cases.map((given) => ({ ...given, ...(KINKED.includes(cell) && { perturb: ROUNDING }) })));
    // A float64 network that its biases' rounding alone moves so far is none to compare with.
    const sound = results.map(({ sensitivity }) => sensitivity <= BOUND);
    expect(sound.filter(Boolean).length).toBeGreaterThanOrEqual(cases.length / 3);
    check(cases.filter((_, i) => sound[i]), results.filter((_, i) => sound[i]));
    test.info().annotations.push({ type: 'too close to a kink', description: String(sound.filter((is) => !is).length) });
    for (const { errors } of results) for (const array of ['output', 'hn']) expect.soft(errors[array], array).toBeLessThanOrEqual(BOUND);
  });
}

for (const cell of ['lstm', 'peephole_lstm', 'coupled_lstm', 'coupled_peephole_lstm', 'gru'] as const) {
  test(`layer-normalized ${cell} in f16 agrees with float64`, async ({ inPage }) => {
    const base = { cell, precision: 'f16', layerNorm: true, inputSize: 5, hiddenSize: 7, numLayers: 1, timeSteps: 4, batchSize: 3 } as const;
    const cases: RecurrentCase[] = [
      base,
      { ...base, direction: 'reverse', lengths: [1, 4, 2], bias: false },
      { ...base, direction: 'bidirectional', numLayers: 2, hiddenSize: 33, inputSize: 3, batchFirst: true, lengths: [3, 4, 1], merge: 'mean' },
      { ...base, numLayers: 2, hiddenSize: 130, inputSize: 33, batchSize: 7, timeSteps: 5 },
    ];
    check(cases, await inPage(page, 'compareAll', cases));
  });
}

test('projected LSTMs in f16 agree with float64', async ({ inPage }) => {
  const base = { precision: 'f16', inputSize: 5, hiddenSize: 7, projSize: 3, numLayers: 1, timeSteps: 4, batchSize: 3 } as const;
  const cases: RecurrentCase[] = [
    { ...base, cell: 'lstm' },
    { ...base, cell: 'peephole_lstm', direction: 'reverse', lengths: [1, 4, 2], bias: false },
    { ...base, cell: 'coupled_lstm', direction: 'bidirectional', numLayers: 3, batchSize: 9, timeSteps: 6, lengths: [6, 1, 3, 0, 5, 6, 2, 4, 6], merge: 'sum', projSize: 5 },
    { ...base, cell: 'lstm', numLayers: 2, hiddenSize: 130, projSize: 33, inputSize: 33, batchSize: 7, timeSteps: 5 },
  ];
  check(cases, await inPage(page, 'compareAll', cases));
});

test('merged directions, batch first, no bias, a hundred steps', async ({ inPage }) => {
  const base = { cell: 'lstm', precision: 'f16', inputSize: 5, hiddenSize: 7, numLayers: 1, timeSteps: 4, batchSize: 3 } as const;
  const cases: RecurrentCase[] = [
    { ...base, direction: 'reverse', lengths: [1, 4, 2], bias: false, merge: 'mean' },
    { ...base, direction: 'bidirectional', numLayers: 3, batchSize: 9, timeSteps: 6, lengths: [6, 1, 3, 0, 5, 6, 2, 4, 6], merge: 'sum' },
    { ...base, numLayers: 2, batchFirst: true, lengths: [3, 4, 1], direction: 'bidirectional' },
    { ...base, numLayers: 3, batchSize: 2, timeSteps: 100, hiddenSize: 16 },
    { ...base, cell: 'gru', numLayers: 2, batchSize: 33, timeSteps: 100, hiddenSize: 32 },
  ];
  check(cases, await inPage(page, 'compareAll', cases));
});

test('activations, dropout, recurrent dropout and zoneout agree in f16 with PyTorch', async ({ inPage }) => {
  const file: unknown = JSON.parse(readFileSync(new URL('../golden/recurrent_options.json', import.meta.url), 'utf8'));
  const errors = await inPage(page, 'goldenIn', { file, precision: 'f16' });
  expect(Object.keys(errors).length).toBeGreaterThan(5);
  for (const [name, arrays] of Object.entries(errors)) {
    for (const [array, error] of Object.entries(arrays)) expect.soft(error, `${array}, ${name}`).toBeLessThanOrEqual(BOUND);
  }
});

for (const cell of ['lstm', 'gru'] as const) {
  test(`${cell} in f16 gives the same step by step and in one dispatch, with and without sizes folded in, on wide tiles`, { tag: '@long-compilation' }, async ({ inPage }) => {
    const shapes = [{ timeSteps: 4, batchSize: 9, hiddenSize: 12, numLayers: 2 }, { timeSteps: 6, batchSize: 5, hiddenSize: 33, numLayers: 1, lengths: [6, 1, 0, 3, 6] }];
    const { errors } = await inPage(tilesPage, 'families', { cell, precision: 'f16', shapes });
    expect(Object.keys(errors)).toHaveLength(8);
    for (const [family, arrays] of Object.entries(errors)) {
      for (const [array, error] of Object.entries(arrays)) expect.soft(error, `${array}, ${family}`).toBeLessThanOrEqual(BOUND);
    }
  });
}
