// Tokens to vectors: the rows of a table, or one-hot rows.

import { addVector, expectIndices, expectShape } from './arithmetic.ts';

/** tokens [M] → rows [M,E] of `weight` [V,E]. Throws a RangeError for a token that is not below V. */
export function embeddingForward(tokens: ArrayLike<number>, weight: Float64Array, vocabulary: number, size: number): Float64Array {
  expectShape('weight', weight, [vocabulary, size]);
  expectIndices('tokens', tokens, vocabulary);
  const output = new Float64Array(tokens.length * size);
  for (let m = 0; m < tokens.length; m++) output.set(weight.subarray(tokens[m]! * size, (tokens[m]! + 1) * size), m * size);
  return output;
}

/** Gradient by the table [V,E] for `dOutput` [M,E]: each row the sum over its token's places. */
export function embeddingBackward(tokens: ArrayLike<number>, dOutput: Float64Array, vocabulary: number, size: number): Float64Array {
  expectShape('dOutput', dOutput, [tokens.length, size]);
  expectIndices('tokens', tokens, vocabulary);
  const gradient = new Float64Array(vocabulary * size);
  for (let m = 0; m < tokens.length; m++) addVector(gradient, tokens[m]! * size, dOutput, m * size, size);
  return gradient;
}

/** tokens [M] → one-hot [M,V]. */
export function oneHot(tokens: ArrayLike<number>, vocabulary: number): Float64Array {
  expectIndices('tokens', tokens, vocabulary);
  const output = new Float64Array(tokens.length * vocabulary);
  for (let m = 0; m < tokens.length; m++) output[m * vocabulary + tokens[m]!] = 1;
  return output;
}
