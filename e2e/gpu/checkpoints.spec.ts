// Plans that keep every k-th state and compute the rest again: the same bits for less memory.
import { cells } from '../../src/reference/cells.ts';
import { expect, pageOf, test } from '../harness.ts';
import type { CheckpointCase } from './checkpoints.page.ts';

const page = pageOf<typeof import('./checkpoints.page.ts')>('/e2e/gpu/checkpoints.page.ts');

for (const cell of Object.keys(cells) as (keyof typeof cells)[]) {
  test(`${cell}: gradients with checkpointEvery are those of the whole window to the bit`, async ({ inPage }) => {
    const base = { cell, inputSize: 3, hiddenSize: 7, timeSteps: 7, batchSize: 3 };
    const cases: CheckpointCase[] = [
      { ...base, every: [1, 3, 7, 20] },
      { ...base, numLayers: 2, lengths: [7, 2, 4], every: [2, 3] },
    ];
    const { differing, compared } = await inPage(page, 'differences', cases);
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(4000);
  });
}

test('layer-normalized and projected cells: the same bits too', async ({ inPage }) => {
  const base = { inputSize: 3, hiddenSize: 7, numLayers: 2, timeSteps: 7, batchSize: 3 };
  const cases: CheckpointCase[] = [
    { ...base, cell: 'gru', layerNorm: true, lengths: [7, 2, 4], every: [2, 3] },
    { ...base, cell: 'lstm', projSize: 4, every: [3], zoneout: { h: 0.2, c: 0.3 }, recurrentDropout: 0.2 },
    { ...base, cell: 'lstm', projSize: 4, layerNorm: true, lengths: [3, 7, 5], every: [2] },
  ];
  const { differing, compared } = await inPage(page, 'differences', cases);
  expect(differing).toEqual([]);
  expect(compared).toBeGreaterThan(4000);
});

test('masks of dropout and zoneout go on from segment to segment', async ({ inPage }) => {
  const base = { inputSize: 3, hiddenSize: 6, numLayers: 2, timeSteps: 7, batchSize: 3, dropout: 0.3, recurrentDropout: 0.2 };
  const cases: CheckpointCase[] = [
    { ...base, cell: 'lstm', zoneout: { h: 0.2, c: 0.3 }, every: [3] },
    { ...base, cell: 'gru_reset_before', zoneout: { h: 0.2 }, lengths: [3, 7, 5], every: [2] },
    { ...base, cell: 'ind_rnn', batchFirst: true, every: [4] },
  ];
  const { differing, compared } = await inPage(page, 'differences', cases);
  expect(differing).toEqual([]);
  expect(compared).toBeGreaterThan(3000);
});

test('memory grows with √T', async ({ inPage }) => {
  const at = (steps: number, every: number) => inPage(page, 'memory', { steps, every });
  const [short, long] = [await at(64, 8), await at(256, 16)];
  expect(long.whole / short.whole).toBeGreaterThan(3.5);
  const own = ({ checkpointed, linear }: typeof short): number => checkpointed - linear;
  expect(own(long) / own(short)).toBeLessThan(2.1);
  expect(long.checkpointed).toBeLessThan(long.whole / 3);
});
