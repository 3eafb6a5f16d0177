// Gradients of diagonal weights.
import shader from '../../shaders/ops/product_sum.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';
import type { StateShape } from './state.ts';

/** Record dWeight [H] += Σ over time and rows of a gate's gradient times the state it sees, for one direction. */
export function productSum(
  recording: Recording,
  shape: StateShape,
  options: { direction: number; gates: Slice; saved: number; block: number; history: Slice; seesAfter: boolean; lengths: Slice; dWeight: Slice },
): void {
  const { direction, gates, saved, block, history, seesAfter, lengths, dWeight } = options;
  const { timeSteps, batchSize, hiddenSize, directions, reverse } = shape;
  recording.dispatch(shader, 'product_sum', {
    bindings: { gates, history, lengths, d_weight: dWeight },
    params: { steps: timeSteps, batch: batchSize, hidden: hiddenSize, directions, direction, reversed: Number(reverse || direction === 1), saved, block, sees_after: Number(seesAfter) },
    workgroups: grid(hiddenSize, 16),
  });
}
