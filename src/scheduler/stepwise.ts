// The stepwise schedule: one dispatch a timestep, hidden units spread over workgroups.
import type { StepTile } from '../cells/cell.ts';
import { grid } from '../kernels/grid.ts';
import type { WindowShape } from './history.ts';

/** Threads a workgroup of the recurrent kernels. */
const WORKGROUP = 16;
/** Neighbouring hidden units of one thread in the backward kernel. */
const BACKWARD_UNITS = 4;

/** Most batch rows a thread: each weight that a thread loads serves them all. */
const MOST_ROWS = 8;

function rowsPerThread(batch: number): number {
  let rows = 1;
  while (rows < MOST_ROWS && rows < batch) rows *= 2;
  return rows;
}

/** One forward step: a thread makes one hidden unit of some batch rows. */
export function forwardTile({ batch, hidden }: WindowShape): StepTile {
  const rows = rowsPerThread(batch);
  return { rows, workgroups: grid(Math.ceil(batch / rows) * hidden, WORKGROUP) };
}

/** One backward step: a thread makes four neighbouring hidden units of some batch rows. */
export function backwardTile({ batch, hidden }: WindowShape): StepTile {
  const rows = rowsPerThread(batch);
  return { rows, workgroups: grid(Math.ceil(batch / rows) * Math.ceil(hidden / BACKWARD_UNITS), WORKGROUP) };
}
