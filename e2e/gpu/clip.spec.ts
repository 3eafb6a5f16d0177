// Cells with clipped gates against the float64 reference: where a sum was clipped its gradient is 0, and nowhere else. The clips are such
// that an activation of a constant, which a compiler folds, has the bits of the driver's for some and not for others.
import { expect, pageOf, test } from '../harness.ts';
import type { Comparison, RecurrentCase } from './recurrent.page.ts';

const page = pageOf<typeof import('./recurrent.page.ts')>('/e2e/gpu/recurrent.page.ts');
const OUTPUT_BOUND = 1e-5;
const GRADIENT_BOUND = 1e-4;

const CLIPS = [0.2, 0.3, 0.4, 0.5, 1, 8];

/** Those whose reference takes a clip. */
const CLIPPED_CELLS = [
  'rnn_tanh', 'rnn_relu', 'ind_rnn', 'lstm', 'peephole_lstm', 'coupled_lstm', 'coupled_peephole_lstm', 'gru', 'gru_reset_before',
] as const;

const base = { inputSize: 5, hiddenSize: 7, numLayers: 1, timeSteps: 5, batchSize: 4 } as const;

/** Inputs that put about half of the sums past the clip: a third of some cells at some clips, two thirds of others. */
const scaleOf = (clip: number): number => Math.max(1, 4 * clip);

/** One cell at every clip. */
const clippedCell = (cell: (typeof CLIPPED_CELLS)[number]): RecurrentCase[] => CLIPS.map((clip) => ({ ...base, cell, clipGates: clip, inputScale: scaleOf(clip) }));

/** Other activations, an affine one among them that is 0 at a clipped sum; layers with normalization, projection, lengths, checkpoints. */
function clippedVariants(): RecurrentCase[] {
  const hard = { hardSigmoid: [0.2, 0.5] } as const;
  const atZero = { affine: [0.5, 0.15] } as const; // 0 at -0.3
  const both = { direction: 'bidirectional', numLayers: 2, lengths: [5, 1, 0, 3], inputScale: 2 } as const;
  return [
    { ...base, cell: 'lstm', clipGates: 0.3, inputScale: 2, activations: { gate: atZero, candidate: atZero } },
    { ...base, cell: 'lstm', clipGates: 0.4, inputScale: 2, activations: { gate: 'tanh', candidate: 'sigmoid' } },
    { ...base, cell: 'lstm', clipGates: 4, inputScale: 16, activations: { gate: hard, candidate: 'relu', output: 'relu' } },
    { ...base, cell: 'gru', clipGates: 0.3, inputScale: 2, activations: { gate: hard, candidate: atZero } },
    { ...base, cell: 'gru_reset_before', clipGates: 0.2, inputScale: 2, activations: { gate: 'relu', candidate: 'relu' } },
    { ...base, ...both, cell: 'lstm', clipGates: 0.3 },
    { ...base, ...both, cell: 'coupled_peephole_lstm', clipGates: 0.4, peepholeOutput: 'previous', merge: 'mean' },
    { ...base, ...both, cell: 'gru', clipGates: 0.2 },
    { ...base, ...both, cell: 'gru_reset_before', clipGates: 1 },
    { ...base, cell: 'lstm', clipGates: 0.3, layerNorm: true },
    { ...base, cell: 'peephole_lstm', clipGates: 0.4, layerNorm: true, projSize: 4 },
    { ...base, cell: 'coupled_lstm', clipGates: 0.2, layerNorm: true },
    { ...base, cell: 'gru', clipGates: 1, layerNorm: true },
    { ...base, cell: 'lstm', clipGates: 0.2, inputScale: 1, projSize: 3, checkpointEvery: 2 },
  ];
}

function expectAgreement(cases: readonly RecurrentCase[], results: readonly Comparison[]): void {
  expect(results).toHaveLength(cases.length);
  results.forEach(({ errors }, i) => {
    for (const [array, error] of Object.entries(errors)) {
      const bound = ['output', 'hn', 'cn'].includes(array) ? OUTPUT_BOUND : GRADIENT_BOUND;
      expect.soft(error, `relative L2 error of ${array}, ${JSON.stringify(cases[i])}`).toBeLessThanOrEqual(bound);
    }
  });
}

for (const cell of CLIPPED_CELLS) {
  test(`${cell} with clipped gates agrees with float64 at every clip`, async ({ inPage }) => {
    const cases = clippedCell(cell);
    expectAgreement(cases, await inPage(page, 'compareAll', cases));
  });
}

test('clipped gates of every activation, normalized, projected, in both directions', async ({ inPage }) => {
  const cases = clippedVariants();
  expectAgreement(cases, await inPage(page, 'compareAll', cases));
});
