// Losses over M rows of F values each: mean squared error, and binary cross-entropy of logits. `weights` [M] weighs the rows, so
// that zeros mask the padding out: the loss is Σ_m w_m Σ_f l_mf / (F·Σ_m w_m), and 0 without gradient where no weight is left.

import { expectShape } from './arithmetic.ts';

export interface RowLoss {
  readonly loss: number;
  /** [M,F] gradient of `loss` by the predictions or logits; 0 in rows of weight 0, which may hold anything. */
  readonly dInput: Float64Array;
}

/** l = (prediction - target)². `predictions`, `targets` [M,F]. */
export function meanSquaredError(predictions: Float64Array, targets: ArrayLike<number>, rows: number, weights?: ArrayLike<number>): RowLoss {
  return weightedMean(predictions, targets, rows, weights, (y, target) => [(y - target) ** 2, 2 * (y - target)]);
}

/** l = -target·log s(x) - (1 - target)·log(1 - s(x)), s the sigmoid; targets [M,F] from 0 to 1. Exact for logits of any size. */
export function binaryCrossEntropy(logits: Float64Array, targets: ArrayLike<number>, rows: number, weights?: ArrayLike<number>): RowLoss {
  return weightedMean(logits, targets, rows, weights, (x, target) => {
    if (!(target >= 0 && target <= 1)) throw new RangeError(`a target is ${target}, but must be from 0 to 1`);
    const e = Math.exp(-Math.abs(x));
    const probability = x >= 0 ? 1 / (1 + e) : e / (1 + e);
    return [Math.max(x, 0) - x * target + Math.log1p(e), probability - target];
  });
}

/** `one` gives the loss of one value and its derivative. */
function weightedMean(
  input: Float64Array, targets: ArrayLike<number>, rows: number, weights: ArrayLike<number> | undefined,
  one: (value: number, target: number) => readonly [loss: number, derivative: number],
): RowLoss {
  expectShape('targets', targets, [input.length]);
  if (weights) expectShape('weights', weights, [rows]);
  const size = input.length / rows;
  if (!Number.isInteger(size)) throw new RangeError(`${input.length} values are not ${rows} rows of equal size; pass [rows, features]`);
  const weightOf = (row: number): number => (weights ? weights[row]! : 1);
  let total = 0;
  for (let row = 0; row < rows; row++) total += weightOf(row);
  let loss = 0;
  const dInput = new Float64Array(input.length);
  for (let i = 0; i < input.length; i++) {
    const share = weightOf(Math.floor(i / size)) / (total * size);
    if (!(share > 0)) continue;
    const [value, derivative] = one(input[i]!, targets[i]!);
    loss += share * value;
    dInput[i] = share * derivative;
  }
  return { loss, dInput };
}
