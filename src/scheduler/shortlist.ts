// The candidates of an op: those of the class of adapter that differ at the op's size and that it can run on.
import { matmulCandidates, recurrentCandidates, unitsOf, type MatmulOp, type MatmulTile, type RecurrentOp, type RecurrentTile, type Tiles } from '../gpu/tiles.ts';

/** Tiles of a matrix product, the default first. */
export function matmulShortlist(tiles: Tiles, op: MatmulOp): MatmulTile[] {
  const { form, M, N } = op;
  const candidates = matmulCandidates(tiles, op);
  // A stream's one to three rows have a kernel of their own, whatever the tile.
  if (form === 'nt' && M < 4) return candidates.slice(0, 1);
  return distinct(candidates, ({ shared, slices, rowQuads, columnQuads, depthQuads }) =>
    (shared ? `shared ${rowQuads}x${columnQuads}` : `${slices} of ${Math.min(rowQuads, Math.ceil(M / 4))}x${Math.min(columnQuads, Math.ceil(N / 4))}x${depthQuads}`));
}

/** Tiles of a recurrence, the default first: all steps in one dispatch only where the layer can. */
export function recurrentShortlist(tiles: Tiles, op: RecurrentOp, sequence: boolean): RecurrentTile[] {
  const possible = recurrentCandidates(tiles, op).filter(({ mode }) => sequence || mode === 'step');
  return distinct(possible, (tile) => `${tile.mode} ${tile.workgroup} ${Math.min(tile.rowQuads, Math.ceil(op.batchSize / 4))}x${unitsOf(tile, op.batchSize)} ${tile.depthQuads}`);
}

/** The first of each that come to the same. */
function distinct<T>(tiles: readonly T[], same: (tile: T) => string): T[] {
  const first = new Map<string, T>();
  for (const tile of tiles) if (!first.has(same(tile))) first.set(same(tile), tile);
  return [...first.values()];
}
