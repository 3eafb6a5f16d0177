// Layer normalization of a layer's input side, LN(W_ih·x) + b_ih: it needs no state, so it is before the time loop and, backward,
// behind it.
import type { Cell } from '../cells/cell.ts';
import { allocateProxy, elements, subslice, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { layerNorm, layerNormBackward, type NormalizedRows } from '../kernels/layer_norm.ts';
import type { LayerHistory } from './history.ts';
import { span } from './unfold.ts';

/** The first block of `gates` that W_ih·x is written to, and that holds its gradient after the backward pass. */
export const inputBlock = (cell: Cell): number => cell.norm?.input ?? 0;

function rowsOf(cell: Cell, history: LayerHistory, norm_ih: readonly Slice[]): NormalizedRows {
  const { gates, batchSize, directions, hiddenSize } = history;
  return {
    gates, batchSize, directions, columns: cell.gateOrder.length * hiddenSize, rowStride: cell.saved * hiddenSize, raw: inputBlock(cell) * hiddenSize, gain: span(norm_ih),
  };
}

/** Record the gates' input side of `steps` steps in time from `first`, of the W_ih·x that lie in their blocks. */
export function normalizeInput(
  recording: Recording, cell: Cell, history: LayerHistory, weights: { norm_ih: readonly Slice[]; bias_ih: readonly Slice[] | null }, first: number, steps: number,
): void {
  layerNorm(recording, rowsOf(cell, history, weights.norm_ih), { first, timeSteps: steps, bias: weights.bias_ih && span(weights.bias_ih) });
}

/** [D,N,G*H] the gradient of norm_ih, by row. */
export const allocateInputNormGradient = (cell: Cell, name: string, { directions, batchSize, hiddenSize }: LayerHistory): Slice =>
  allocateProxy(`${name}.d_norm_ih`, [directions, batchSize, cell.gateOrder.length * hiddenSize], 'activations');

/** Record the gradient of W_ih·x from that of the gates' input side, over the whole window; norm_ih's is added to dNorm [D,N,G*H]. */
export function normalizeInputBackward(recording: Recording, cell: Cell, history: LayerHistory, norm_ih: readonly Slice[], dNorm: Slice): void {
  layerNormBackward(recording, rowsOf(cell, history, norm_ih), history.timeSteps, dNorm);
}

/** Record the gradients of neighbouring gains, of `counts` values each, from those of a direction's rows in `byRow` [D,N,..]. */
export function sumRows(recording: Recording, byRow: Slice, direction: number, counts: readonly number[], into: readonly Slice[]): void {
  const batch = byRow.shape[1]!;
  const columns = elements(byRow.shape.slice(2));
  let from = direction * batch * columns;
  counts.forEach((count, i) => {
    const rows = subslice(byRow, from, [(batch - 1) * columns + count]);
    columnSum(recording, { slice: rows, rows: batch, columns: count, stride: columns }, into[i]!);
    from += count;
  });
}
