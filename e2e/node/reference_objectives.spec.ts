// The reference's losses and optimizers against PyTorch's numbers (e2e/golden), finite differences of the losses, and their limits.

import { readFileSync } from 'node:fs';
import { test, expect } from 'playwright/test';
import { adam, adamW } from '../../src/reference/adam.ts';
import type { Optimizer } from '../../src/reference/optimizer.ts';
import { binaryCrossEntropy, meanSquaredError } from '../../src/reference/regression_losses.ts';
import { rmsprop } from '../../src/reference/rmsprop.ts';
import { sgd } from '../../src/reference/sgd.ts';
import { IGNORED, softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { worstElement } from '../golden.ts';

type Numbers = Readonly<Record<string, readonly number[]>>;

interface LossCase {
  readonly name: string;
  readonly kind: 'softmax_cross_entropy' | 'mean_squared_error' | 'binary_cross_entropy';
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly size: number;
  readonly loss: number;
  readonly given: Numbers;
  readonly results: Numbers;
}

interface OptimizerCase {
  readonly name: string;
  readonly options: { readonly kind: string; readonly learningRate: number };
  readonly updates: number;
  readonly parameters: Numbers;
  readonly gradients: Numbers;
  readonly results: Numbers;
}

const BOUND = 1e-10;
function cases<T>(name: string): readonly T[] {
  const { cases } = JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as { readonly cases: readonly T[] };
  return cases;
}
const floats = (...values: number[]): Float64Array => Float64Array.from(values);

function expectArray(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>, bound = BOUND): void {
  const worst = worstElement(actual, expected);
  expect(worst.error, `${name}[${worst.index}] is ${worst.actual}, expected is ${worst.expected}`).toBeLessThan(bound);
}

/** The loss of a golden case at `input` [T*N,V], and its gradient. */
function evaluate({ kind, timeSteps, batchSize, size, given }: LossCase, input: Float64Array): { loss: number; dInput: Float64Array } {
  const { targets, weights, classes } = given;
  if (kind === 'mean_squared_error') return meanSquaredError(input, targets!, timeSteps * batchSize, weights);
  if (kind === 'binary_cross_entropy') return binaryCrossEntropy(input, targets!, timeSteps * batchSize, weights);
  const { loss, dLogits } = softmaxCrossEntropy(input, targets!, { timeSteps, batchSize, vocabulary: size }, { classes, targets: weights });
  return { loss, dInput: dLogits };
}

for (const golden of cases<LossCase>('losses')) {
  test(`${golden.name}: loss and gradient are PyTorch's, and the gradient is the finite differences'`, () => {
    const input = Float64Array.from(golden.given['input']!);
    const { loss, dInput } = evaluate(golden, input);
    expectArray('loss', [loss], [golden.loss]);
    expectArray('dInput', dInput, golden.results['dInput']!);
    const numeric = input.map((x, i) => {
      const at = (value: number): number => evaluate(golden, input.with(i, value)).loss;
      return (at(x + 1e-5) - at(x - 1e-5)) / 2e-5;
    });
    expectArray('dInput', dInput, numeric, 1e-7);
  });
}

const makers: Record<string, (options: OptimizerCase['options']) => Optimizer> = { adam, adamw: adamW, rmsprop, sgd };

for (const golden of cases<OptimizerCase>('optimizers')) {
  test(`optimizer ${golden.name}: ${golden.updates} updates are PyTorch's`, () => {
    const { options, updates, gradients } = golden;
    const parameters = { a: Float64Array.from(golden.parameters['a']!), b: Float64Array.from(golden.parameters['b']!) };
    const optimizer = makers[options.kind]!(options);
    for (let step = 0; step < updates; step++) {
      if (step === 5) optimizer.learningRate = options.learningRate / 2;
      optimizer.update(parameters, { a: Float64Array.from(gradients[`a${step}`]!), b: Float64Array.from(gradients[`b${step}`]!) });
    }
    expectArray('a', parameters.a, golden.results['a']!);
    expectArray('b', parameters.b, golden.results['b']!);
  });
}

test('rows without weight may hold anything; without any weight the loss is 0', () => {
  for (const loss of [meanSquaredError, binaryCrossEntropy]) {
    const alone = loss(floats(0.5, -1), [1, 0], 1);
    const masked = loss(floats(0.5, -1, NaN, Infinity), [1, 0, NaN, 7], 2, [3, 0]);
    expect(masked.loss).toBeCloseTo(alone.loss, 15);
    expect([...masked.dInput]).toEqual([...alone.dInput, 0, 0]);
    expect(loss(floats(0.5), [1], 1, [0])).toEqual({ loss: 0, dInput: floats(0) });
  }
  const sizes = { timeSteps: 2, batchSize: 1, vocabulary: 2 };
  const masked = softmaxCrossEntropy(floats(NaN, NaN, 0, 0), [1, 0], sizes, { targets: [0, 5] });
  expect(masked.loss).toBeCloseTo(Math.LN2, 15);
  expect([...masked.losses]).toEqual([0, masked.loss]);
  expect([...masked.dLogits]).toEqual([0, 0, -0.5, 0.5]);
  expect(softmaxCrossEntropy(floats(1, 2, 3, 4), [IGNORED, IGNORED], sizes, {}).loss).toBe(0);
  expect(softmaxCrossEntropy(floats(1, 2, 0, 0), [-100, 1], sizes, {}, -100).loss).toBeCloseTo(Math.LN2, 15);
});

test('binary cross-entropy is exact for large logits', () => {
  const { loss, dInput } = binaryCrossEntropy(floats(1000, -1000, 1000, -1000), [1, 0, 0, 1], 2);
  expect(loss).toBe(500);
  expect([...dInput]).toEqual([0, 0, 0.25, -0.25]);
});

test('what does not fit is refused by name', () => {
  expect(() => meanSquaredError(floats(1, 2), [1], 2)).toThrow(/targets has 1 values, but its shape \[2\] holds 2/);
  expect(() => meanSquaredError(floats(1, 2), [1, 2], 2, [1])).toThrow(/weights has 1 values/);
  expect(() => meanSquaredError(floats(1, 2, 3), [1, 2, 3], 2)).toThrow(/3 values are not 2 rows of equal size/);
  expect(() => binaryCrossEntropy(floats(1), [2], 1)).toThrow(/a target is 2, but must be from 0 to 1/);
  const sizes = { timeSteps: 1, batchSize: 1, vocabulary: 2 };
  expect(() => softmaxCrossEntropy(floats(1, 2), [0], sizes, { classes: [1] })).toThrow(/weights.classes has 1 values/);
  expect(() => softmaxCrossEntropy(floats(1, 2), [0], sizes, { targets: [1, 1] })).toThrow(/weights.targets has 2 values/);
});
