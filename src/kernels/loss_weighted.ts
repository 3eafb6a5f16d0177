// Losses that are weighted means over the rows [T,N] of a window: of those within their lengths, or of each row's last step,
// by weights (0 masks a row out) and by class. Deterministic; rows of weight 0 may hold anything.
import binaryShader from '../../shaders/loss/binary_cross_entropy.wgsl';
import squaredShader from '../../shaders/loss/mean_squared_error.wgsl';
import crossEntropyShader from '../../shaders/loss/softmax_cross_entropy.wgsl';
import meanShader from '../../shaders/loss/weighted_mean.wgsl';
import { allocateProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid, rowGrid } from './grid.ts';

/** Which rows count, and how much. */
export interface LossRows {
  /** T */ readonly timeSteps: number;
  /** N */ readonly batchSize: number;
  /** [T,N]; 1 each where left out. */ readonly weights?: Slice | undefined;
  /** [N] steps of each row; T each where left out. */ readonly lengths?: Slice | undefined;
  /** Only each row's own last step counts. */ readonly last: boolean;
}

/** The results and what leads to them. */
export interface LossArrays {
  /** [2] the weighted mean over the window, 0 where no weight is left; the sum of the weights */ readonly total: Slice;
  /** [T] weighted mean over the batch, 0 where no weight is left */ readonly stepLoss: Slice;
  /** [T,N] */ readonly rowWeight: Slice;
  /** [T,N] times the row's weight */ readonly rowLoss: Slice;
  /** [T] */ readonly stepWeight: Slice;
  /** [T] */ readonly stepSum: Slice;
  /** [2] */ readonly mean: Slice;
  /** [1] of tokens: 0, or T·N less the first row that counts and whose target is none */ readonly bad: Slice;
}

export function allocateLossArrays({ timeSteps, batchSize }: Pick<LossRows, 'timeSteps' | 'batchSize'>): LossArrays {
  const scratch = (name: string, shape: readonly number[]): Slice => allocateProxy(name, shape, 'scratch');
  return {
    total: allocateProxy('loss', [2], 'result'),
    stepLoss: allocateProxy('step loss', [timeSteps], 'result'),
    rowWeight: scratch('row weight', [timeSteps, batchSize]),
    rowLoss: scratch('row loss', [timeSteps, batchSize]),
    stepWeight: scratch('step weight', [timeSteps]),
    stepSum: scratch('step sum', [timeSteps]),
    mean: scratch('mean', [2]),
    bad: allocateProxy('bad target', [1], 'result'),
  };
}

interface Tokens {
  /** [T,N]; IGNORE_INDEX and IGNORED_TARGET count for nothing */ readonly targets: Slice;
  /** V */ readonly vocabulary: number;
  /** [V]; 1 each where left out */ readonly classWeights?: Slice | undefined;
}

/** Record the weights of all rows before, and the means after, what `pass` records: the loss's own pass. */
function weightedMean(recording: Recording, rows: LossRows, arrays: LossArrays, tokens: Tokens | null, pass: () => void): void {
  const { timeSteps, batchSize, weights, lengths, last } = rows;
  const { total, stepLoss: step_loss, rowWeight: row_weight, rowLoss: row_loss, stepWeight: step_weight, stepSum: step_sum, mean } = arrays;
  const params = {
    steps: timeSteps, batch: batchSize, vocabulary: tokens?.vocabulary ?? 0, last: Number(last),
    has_weights: Number(weights !== undefined), has_classes: Number(tokens?.classWeights !== undefined), has_lengths: Number(lengths !== undefined),
  };
  // Something must be bound also where nothing is read: `mean`, which the pass over the rows does not touch.
  const each = { weights: weights ?? mean, lengths: lengths ?? mean, row_weight };
  const workgroups = rowGrid(timeSteps, batchSize, 16);
  if (tokens) {
    const bindings = { ...each, targets: tokens.targets, class_weights: tokens.classWeights ?? mean, bad: arrays.bad };
    recording.clear(arrays.bad);
    recording.dispatch(meanShader, 'token_weights', { bindings, params, workgroups });
  } else {
    recording.dispatch(meanShader, 'value_weights', { bindings: each, params, workgroups });
  }
  const one = [1, 1, 1] as const;
  recording.dispatch(meanShader, 'step_weights', { bindings: { row_weight, step_weight }, params, workgroups: grid(timeSteps, 16) });
  recording.dispatch(meanShader, 'sum_weights', { bindings: { step_weight, mean }, params, workgroups: one });
  pass();
  recording.dispatch(meanShader, 'step_losses', { bindings: { row_loss, step_weight, step_sum, step_loss }, params, workgroups: grid(timeSteps, 16) });
  recording.dispatch(meanShader, 'sum_losses', { bindings: { step_sum, mean, total }, params, workgroups: one });
}

/** Record softmax cross-entropy, in nats; `logits` [T,N,V] become their gradient. */
export function weightedCrossEntropy(recording: Recording, rows: LossRows, arrays: LossArrays, { logits, ...tokens }: Tokens & { logits: Slice }): void {
  const { timeSteps, batchSize } = rows;
  const { rowWeight: row_weight, rowLoss: row_loss, mean } = arrays;
  const bindings = { logits, targets: tokens.targets, row_loss, row_weight, mean };
  weightedMean(recording, rows, arrays, tokens, () => {
    // The scale is in `mean`: it is known only on the GPU.
    const params = { steps: timeSteps, batch: batchSize, vocabulary: tokens.vocabulary, scale: 1 };
    recording.dispatch(crossEntropyShader, 'weighted_rows', { bindings, params, workgroups: grid(timeSteps * batchSize, 16) });
  });
}

export interface ValueRows {
  /** [T,N,F] in: predictions or logits; after: their gradient */ readonly values: Slice;
  /** [T,N,F] */ readonly targets: Slice;
  /** F */ readonly features: number;
}

/** Record (prediction - target)², the mean over a row's values. */
export function meanSquaredError(recording: Recording, rows: LossRows, arrays: LossArrays, { values, targets, features }: ValueRows): void {
  const { rowWeight: row_weight, rowLoss: row_loss, mean } = arrays;
  const count = rows.timeSteps * rows.batchSize;
  weightedMean(recording, rows, arrays, null, () => {
    const params = { rows: count, features };
    recording.dispatch(squaredShader, 'rows', { bindings: { values, targets, row_weight, mean, row_loss }, params, workgroups: grid(count, 16) });
  });
}

/** Record binary cross-entropy of logits against targets from 0 to 1, in nats, the mean over a row's values; `positiveWeight` [F]. */
export function binaryCrossEntropy(
  recording: Recording, rows: LossRows, arrays: LossArrays, { values, targets, features, positiveWeight: positive_weights }: ValueRows & { positiveWeight: Slice },
): void {
  const { rowWeight: row_weight, rowLoss: row_loss, mean } = arrays;
  const count = rows.timeSteps * rows.batchSize;
  weightedMean(recording, rows, arrays, null, () => {
    const params = { rows: count, features };
    const bindings = { values, targets, row_weight, mean, row_loss, positive_weights };
    recording.dispatch(binaryShader, 'rows', { bindings, params, workgroups: grid(count, 16) });
  });
}
