// Softmax and cross-entropy in one, over a window of T steps of N rows.

import { expectIndices, expectShape } from './arithmetic.ts';

/** A target that adds no loss and no gradient. A step's mean leaves it out; the window's divides by T*N all the same, unless weighted. */
export const IGNORED = 0xffffffff;

export interface CrossEntropy {
  /** Nats per token: the sum over the window / (T*N), or the weighted mean over it. */
  readonly loss: number;
  /** [T] nats per token of each step: (weighted) mean over its rows that are not ignored, 0 where all are. */
  readonly losses: Float64Array;
  /** [T,N,V] gradient of `loss` by the logits. */
  readonly dLogits: Float64Array;
}

/** A target's weight is the product of both, 1 for one not given; an ignored target has weight 0, and so may a masked one. */
export interface TargetWeights {
  /** [V] by the target's token. */
  readonly classes?: ArrayLike<number> | undefined;
  /** [T,N] */
  readonly targets?: ArrayLike<number> | undefined;
}

/**
 * logits [T,N,V], targets [T,N] of tokens below V or `ignored`. With `weights` the loss is Σ weight·loss / Σ weight over the window
 * (torch's cross_entropy; `{}` is the mean over the targets that are not ignored), and 0 without gradient where no weight is left.
 */
export function softmaxCrossEntropy(
  logits: Float64Array, targets: ArrayLike<number>, sizes: { readonly timeSteps: number; readonly batchSize: number; readonly vocabulary: number },
  weights?: TargetWeights, ignored = IGNORED,
): CrossEntropy {
  const { timeSteps: T, batchSize: N, vocabulary: V } = sizes;
  expectShape('logits', logits, [T, N, V]);
  expectShape('targets', targets, [T, N]);
  expectIndices('targets', targets, V, ignored);
  if (weights?.classes) expectShape('weights.classes', weights.classes, [V]);
  if (weights?.targets) expectShape('weights.targets', weights.targets, [T, N]);
  const weightOf = (k: number): number =>
    (targets[k] === ignored ? 0 : (weights?.classes?.[targets[k]!] ?? 1) * (weights?.targets?.[k] ?? 1));
  let divisor = T * N;
  if (weights) {
    divisor = 0;
    for (let k = 0; k < T * N; k++) divisor += weightOf(k);
  }
  const losses = new Float64Array(T);
  const dLogits = new Float64Array(logits.length);
  let total = 0;
  for (let t = 0; t < T; t++) {
    let sumOfStep = 0;
    let weightOfStep = 0;
    for (let n = 0; n < N; n++) {
      const target = targets[t * N + n]!;
      const weight = weightOf(t * N + n);
      if (weight === 0) continue;
      const row = (t * N + n) * V;
      let maximum = -Infinity;
      for (let v = 0; v < V; v++) maximum = Math.max(maximum, logits[row + v]!);
      let sum = 0;
      for (let v = 0; v < V; v++) sum += Math.exp(logits[row + v]! - maximum);
      sumOfStep += weight * (Math.log(sum) + (maximum - logits[row + target]!));
      weightOfStep += weight;
      for (let v = 0; v < V; v++) {
        const probability = Math.exp(logits[row + v]! - maximum) / sum;
        dLogits[row + v] = (weight / divisor) * (probability - (v === target ? 1 : 0));
      }
    }
    losses[t] = weightOfStep > 0 ? sumOfStep / weightOfStep : 0;
    total += sumOfStep;
  }
  return { loss: divisor > 0 ? total / divisor : 0, losses, dLogits };
}
