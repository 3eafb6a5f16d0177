// The stepwise schedule: one dispatch a timestep, hidden units spread over workgroups, both directions side by side.
import { recurrentGates, type Cell, type FoldedParam } from '../cells/cell.ts';
import { tileConstants, tileThreads, type Tile } from '../gpu/tiles.ts';
import { grid } from '../kernels/grid.ts';
import type { StateShape } from '../kernels/state.ts';

/** Threads a workgroup of the recurrent kernels. */
const WORKGROUP = 16;
/** Neighbouring hidden units of one thread in the backward kernel. */
const BACKWARD_UNITS = 4;

const FOLDED: readonly FoldedParam[] = ['steps', 'batch', 'hidden', 'directions', 'reverse', 'd_output_columns', 'd_output_direction'];

export interface StepTile {
  readonly constants: Readonly<Record<string, number>>;
  readonly folded: readonly FoldedParam[];
  readonly workgroups: readonly [number, number, number];
}

function spread(tile: Tile, cell: Cell, { steps, batch, hidden, directions }: StateShape, columns: number): StepTile {
  const [x, y] = grid(tileThreads(tile, batch, columns), WORKGROUP);
  const work = steps * batch * directions * recurrentGates(cell) * hidden * hidden;
  return { constants: tileConstants(tile, batch), folded: work >= tile.foldFrom ? FOLDED : [], workgroups: [x, y, directions] };
}

/** One forward step: a thread makes one hidden unit of some batch rows. */
export const forwardTile = (tile: Tile, cell: Cell, shape: StateShape): StepTile => spread(tile, cell, shape, shape.hidden);

/** One backward step: a thread makes four neighbouring hidden units of some batch rows. */
export const backwardTile = (tile: Tile, cell: Cell, shape: StateShape): StepTile => spread(tile, cell, shape, Math.ceil(shape.hidden / BACKWARD_UNITS));
