// Losses over all steps of a window.
import shader from '../../shaders/loss/softmax_cross_entropy.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { foldedFor } from './folded.ts';
import { grid } from './grid.ts';

/** A label that counts for nothing, as PyTorch has it: no loss, no gradient. In an array of unsigned integers it is 2^32 - 100. */
export const IGNORE_INDEX = -100;

/** The same of the engine's own windows of text; losses take it too. */
export const IGNORED_TARGET = 0xffffffff;

/** A row's logits are read three times and written once, with two exponentials each: as much as moving them so often. */
const ROW_MOVES = 8;

export interface CrossEntropy {
  /** [T,N,V] in: logits; after: their gradient */ readonly logits: Slice;
  /** [T,N] */ readonly targets: Slice;
  /** [T,N] nats */ readonly rowLoss: Slice;
  /** [T] mean over the batch's targets that count, nats */ readonly stepLoss: Slice;
  /** [2] the mean over T·N, nats; the number of targets counted */ readonly total: Slice;
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly vocabulary: number;
}

/**
 * Record the loss of every step, their mean, and the gradient of that mean in place of the logits. The handles' `scale` divides the
 * sums of both: 1 / (T·N), or 1 / the targets counted, where a replay has fewer.
 */
export function softmaxCrossEntropy(recording: Recording, loss: CrossEntropy): readonly Dispatch[] {
  const { logits, targets, rowLoss: row_loss, stepLoss: step_loss, total, timeSteps, batchSize, vocabulary } = loss;
  const params = { steps: timeSteps, batch: batchSize, vocabulary, scale: 1 / (timeSteps * batchSize) };
  const folded = foldedFor(recording, ROW_MOVES * timeSteps * batchSize * vocabulary, ['steps', 'batch', 'vocabulary']);
  const differentiate = recording.dispatch(shader, 'rows', { bindings: { logits, targets, row_loss }, params, folded, workgroups: grid(timeSteps * batchSize, 16) });
  recording.dispatch(shader, 'steps', { bindings: { targets, row_loss, step_loss }, params, workgroups: grid(timeSteps, 16) });
  const sum = recording.dispatch(shader, 'sum_steps', { bindings: { targets, row_loss, total }, params, workgroups: [1, 1, 1] });
  return [differentiate, sum];
}
