// The stepwise schedule: one dispatch a timestep, hidden units spread over workgroups, both directions side by side.
import { grid } from '../kernels/grid.ts';
import type { StateShape } from '../kernels/state.ts';

/** Threads a workgroup of the recurrent kernels. */
const WORKGROUP = 16;
/** Neighbouring hidden units of one thread in the backward kernel. */
const BACKWARD_UNITS = 4;
/** Most batch rows a thread: each weight that a thread loads serves them all. */
const MOST_ROWS = 8;

export interface StepTile {
  /** Batch rows a thread. */
  readonly rows: number;
  readonly workgroups: readonly [number, number, number];
}

function rowsPerThread(batch: number): number {
  let rows = 1;
  while (rows < MOST_ROWS && rows < batch) rows *= 2;
  return rows;
}

function tile({ batch, directions }: StateShape, units: number): StepTile {
  const rows = rowsPerThread(batch);
  const [x, y] = grid(Math.ceil(batch / rows) * units, WORKGROUP);
  return { rows, workgroups: [x, y, directions] };
}

/** One forward step: a thread makes one hidden unit of some batch rows. */
export const forwardTile = (shape: StateShape): StepTile => tile(shape, shape.hidden);

/** One backward step: a thread makes four neighbouring hidden units of some batch rows. */
export const backwardTile = (shape: StateShape): StepTile => tile(shape, Math.ceil(shape.hidden / BACKWARD_UNITS));
