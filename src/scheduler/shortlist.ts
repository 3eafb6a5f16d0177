// The candidates of an op, six at most, seeded by the class of adapter: its default first, then what differs from it in one thing.
import type { MatmulOp, MatmulTile, RecurrentOp, RecurrentTile } from '../gpu/tiles.ts';
import { MOST_CANDIDATES } from '../gpu/tuning.ts';

/** Tiles of a matrix product. */
export function matmulShortlist(usual: MatmulTile, { M, N }: MatmulOp): MatmulTile[] {
  const shapes = usual.quads ? [[8, 1], [4, 2], [8, 2], [2, 2], [2, 1]] : [[1, 1], [2, 1], [1, 2], [4, 1], [4, 2]];
  const others = shapes.map(([rowQuads, columnQuads]) => ({ ...usual, rowQuads: rowQuads!, columnQuads: columnQuads! }));
  return distinct([usual, ...others], ({ rowQuads, columnQuads }) => `${Math.min(rowQuads, Math.ceil(M / 4))}x${Math.min(columnQuads, Math.ceil(N / 4))}`);
}

/** Tiles of a recurrence: stepwise and, where the cell can, all steps in one dispatch. */
export function recurrentShortlist(usual: RecurrentTile, { batch }: RecurrentOp, sequence: boolean): RecurrentTile[] {
  const rows = usual.quads ? [4, 2, 8] : [2, 1, 4];
  const modes = sequence ? (['step', 'sequence'] as const) : (['step'] as const);
  const others = rows.flatMap((rowQuads) => modes.map((mode) => ({ ...usual, rowQuads, mode })));
  return distinct([usual, ...others], ({ mode, rowQuads }) => `${mode} ${Math.min(rowQuads, Math.ceil(batch / 4))}`);
}

/** The first of each that come to the same at this size. */
function distinct<T>(tiles: readonly T[], same: (tile: T) => string): T[] {
  return [...new Map([...tiles].reverse().map((tile) => [same(tile), tile])).values()].reverse().slice(0, MOST_CANDIDATES);
}
