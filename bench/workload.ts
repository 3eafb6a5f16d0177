// The work that every contender does: the seeded weights and the one window of tokens that each step sees.

import type { Config } from './configs.ts';

export const adamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export interface Workload {
  readonly config: Config;
  /** Float32 in PyTorch's layout: see `parameterShapes`. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** [N*T+1] the text: row n of the batch reads stream[n*T .. n*T+T), and its targets are one token later. */
  readonly stream: Uint32Array;
  /** [T,N] */
  readonly inputs: Uint32Array;
  /** [T,N]; what lies past a row's length counts for nothing. */
  readonly targets: Uint32Array;
  /** [N] */
  readonly lengths: Uint32Array;
}

/**
 * Name to shape: per layer l `recurrent.weight_ih_l{l}` [4H,I], `weight_hh` [4H,H], `bias_ih`, `bias_hh` [4H], each again with the
 * suffix `_reverse` where there are two directions; then `linear.weight` [V,D*H] and `linear.bias` [V].
 */
export function parameterShapes({ vocabulary, hiddenSize, numLayers, bidirectional }: Config): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  const columns = (bidirectional ? 2 : 1) * hiddenSize;
  for (let l = 0; l < numLayers; l++) {
    for (const suffix of directionsOf({ bidirectional })) {
      shapes[`recurrent.weight_ih_l${l}${suffix}`] = [4 * hiddenSize, l === 0 ? vocabulary : columns];
      shapes[`recurrent.weight_hh_l${l}${suffix}`] = [4 * hiddenSize, hiddenSize];
      shapes[`recurrent.bias_ih_l${l}${suffix}`] = [4 * hiddenSize];
      shapes[`recurrent.bias_hh_l${l}${suffix}`] = [4 * hiddenSize];
    }
  }
  shapes['linear.weight'] = [vocabulary, columns];
  shapes['linear.bias'] = [vocabulary];
  return shapes;
}

/** PyTorch's suffix of each direction. */
export const directionsOf = ({ bidirectional }: Pick<Config, 'bidirectional'>): readonly string[] => (bidirectional ? ['', '_reverse'] : ['']);

/**
 * The same numbers for every contender: uniform tokens, uniform weights in ±2/√H, in ±16/√H for the linear layer. With its
 * usual size the softmax is so near to uniform that the loss hardly tells a right gate from a wrong one; larger recurrent
 * weights would blow rounding errors up instead.
 */
export function createWorkload(config: Config, seed = 42): Workload {
  const { vocabulary, hiddenSize, batchSize, timeSteps } = config;
  const random = uniform(seed);
  const parameters: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    const bound = (name === 'linear.weight' ? 16 : 2) / Math.sqrt(hiddenSize);
    // Engines with one bias a gate take bias_ih and need nothing of bias_hh.
    if (!name.includes('bias_hh')) for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * bound;
    parameters[name] = values;
  }
  // Every token occurs where there is room, so that a vocabulary made from the text has V entries.
  const stream = Uint32Array.from({ length: batchSize * timeSteps + 1 }, (_, i) => i < vocabulary ? i : Math.floor(random() * vocabulary));
  const inputs = new Uint32Array(timeSteps * batchSize);
  const targets = new Uint32Array(timeSteps * batchSize);
  for (let t = 0; t < timeSteps; t++) {
    for (let n = 0; n < batchSize; n++) {
      inputs[t * batchSize + n] = stream[n * timeSteps + t]!;
      targets[t * batchSize + n] = stream[n * timeSteps + t + 1]!;
    }
  }
  const lengths = Uint32Array.from({ length: batchSize }, () => (config.ragged ? 1 + Math.floor(random() * timeSteps) : timeSteps));
  return { config, parameters, stream, inputs, targets, lengths };
}

/** [T,N] 1 within a row's length, 0 past it. */
export function maskOf({ config: { timeSteps, batchSize }, lengths }: Workload): Float32Array {
  return Float32Array.from({ length: timeSteps * batchSize }, (_, k) => Number(Math.floor(k / batchSize) < lengths[k % batchSize]!));
}

/** Tokens that count. */
export const usefulRows = ({ lengths }: Workload): number => lengths.reduce((a, b) => a + b, 0);

/** One-hot float32 rows [tokens,V], made on the host. */
export function oneHot(tokens: ArrayLike<number>, vocabulary: number): Float32Array {
  const values = new Float32Array(tokens.length * vocabulary);
  for (let row = 0; row < tokens.length; row++) values[row * vocabulary + tokens[row]!] = 1;
  return values;
}

/** [rows,columns] → [columns,rows] */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}

/** Uniform numbers in [0, 1): xorshift32, started away from zero. */
export function uniform(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
