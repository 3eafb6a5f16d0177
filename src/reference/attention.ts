// Luong's attention (2015, sections 3.1 and 3.3) of decoder states h [T,N,H] over encoder states e [S,N,E], each row n of the batch over
// its own source length. score(h, e) is h·e ('dot') or h·W_a·e ('general', W_a [H,E]); weights = softmax over the source;
// context = Σ weights·e; output = tanh(W_c·[context; h]), W_c [A,E+H].

import { addOuterProduct, addProduct, addTransposedProduct, expectShape } from './arithmetic.ts';

export interface AttentionSizes {
  /** T */ readonly timeSteps: number;
  /** S */ readonly sourceTimeSteps: number;
  /** N */ readonly batchSize: number;
  /** H */ readonly decoderSize: number;
  /** E */ readonly encoderSize: number;
  /** A */ readonly outputSize: number;
  /** [N] from 0 to S; S each where left out. */ readonly lengths?: readonly number[] | undefined;
}

export interface AttentionParameters {
  /** [A,E+H] */ readonly weight_c: Float64Array;
  /** [H,E] of 'general'; 'dot' without it. */ readonly weight_a?: Float64Array | undefined;
}

export interface AttentionForward {
  /** [T,N,S] 0 past a row's length. */ readonly weights: Float64Array;
  /** [T,N,E] */ readonly context: Float64Array;
  /** [T,N,A] */ readonly output: Float64Array;
}

interface Row {
  /** t·N + n */ readonly at: number;
  readonly n: number;
  readonly length: number;
  /** [H] */ readonly h: Float64Array;
  /** [E] what the encoder states are compared with. */ readonly query: Float64Array;
}

function* rows(sizes: AttentionSizes, { weight_a }: AttentionParameters, decoder: Float64Array): Generator<Row> {
  const { timeSteps, batchSize, sourceTimeSteps, decoderSize: H, encoderSize: E, lengths } = sizes;
  for (let at = 0; at < timeSteps * batchSize; at++) {
    const h = decoder.subarray(at * H, (at + 1) * H);
    const query = weight_a ? new Float64Array(E) : h;
    if (weight_a) addTransposedProduct(query, 0, weight_a, H, E, h, 0);
    yield { at, n: at % batchSize, length: lengths?.[at % batchSize] ?? sourceTimeSteps, h, query };
  }
}

function expectShapes(sizes: AttentionSizes, { weight_a, weight_c }: AttentionParameters, decoder: Float64Array, encoder: Float64Array): void {
  const { timeSteps: T, sourceTimeSteps: S, batchSize: N, decoderSize: H, encoderSize: E, outputSize: A, lengths } = sizes;
  expectShape('decoder', decoder, [T, N, H]);
  expectShape('encoder', encoder, [S, N, E]);
  expectShape('weight_c', weight_c, [A, E + H]);
  if (weight_a) expectShape('weight_a', weight_a, [H, E]);
  else if (H !== E) throw new RangeError(`states of ${H} and ${E} features have no dot product; give weight_a [${H}, ${E}]`);
  if (lengths) expectShape('lengths', lengths, [N]);
}

export function attentionForward(sizes: AttentionSizes, parameters: AttentionParameters, decoder: Float64Array, encoder: Float64Array): AttentionForward {
  expectShapes(sizes, parameters, decoder, encoder);
  const { timeSteps: T, sourceTimeSteps: S, batchSize: N, decoderSize: H, encoderSize: E, outputSize: A } = sizes;
  const result = { weights: new Float64Array(T * N * S), context: new Float64Array(T * N * E), output: new Float64Array(T * N * A) };
  for (const { at, n, length, h, query } of rows(sizes, parameters, decoder)) {
    const weights = result.weights.subarray(at * S, at * S + length);
    for (let s = 0; s < length; s++) addProduct(weights, s, encoder.subarray((s * N + n) * E, (s * N + n + 1) * E), 1, E, query, 0);
    const largest = weights.reduce((a, b) => Math.max(a, b), -Infinity);
    weights.forEach((score, s) => (weights[s] = Math.exp(score - largest)));
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((power, s) => (weights[s] = power / sum));
    const both = new Float64Array(E + H);
    for (let s = 0; s < length; s++) for (let k = 0; k < E; k++) both[k]! += weights[s]! * encoder[(s * N + n) * E + k]!;
    result.context.set(both.subarray(0, E), at * E);
    both.set(h, E);
    const output = result.output.subarray(at * A, (at + 1) * A);
    addProduct(output, 0, parameters.weight_c, A, E + H, both, 0);
    output.forEach((sum, a) => (output[a] = Math.tanh(sum)));
  }
  return result;
}

export interface AttentionGradients {
  /** [T,N,H] */ readonly dDecoder: Float64Array;
  /** [S,N,E] 0 past a row's length. */ readonly dEncoder: Float64Array;
  /** By the parameters' names and shapes. */ readonly parameters: Readonly<Record<string, Float64Array>>;
}

/** Gradients for `dOutput` [T,N,A], all in fresh arrays. */
export function attentionBackward(
  sizes: AttentionSizes, parameters: AttentionParameters, decoder: Float64Array, encoder: Float64Array, dOutput: Float64Array,
): AttentionGradients {
  const forward = attentionForward(sizes, parameters, decoder, encoder);
  const { sourceTimeSteps: S, batchSize: N, decoderSize: H, encoderSize: E, outputSize: A } = sizes;
  expectShape('dOutput', dOutput, [sizes.timeSteps, N, A]);
  const { weight_a, weight_c } = parameters;
  const dWeightC = new Float64Array(weight_c.length);
  const dWeightA = new Float64Array(weight_a?.length ?? 0);
  const dDecoder = new Float64Array(decoder.length);
  const dEncoder = new Float64Array(encoder.length);
  for (const { at, n, length, h, query } of rows(sizes, parameters, decoder)) {
    const dSum = dOutput.slice(at * A, (at + 1) * A).map((d, a) => d * (1 - forward.output[at * A + a]! ** 2));
    const both = Float64Array.of(...forward.context.subarray(at * E, (at + 1) * E), ...h);
    addOuterProduct(dWeightC, A, E + H, dSum, 0, both, 0);
    const dBoth = new Float64Array(E + H);
    addTransposedProduct(dBoth, 0, weight_c, A, E + H, dSum, 0);
    const weights = forward.weights.subarray(at * S, at * S + length);
    const dWeights = weights.map((_, s) => {
      let sum = 0;
      for (let k = 0; k < E; k++) sum += dBoth[k]! * encoder[(s * N + n) * E + k]!;
      return sum;
    });
    const mean = weights.reduce((sum, weight, s) => sum + weight * dWeights[s]!, 0);
    const dQuery = new Float64Array(E);
    weights.forEach((weight, s) => {
      const dScore = weight * (dWeights[s]! - mean);
      for (let k = 0; k < E; k++) {
        const from = (s * N + n) * E + k;
        dEncoder[from]! += weight * dBoth[k]! + dScore * query[k]!;
        dQuery[k]! += dScore * encoder[from]!;
      }
    });
    for (let k = 0; k < H; k++) dDecoder[at * H + k]! += dBoth[E + k]!;
    if (weight_a) {
      addOuterProduct(dWeightA, H, E, h, 0, dQuery, 0);
      addProduct(dDecoder, at * H, weight_a, H, E, dQuery, 0);
    } else for (let k = 0; k < H; k++) dDecoder[at * H + k]! += dQuery[k]!;
  }
  return { dDecoder, dEncoder, parameters: { weight_c: dWeightC, ...(weight_a && { weight_a: dWeightA }) } };
}
