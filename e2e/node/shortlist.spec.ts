// Which tiles the tuner measures a product on, and which of its choices it reads again.

import { expect, test } from 'playwright/test';
import { DIRECT_TILES, matmulTile, opKey, tilesFor, type MatmulOp, type MatmulTile } from '../../src/gpu/tiles.ts';
import { Tuning } from '../../src/gpu/tuned_tiles.ts';
import type { Recording } from '../../src/gpu/recording.ts';
import type { TuningStore } from '../../src/gpu/tuning_store.ts';
import { matmulShortlist } from '../../src/scheduler/shortlist.ts';
import type * as TuningTasks from '../../src/scheduler/tuning_tasks.ts';
import { load } from '../engine.ts';

const QUADS = tilesFor({ adapterInfo: { subgroupMinSize: 4, subgroupMaxSize: 4 }, features: new Set(['subgroups']) } as unknown as GPUDevice);

const gradient = (K: number, form: MatmulOp['form'] = 'tn'): MatmulOp => ({ kind: 'matmul', form, M: 1024, N: 256, K });
const sliced = (tiles: readonly MatmulTile[]): number => tiles.filter(({ slices }) => slices > 1).length;

test("sums in slices are offered for weights' gradients of at least 64 rows on direct tiles, never first, within the 6", () => {
  const list = matmulShortlist(DIRECT_TILES, gradient(64));
  expect(list).toHaveLength(6);
  expect(list[0]).toEqual(DIRECT_TILES.matmul);
  expect(sliced(list)).toBe(2);
  expect(list.filter(({ slices, shared, quads }) => slices > 1 && (shared || quads))).toEqual([]);
  for (const op of [gradient(63), gradient(64, 'nn'), gradient(64, 'nt')]) {
    const other = matmulShortlist(DIRECT_TILES, op);
    expect(other).toHaveLength(6);
    expect(sliced(other)).toBe(0);
  }
  expect(QUADS.matmul.quads).toBe(true);
  expect(sliced(matmulShortlist(QUADS, gradient(2048)))).toBe(0);
});

test('no default slices a sum: windows cut by checkpointEvery rely on it', () => {
  for (const { matmul, large, huge } of [DIRECT_TILES, QUADS]) expect([matmul, large.matmul, huge.matmul].map(({ slices }) => slices)).toEqual([1, 1, 1]);
});

test('on quads products from 2^26 multiply-adds on have a large tile, from 2^28 on a huge one, if they fill four workgroups; the default leads the list, the others are in it, what is slow to compile of large products alone', () => {
  const { matmul, large, huge } = QUADS;
  const sizes: [MatmulOp, MatmulTile][] = [[gradient(255), matmul], [gradient(256), large.matmul], [gradient(1023), large.matmul], [gradient(1024), huge.matmul]];
  for (const [op, tile] of sizes) {
    expect(matmulTile(QUADS, op)).toBe(tile);
    const list = matmulShortlist(QUADS, op);
    expect(list).toHaveLength(tile === matmul ? 3 : 5);
    expect(list[0]).toEqual(tile);
    expect(list.some(({ columnQuads }) => columnQuads === 4)).toBe(tile !== matmul); // the widest, slow to compile
    for (const fixed of [matmul, large.matmul, ...(tile === matmul ? [] : [huge.matmul])]) expect(list).toContainEqual(fixed);
    expect(list.some(({ depthQuads }) => depthQuads === 2)).toBe(tile !== matmul);
    expect(matmulTile(DIRECT_TILES, op)).toBe(DIRECT_TILES.matmul);
  }
  // Eight rows: of tiles of that many rows the default remains, and leads.
  expect(matmulShortlist(QUADS, { ...gradient(255), M: 8 })[0]).toEqual(matmul);
  expect(matmulTile(QUADS, { ...gradient(2 ** 20), M: 63 })).toBe(matmul);
});

test('a gradient so large that few of its rows are measured is not measured in slices', async () => {
  const { tuningTask } = await load<typeof TuningTasks>('/src/scheduler/tuning_tasks.ts');
  const candidates = (M: number, N: number) =>
    tuningTask({ ...gradient(2048), M, N }, DIRECT_TILES).candidates as MatmulTile[];
  expect(sliced(candidates(1024, 256))).toBe(2);
  expect(sliced(candidates(4096, 1024))).toBe(0);
});

test('a recurrence is measured over 16 of its steps, with its sizes folded in where all its steps have them', async () => {
  const { tuningTask } = await load<typeof TuningTasks>('/src/scheduler/tuning_tasks.ts');
  // 4·T·N·H² multiply-adds: below 2^23 in 16 steps of either.
  const foldedOver = (steps: number): { folds: boolean; dispatches: number } => {
    const { candidates, record } = tuningTask({ kind: 'backward', cell: 'lstm', timeSteps: steps, batchSize: 7, hiddenSize: 130, directions: 1 }, QUADS);
    const dispatches = (record as (tile: unknown) => Recording)(candidates[1]).commands.filter((command) => command.kind === 'dispatch');
    return { folds: dispatches.every(({ folded }) => folded.length > 0), dispatches: dispatches.length };
  };
  expect(foldedOver(17)).toEqual({ folds: false, dispatches: 16 });
  expect(foldedOver(18)).toEqual({ folds: true, dispatches: 16 });
});

test('what an earlier version kept is not read, what this one kept is', async () => {
  const kept: Record<string, unknown> = {};
  const store: TuningStore = {
    load: () => Promise.resolve(kept),
    save: (choices) => Promise.resolve(void Object.assign(kept, choices)),
  };
  const { slices, ...before } = DIRECT_TILES.matmul;
  kept.v1 = { [opKey(gradient(64))]: before };
  const tuning = new Tuning('cached', store, null);
  await tuning.load(DIRECT_TILES);
  expect(tuning.isTuned(gradient(64))).toBe(false);
  await tuning.remember(gradient(64), { ...before, slices });
  const next = new Tuning('cached', store, null);
  await next.load(DIRECT_TILES);
  expect(next.tiles.matmul.get(opKey(gradient(64)))).toEqual(DIRECT_TILES.matmul);
});
