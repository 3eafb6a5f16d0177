// The stepwise schedule: one dispatch a timestep, hidden units spread over workgroups, both directions side by side.
import { tileConstants, tileThreads, type Tile } from '../gpu/tiles.ts';
import { grid } from '../kernels/grid.ts';
import type { StateShape } from '../kernels/state.ts';

/** Threads a workgroup of the recurrent kernels. */
const WORKGROUP = 16;
/** Neighbouring hidden units of one thread in the backward kernel. */
const BACKWARD_UNITS = 4;

export interface StepTile {
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
}

function spread(tile: Tile, { batch, directions }: StateShape, columns: number): StepTile {
  const [x, y] = grid(tileThreads(tile, batch, columns), WORKGROUP);
  return { constants: tileConstants(tile, batch), workgroups: [x, y, directions] };
}

/** One forward step: a thread makes one hidden unit of some batch rows. */
export const forwardTile = (tile: Tile, shape: StateShape): StepTile => spread(tile, shape, shape.hidden);

/** A workgroup for every row of every direction. */
export function rowWorkgroups({ batch, directions }: StateShape): readonly [number, number, number] {
  const [x, y] = grid(batch, 1);
  return [x, y, directions];
}

/** One backward step: a thread makes four neighbouring hidden units of some batch rows. */
export const backwardTile = (tile: Tile, shape: StateShape): StepTile => spread(tile, shape, Math.ceil(shape.hidden / BACKWARD_UNITS));
