// The work that every contender does: the sizes, the seeded weights and the one window of tokens that each step sees.

export interface Config {
  readonly name: string;
  /** V: one-hot input and softmax classes. */
  readonly vocabulary: number;
  /** H, of every layer. */
  readonly hidden: number;
  /** L */
  readonly layers: number;
  /** N */
  readonly batch: number;
  /** T */
  readonly window: number;
}

export const configs: Readonly<Record<string, Config>> = {
  S: { name: 'S', vocabulary: 64, hidden: 128, layers: 1, batch: 32, window: 64 },
  M: { name: 'M', vocabulary: 96, hidden: 256, layers: 2, batch: 32, window: 64 },
};

export const adamOptions = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export interface Workload {
  readonly config: Config;
  /** Float32 in PyTorch's layout, by the reference's names: see `parameterShapes`. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** [N*T+1] the text: row n of the batch reads stream[n*T .. n*T+T), and its targets are one token later. */
  readonly stream: Uint32Array;
  /** [T,N] */
  readonly inputs: Uint32Array;
  /** [T,N] */
  readonly targets: Uint32Array;
}

/** Name to shape: per layer l `recurrent.weight_ih_l{l}` [4H,I], `weight_hh` [4H,H], `bias_ih`, `bias_hh` [4H]; then `linear`. */
export function parameterShapes({ vocabulary, hidden, layers }: Config): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  for (let l = 0; l < layers; l++) {
    shapes[`recurrent.weight_ih_l${l}`] = [4 * hidden, l === 0 ? vocabulary : hidden];
    shapes[`recurrent.weight_hh_l${l}`] = [4 * hidden, hidden];
    shapes[`recurrent.bias_ih_l${l}`] = [4 * hidden];
    shapes[`recurrent.bias_hh_l${l}`] = [4 * hidden];
  }
  shapes['linear.weight'] = [vocabulary, hidden];
  shapes['linear.bias'] = [vocabulary];
  return shapes;
}

/**
 * The same numbers for every contender: uniform tokens, uniform weights in ±2/√H, in ±16/√H for the linear layer. With its
 * usual size the softmax is so near to uniform that the loss hardly tells a right gate from a wrong one; larger recurrent
 * weights would blow rounding errors up instead.
 */
export function createWorkload(config: Config, seed = 42): Workload {
  const { vocabulary, hidden, batch, window } = config;
  const random = uniform(seed);
  const parameters: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    const bound = (name === 'linear.weight' ? 16 : 2) / Math.sqrt(hidden);
    // Engines with one bias a gate take bias_ih and need nothing of bias_hh.
    if (!name.includes('bias_hh')) for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * bound;
    parameters[name] = values;
  }
  // Every token occurs, so that a vocabulary made from the text has V entries.
  const stream = Uint32Array.from({ length: batch * window + 1 }, (_, i) => i < vocabulary ? i : Math.floor(random() * vocabulary));
  const inputs = new Uint32Array(window * batch);
  const targets = new Uint32Array(window * batch);
  for (let t = 0; t < window; t++) {
    for (let n = 0; n < batch; n++) {
      inputs[t * batch + n] = stream[n * window + t]!;
      targets[t * batch + n] = stream[n * window + t + 1]!;
    }
  }
  return { config, parameters, stream, inputs, targets };
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
