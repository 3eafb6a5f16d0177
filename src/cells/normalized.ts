// Layer normalization inside a cell (Ba et al. 2016): the step is split where the products of a row must all be known.
import { recurrentGates, type Cell } from './cell.ts';

/**
 * The cell with its products, its input side and, where it has one, its c normalized. Behind the blocks of the plain cell lie the
 * products, and behind them W_ih·x.
 * @throws RangeError for a cell that cannot be normalized
 */
export function normalized(cell: Cell): Cell {
  const { rows } = cell;
  if (!rows) throw new RangeError(`layerNorm goes with the LSTM family and with gru where resetAfter is true; ${cell.name} was given`);
  const gates = recurrentGates(cell);
  const product = cell.saved;
  const saved = cell.saved + gates + cell.gateOrder.length;
  let block = product;
  return {
    ...cell,
    saved,
    products: cell.products.map(({ blocks, reads }) => ({ blocks: blocks.map(() => block++), reads })),
    constants: { ...cell.constants, SAVED_GATES: saved, PRODUCT_BLOCK: product },
    norm: { input: product + gates, recurrent: cell.products.flatMap(({ blocks }) => blocks), blocks: gates + rows.blocks },
    forward(recording, step) {
      cell.forward(recording, step);
      rows.forward(recording, step);
    },
    backward(recording, step, gradients) {
      // A projected layer has made dL/dh[t] itself.
      if (step.constants.PROJECTED !== 1) {
        // All of dL/dh[t] is wanted first, what zoneout sends past the cell with it.
        const { ZONEOUT_H: _, ...constants } = step.constants;
        cell.backward(recording, { ...step, constants }, gradients);
      }
      rows.backward(recording, step, gradients);
    },
  };
}
