// Softmax and cross-entropy in one, over a window of T steps of N rows.

import { expectIndices, expectShape } from './arithmetic.ts';

/** A target that adds no loss and no gradient. A step's mean leaves it out; the window's, which is trained on, divides by T*N all the same. */
export const IGNORED = 0xffffffff;

export interface CrossEntropy {
  /** Nats per token: the sum over the window / (T*N). */
  readonly loss: number;
  /** [T] nats per token of each step: mean over its rows that are not ignored, 0 where all are. */
  readonly losses: Float64Array;
  /** [T,N,V] gradient of `loss` by the logits. */
  readonly dLogits: Float64Array;
}

/** logits [T,N,V], targets [T,N] of tokens below V or `IGNORED`. */
export function softmaxCrossEntropy(
  logits: Float64Array, targets: ArrayLike<number>, sizes: { readonly steps: number; readonly batch: number; readonly vocabulary: number },
): CrossEntropy {
  const { steps: T, batch: N, vocabulary: V } = sizes;
  expectShape('logits', logits, [T, N, V]);
  expectShape('targets', targets, [T, N]);
  expectIndices('targets', targets, V, IGNORED);
  const losses = new Float64Array(T);
  const dLogits = new Float64Array(logits.length);
  let total = 0;
  for (let t = 0; t < T; t++) {
    let sumOfStep = 0;
    let counted = 0;
    for (let n = 0; n < N; n++) {
      const target = targets[t * N + n]!;
      if (target === IGNORED) continue;
      const row = (t * N + n) * V;
      let maximum = -Infinity;
      for (let v = 0; v < V; v++) maximum = Math.max(maximum, logits[row + v]!);
      let sum = 0;
      for (let v = 0; v < V; v++) sum += Math.exp(logits[row + v]! - maximum);
      sumOfStep += Math.log(sum) + maximum - logits[row + target]!;
      counted++;
      for (let v = 0; v < V; v++) {
        const probability = Math.exp(logits[row + v]! - maximum) / sum;
        dLogits[row + v] = (probability - (v === target ? 1 : 0)) / (T * N);
      }
    }
    losses[t] = sumOfStep / Math.max(counted, 1);
    total += sumOfStep;
  }
  return { loss: total / (T * N), losses, dLogits };
}
