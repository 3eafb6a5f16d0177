// Outputs and gradients of every cell against the float64 reference, over layers, directions, lengths and odd sizes, and
// against PyTorch. Every network's errors go into the table that e2e/gradient_table.ts prints at the end of the run.
import { readFileSync } from 'node:fs';
import { cells } from '../../src/reference/cells.ts';
import { chosenCombinations, everyCombination } from '../combinations.ts';
import { noteErrors } from '../gradient_table.ts';
import { expect, pageOf, test } from '../harness.ts';
import type { Comparison, RecurrentCase } from './recurrent.page.ts';

const page = pageOf<typeof import('./recurrent.page.ts')>('/e2e/gpu/recurrent.page.ts');
const OUTPUT_BOUND = 1e-5;
const GRADIENT_BOUND = 1e-4;

// The engine's registry has the same names (e2e/node/registry.spec.ts); the reference's loads without a build.
const CELLS = Object.keys(cells) as (keyof typeof cells)[];

const boundOf = (array: string): number => (['output', 'hn', 'cn'].includes(array) ? OUTPUT_BOUND : GRADIENT_BOUND);

function describe(given: RecurrentCase): string {
  const { cell, numLayers, inputSize: I, hiddenSize: H, batchSize: N, timeSteps: T, ...options } = given;
  return `${cell} L=${numLayers} I=${I} H=${H} N=${N} T=${T} ${JSON.stringify(options)}`;
}

/** `all`: of how many networks the cases were chosen. */
function check(cases: readonly RecurrentCase[], results: readonly Comparison[], all = cases.length): void {
  expect(results).toHaveLength(cases.length);
  results.forEach(({ errors, padding }, i) => {
    const what = describe(cases[i]!);
    expect.soft(padding, `values past a row's length, ${what}`).toBe(0);
    for (const [array, error] of Object.entries(errors)) expect.soft(error, `relative L2 error of ${array}, ${what}`).toBeLessThanOrEqual(boundOf(array));
  });
  noteErrors(test.info(), cases.map((given, i) => {
    const { cell, layerNorm, projSize, direction = 'forward', lengths, numLayers } = given;
    const worst = (bound: number): number => Math.max(...Object.entries(results[i]!.errors).flatMap(([array, error]) => (boundOf(array) === bound ? [error] : [])));
    const name = `${cell}${layerNorm ? ', layer norm' : ''}${projSize ? ', projected' : ''}`;
    return { cell: name, configuration: `${direction}${lengths ? ', lengths' : ''}`, numLayers, output: worst(OUTPUT_BOUND), gradient: worst(GRADIENT_BOUND) };
  }), all);
}

const NETWORKS = {
  direction: ['forward', 'reverse', 'bidirectional'],
  numLayers: [1, 2, 3],
  ragged: [false, true],
  /** H, I, N and T, none of them a multiple of anything. */
  sizes: [[1, 3, 2, 4], [3, 1, 3, 5], [7, 5, 4, 6], [33, 7, 3, 4], [130, 33, 2, 3]],
} as const;

for (const cell of CELLS) {
  test(`${cell} agrees with float64 forward and in BPTT: direction × layers × lengths × odd sizes`, async ({ inPage }) => {
    const cases = chosenCombinations(NETWORKS).map(({ direction, numLayers, ragged, sizes: [hiddenSize, inputSize, batchSize, timeSteps] }): RecurrentCase => (
      {
        cell, direction, numLayers, hiddenSize, inputSize, batchSize, timeSteps,
        ...(ragged && { lengths: [timeSteps - 1, 1, 0, timeSteps].slice(-batchSize) }),
      }));
    check(cases, await inPage(page, 'compareAll', cases), everyCombination(NETWORKS).length);
  });

  test(`${cell} agrees with float64 over one step, over a hundred, merged, batch first, without bias`, async ({ inPage }) => {
    const base = { cell, inputSize: 5, hiddenSize: 7, numLayers: 1, timeSteps: 4, batchSize: 3 };
    const cases: RecurrentCase[] = [
      { ...base, timeSteps: 1, batchSize: 1, inputSize: 1, hiddenSize: 1 },
      { ...base, direction: 'reverse', lengths: [1, 4, 2], bias: false, merge: 'mean' },
      { ...base, direction: 'bidirectional', numLayers: 3, batchSize: 9, timeSteps: 6, lengths: [6, 1, 3, 0, 5, 6, 2, 4, 6], merge: 'sum' },
      { ...base, direction: 'bidirectional', numLayers: 2, hiddenSize: 33, inputSize: 3, merge: 'mean', batchFirst: true },
      { ...base, numLayers: 2, batchFirst: true, lengths: [3, 4, 1], direction: 'bidirectional' },
      { ...base, numLayers: 2, hiddenSize: 130, inputSize: 33, batchSize: 7, timeSteps: 5, merge: 'mean' },
      { ...base, numLayers: 3, batchSize: 2, timeSteps: 100, hiddenSize: 16 },
    ];
    check(cases, await inPage(page, 'compareAll', cases));
  });
}

test('wide and long LSTMs agree with float64', async ({ inPage }) => {
  const base = { cell: 'lstm', inputSize: 5, hiddenSize: 7, numLayers: 1, timeSteps: 4, batchSize: 3 } as const;
  const cases: RecurrentCase[] = [
    { ...base, numLayers: 1, hiddenSize: 130, inputSize: 33, batchSize: 7, timeSteps: 33 },
    { ...base, numLayers: 2, hiddenSize: 32, inputSize: 64, batchSize: 33, timeSteps: 10 },
    { ...base, numLayers: 3, batchSize: 2, timeSteps: 100 },
  ];
  check(cases, await inPage(page, 'compareAll', cases));
});

// Seed 5, which the other cases have, gives the layer-normalized coupled_lstm a network that no float32 arithmetic computes to 1e-4:
// inputs and weights moved by half a unit in the last place move its gradients by 8e-5, and the float64 reference with its stored
// values rounded to float32 is 1.7e-4 off in norm_ih_l0, where the engine is 1.02e-4 off. With this seed the two are 6e-6 and 1.6e-6.
// The coupled_peephole_lstm of seed 5 is of the same kind: biases moved by 2^-25 move its gradients by 4.2e-6, eight times as much as with
// this seed, and the engine is 6.4e-5 off on SwiftShader and 1.1e-4 on llvmpipe, which rounds elsewhere; with this seed 9e-6 and 7e-6.
const WELL_CONDITIONED = 6;

const SUMMED = { direction: 'bidirectional', numLayers: 3, batchSize: 9, timeSteps: 6, lengths: [6, 1, 3, 0, 5, 6, 2, 4, 6], merge: 'sum' } as const;
const NORMALIZED = ['lstm', 'peephole_lstm', 'coupled_lstm', 'coupled_peephole_lstm', 'gru'] as const;

for (const cell of NORMALIZED) {
  test(`layer-normalized ${cell} agrees with float64 forward and in BPTT, over layers, directions, lengths, odd sizes`, async ({ inPage }) => {
    const base = { cell, layerNorm: true, inputSize: 5, hiddenSize: 7, numLayers: 1, timeSteps: 4, batchSize: 3 };
    // With one input feature, or with two values normalized together, next to nothing of the gradient is left to compare.
    const cases: RecurrentCase[] = [
      base,
      { ...base, timeSteps: 1, batchSize: 1, inputSize: 2, hiddenSize: 3 },
      { ...base, direction: 'reverse', lengths: [1, 4, 2], bias: false },
      { ...base, ...SUMMED, ...(cell.startsWith('coupled_') && { seed: WELL_CONDITIONED }) },
      { ...base, direction: 'bidirectional', numLayers: 2, hiddenSize: 33, inputSize: 3, batchFirst: true, lengths: [3, 4, 1], merge: 'mean' },
      { ...base, numLayers: 2, hiddenSize: 130, inputSize: 33, batchSize: 7, timeSteps: 5 },
    ];
    check(cases, await inPage(page, 'compareAll', cases));
  });
}

for (const cell of NORMALIZED.slice(0, 4)) {
  test(`projected ${cell} agrees with float64 forward and in BPTT, over layers, directions, lengths, odd sizes`, async ({ inPage }) => {
    const base = { cell, inputSize: 5, hiddenSize: 7, projSize: 3, numLayers: 1, timeSteps: 4, batchSize: 3 };
    const cases: RecurrentCase[] = [
      base,
      { ...base, timeSteps: 1, batchSize: 1, inputSize: 1, hiddenSize: 2, projSize: 1 },
      { ...base, direction: 'reverse', lengths: [1, 4, 2], bias: false },
      { ...base, direction: 'bidirectional', numLayers: 3, batchSize: 9, timeSteps: 6, lengths: [6, 1, 3, 0, 5, 6, 2, 4, 6], merge: 'sum', projSize: 5 },
      { ...base, direction: 'bidirectional', numLayers: 2, hiddenSize: 33, projSize: 13, inputSize: 3, merge: 'mean', batchFirst: true },
      { ...base, numLayers: 2, hiddenSize: 130, projSize: 33, inputSize: 33, batchSize: 7, timeSteps: 5 },
      { ...base, numLayers: 2, direction: 'bidirectional', layerNorm: true, lengths: [4, 2, 0] },
    ];
    check(cases, await inPage(page, 'compareAll', cases));
  });
}

test('gate activations, clip, and peepholes on the previous cell state', async ({ inPage }) => {
  const base = { inputSize: 5, hiddenSize: 6, numLayers: 2, timeSteps: 5, batchSize: 4, direction: 'bidirectional' } as const;
  const hard = { hardSigmoid: [0.2, 0.5] } as const;
  const cases: RecurrentCase[] = [
    { ...base, cell: 'lstm', clipGates: 0.3 },
    { ...base, cell: 'peephole_lstm', clipGates: 0.4, peepholeOutput: 'previous' },
    { ...base, cell: 'coupled_peephole_lstm', peepholeOutput: 'previous' },
    { ...base, cell: 'gru', clipGates: 0.3 },
    { ...base, cell: 'gru', resetAfter: false, clipGates: 0.3 },
    { ...base, cell: 'gru', layerNorm: true, clipGates: 0.8, activations: { gate: hard } },
    { ...base, cell: 'peephole_lstm', layerNorm: true, projSize: 4, clipGates: 0.8, peepholeOutput: 'previous', activations: { output: 'sigmoid' } },
    { ...base, cell: 'lstm', activations: { gate: hard, candidate: 'relu', output: { affine: [0.7, 0.1] } } },
    { ...base, cell: 'coupled_lstm', activations: { gate: 'tanh', candidate: 'sigmoid', output: 'relu' } },
    { ...base, cell: 'gru', activations: { gate: hard, candidate: 'sigmoid' } },
    { ...base, cell: 'gru_reset_before', activations: { gate: { affine: [0.3, 0.4] }, candidate: 'relu' } },
  ];
  check(cases, await inPage(page, 'compareAll', cases));
});

for (const file of [...CELLS, 'lstm_projected', 'recurrent_options']) {
  test(`${file}: the golden cases agree with PyTorch`, async ({ inPage }) => {
    const stored = JSON.parse(readFileSync(new URL(`../golden/${file}.json`, import.meta.url), 'utf8')) as { cases: unknown[] };
    const errors = await inPage(page, 'golden', stored);
    expect(Object.keys(errors)).toHaveLength(stored.cases.length);
    for (const [name, byArray] of Object.entries(errors)) {
      expect(Object.keys(byArray).length, `arrays compared of ${name}`).toBeGreaterThanOrEqual(name.endsWith('at evaluation') ? 3 : 6);
      for (const [array, error] of Object.entries(byArray)) expect.soft(error, `${name}: relative L2 error of ${array}`).toBeLessThanOrEqual(boundOf(array));
    }
  });
}
