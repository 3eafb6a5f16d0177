// The launch configuration of a recurrence: workgroups, constants and folded sizes of its dispatches. There are two modes. In the mode 'step'
// each timestep is a dispatch, whose hidden units are spread over workgroups. In the mode 'sequence' one dispatch runs all timesteps, and a
// workgroup has a tile of batch rows to itself. In both modes the directions run side by side.
import { recurrentGates, type Cell, type FoldedParam } from '../cells/cell.ts';
import { restConstant, tileConstants, tileRows, tileThreads, unitsOf, type RecurrentTile } from '../gpu/tiles.ts';
import { grid } from '../kernels/grid.ts';
import type { StateShape } from '../kernels/state.ts';
import type { LayerHistory } from './history.ts';

const FOLDED: readonly FoldedParam[] = ['steps', 'continued', 'batch', 'hidden', 'features', 'directions', 'reverse', 'd_output_columns', 'd_output_direction', 'tokens', 'vocabulary'];

/** A workgroup for every row of every direction. */
export function rowWorkgroups({ batchSize, directions }: StateShape): readonly [number, number, number] {
  const [x, y] = grid(batchSize, 1);
  return [x, y, directions];
}

/** Constants, folded params and workgroups of the dispatches of a pass. */
export interface LaunchConfig {
  readonly constants: Readonly<Record<string, number>>;
  readonly folded: readonly FoldedParam[];
  readonly workgroups: readonly [number, number, number];
}

/** Whether all steps of a layer fit in one dispatch: what needs all units of a row within a step needs a dispatch behind it. */
export const canFuseTime = (cell: Cell, { made }: Pick<LayerHistory, 'made'>): boolean =>
  cell.products.every(({ reads }) => reads === 'h') && !cell.norm && !made;

/** How a pass over the whole window runs. */
export const executionMode = (tile: RecurrentTile, cell: Cell, history: LayerHistory): RecurrentTile['mode'] => (canFuseTime(cell, history) ? tile.mode : 'step');

/** Multiply-adds of a pass. */
const workOf = (cell: Cell, { timeSteps, batchSize, hiddenSize, directions }: StateShape): number => timeSteps * batchSize * directions * recurrentGates(cell) * hiddenSize * hiddenSize;

/** The tile as it runs over so many steps, for a pass over fewer of them: with its sizes folded in where they are there. */
export const specializedAsOver = (tile: RecurrentTile, cell: Cell, shape: StateShape): RecurrentTile => (workOf(cell, shape) >= tile.specializeAbove ? { ...tile, specializeAbove: 0 } : tile);

/** A tile is UNITS hidden units wide, or `wide` times as many; the weights lie in rows of `row` elements. */
function launch(tile: RecurrentTile, mode: RecurrentTile['mode'], cell: Cell, shape: StateShape, wide: number, row: number): LaunchConfig {
  const { batchSize, hiddenSize, directions } = shape;
  const UNITS = unitsOf(tile, batchSize);
  const columns = Math.ceil(hiddenSize / (wide * UNITS));
  const folded = workOf(cell, shape) >= tile.specializeAbove ? FOLDED : [];
  const constants = {
    ...tileConstants(tile, batchSize), UNITS, DEPTH_QUADS: tile.depthQuads, VECTORS: Number(row % 4 === 0), REST: restConstant(tile, row, folded.length > 0),
  };
  if (mode === 'sequence') {
    // Threads past the last column would only wait at the barriers.
    const WORKGROUP = Math.min(tile.workgroup, Math.ceil(columns / 4) * 4);
    return { constants: { ...constants, SEQUENCE: 1, WORKGROUP }, folded, workgroups: [Math.ceil(batchSize / tileRows(tile, batchSize)), 1, directions] };
  }
  const [x, y] = grid(tileThreads(tile, batchSize, columns), tile.workgroup);
  return { constants: { ...constants, WORKGROUP: tile.workgroup }, folded, workgroups: [x, y, directions] };
}

/** A forward pass, or one step of it. */
export const forwardLaunch = (tile: RecurrentTile, mode: RecurrentTile['mode'], cell: Cell, shape: StateShape & Pick<LayerHistory, 'features'>): LaunchConfig =>
  launch(tile, mode, cell, shape, 1, shape.features);

/** A backward pass, or one step of it. */
export const backwardLaunch = (tile: RecurrentTile, mode: RecurrentTile['mode'], cell: Cell, shape: StateShape): LaunchConfig =>
  launch(tile, mode, cell, shape, 4, shape.hiddenSize);
