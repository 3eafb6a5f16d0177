// Layer normalization of a layer's input side, LN(W_ih·x) + b_ih: it needs no state, so it is before the time loop and, backward,
// behind it.
import type { Cell } from '../cells/cell.ts';
import { allocateProxy, subslice, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { layerNorm, layerNormBackward, type NormalizedRows } from '../kernels/layer_norm.ts';
import { matrix } from '../kernels/matmul.ts';
import type { LayerHistory } from './history.ts';
import { span } from './unfold.ts';

/** The first block of `gates` that W_ih·x is written to, and that holds its gradient after the backward pass. */
export const inputBlock = (cell: Cell): number => cell.norm?.input ?? 0;

function rowsOf(cell: Cell, history: LayerHistory, norm_ih: readonly Slice[]): NormalizedRows {
  const { gates, batch, directions, hidden } = history;
  return {
    gates, batch, directions, columns: cell.gateOrder.length * hidden, rowStride: cell.saved * hidden, raw: inputBlock(cell) * hidden, gain: span(norm_ih),
  };
}

/** Record the gates' input side of `steps` steps in time from `first`, of the W_ih·x that lie in their blocks. */
export function normalizeInput(
  recording: Recording, cell: Cell, history: LayerHistory, weights: { norm_ih: readonly Slice[]; bias_ih: readonly Slice[] | null }, first: number, steps: number,
): void {
  layerNorm(recording, rowsOf(cell, history, weights.norm_ih), { first, steps, bias: weights.bias_ih && span(weights.bias_ih) });
}

/** [D,N,G*H] the gradient of norm_ih, by row. */
export const allocateInputNormGradient = (cell: Cell, name: string, { directions, batch, hidden }: LayerHistory): Slice =>
  allocateProxy(`${name}.d_norm_ih`, [directions, batch, cell.gateOrder.length * hidden], 'activations');

/** Record the gradient of W_ih·x from that of the gates' input side, over the whole window, and norm_ih's. */
export function normalizeInputBackward(
  recording: Recording, cell: Cell, history: LayerHistory, norm_ih: readonly Slice[], dNorm: Slice, into: readonly Slice[],
): void {
  const { steps, batch, hidden } = history;
  const columns = cell.gateOrder.length * hidden;
  recording.clear(dNorm);
  layerNormBackward(recording, rowsOf(cell, history, norm_ih), steps, dNorm);
  into.forEach((gradient, d) => columnSum(recording, matrix(subslice(dNorm, d * batch * columns, [batch, columns]), batch, columns), gradient));
}
