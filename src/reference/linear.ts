// y = x·Wᵀ + b over M rows: x [M,I], W [O,I], b [O], y [M,O].

import { addOuterProduct, addProduct, addTransposedProduct, addVector, expectShape } from './arithmetic.ts';

export interface LinearSizes {
  /** M */
  readonly rows: number;
  /** I */
  readonly inputSize: number;
  /** O */
  readonly outputSize: number;
}

/** y [M,O]. */
export function linearForward(sizes: LinearSizes, weight: Float64Array, bias: Float64Array | undefined, input: Float64Array): Float64Array {
  const { rows, inputSize, outputSize } = sizes;
  expectShape('weight', weight, [outputSize, inputSize]);
  if (bias) expectShape('bias', bias, [outputSize]);
  expectShape('input', input, [rows, inputSize]);
  const output = new Float64Array(rows * outputSize);
  for (let m = 0; m < rows; m++) {
    if (bias) output.set(bias, m * outputSize);
    addProduct(output, m * outputSize, weight, outputSize, inputSize, input, m * inputSize);
  }
  return output;
}

export interface LinearGradients {
  /** [M,I] */
  readonly dInput: Float64Array;
  /** [O,I] */
  readonly weight: Float64Array;
  /** [O]; sum over the rows, whether or not the layer has a bias. */
  readonly bias: Float64Array;
}

/** Gradients for `dOutput` [M,O], all in fresh arrays. */
export function linearBackward(sizes: LinearSizes, weight: Float64Array, input: Float64Array, dOutput: Float64Array): LinearGradients {
  const { rows, inputSize, outputSize } = sizes;
  expectShape('dOutput', dOutput, [rows, outputSize]);
  const result = { dInput: new Float64Array(rows * inputSize), weight: new Float64Array(weight.length), bias: new Float64Array(outputSize) };
  for (let m = 0; m < rows; m++) {
    addTransposedProduct(result.dInput, m * inputSize, weight, outputSize, inputSize, dOutput, m * outputSize);
    addOuterProduct(result.weight, outputSize, inputSize, dOutput, m * outputSize, input, m * inputSize);
    addVector(result.bias, 0, dOutput, m * outputSize, outputSize);
  }
  return result;
}
