// A cell and its options as the engine takes them, from the reference's words for them. For Node and for a page alike.

import type { CellName, RecurrentOptions } from '../src/index.ts';
import type { CellOptions } from '../src/reference/cell.ts';

/** What `createRecurrent` takes in the place of the reference's cell. */
export function engineCell(cell: CellName, { activation, ...options }: CellOptions): Omit<RecurrentOptions, 'inputSize' | 'hiddenSize'> {
  // The one activation of IndRNN is the engine's candidate.
  return { cell, ...options, ...(activation && { activations: { candidate: activation } }) };
}
