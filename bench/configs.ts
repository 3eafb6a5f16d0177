// What is timed: the configurations, their useful operations, and what the engine is expected to reach over each peer.

/** `queued` and `readback` are microseconds a token of a stream, `cold` is from opening the device to the first loss; the others a step or pass. */
export type Measure = 'train' | 'forward' | 'queued' | 'readback' | 'cold';

export interface Config {
  readonly name: string;
  /** V: one-hot input and softmax classes. */
  readonly vocabulary: number;
  /** H, of every layer. */
  readonly hiddenSize: number;
  /** L */
  readonly numLayers: number;
  /** N */
  readonly batchSize: number;
  /** T; for a stream the tokens that are checked. */
  readonly timeSteps: number;
  /** Both directions, side by side. */
  readonly bidirectional: boolean;
  /** Rows have lengths, uniform from 1 to T. */
  readonly ragged: boolean;
  readonly measures: readonly Measure[];
}

const base = { bidirectional: false, ragged: false, measures: ['train', 'forward'] } as const;

/** `round` is what `odd` is compared with, and is timed with it. */
export const configs = {
  S: { ...base, name: 'S', vocabulary: 64, hiddenSize: 128, numLayers: 1, batchSize: 32, timeSteps: 64, measures: ['train', 'forward', 'cold'] },
  M: { ...base, name: 'M', vocabulary: 96, hiddenSize: 256, numLayers: 2, batchSize: 32, timeSteps: 64 },
  D: { ...base, name: 'D', vocabulary: 64, hiddenSize: 64, numLayers: 4, batchSize: 16, timeSteps: 64 },
  B: { ...base, name: 'B', vocabulary: 64, hiddenSize: 128, numLayers: 1, batchSize: 32, timeSteps: 64, bidirectional: true, ragged: true },
  long: { ...base, name: 'long', vocabulary: 64, hiddenSize: 32, numLayers: 1, batchSize: 8, timeSteps: 256 },
  stream: { ...base, name: 'stream', vocabulary: 96, hiddenSize: 256, numLayers: 2, batchSize: 1, timeSteps: 128, measures: ['queued', 'readback'] },
  odd: { ...base, name: 'odd', vocabulary: 64, hiddenSize: 130, numLayers: 1, batchSize: 7, timeSteps: 33 },
  round: { ...base, name: 'round', vocabulary: 64, hiddenSize: 128, numLayers: 1, batchSize: 8, timeSteps: 32 },
} as const satisfies Record<string, Config>;

export type ConfigName = keyof typeof configs;

/** @throws RangeError for a name that there is not. */
export function configNamed(name: string): Config {
  if (!Object.hasOwn(configs, name)) throw new RangeError(`there is no configuration '${name}'; choose from ${Object.keys(configs).join(', ')}`);
  return configs[name as ConfigName];
}

/** V=64 H=128 L=1 N=32 T=64 */
export function describeConfig({ vocabulary, hiddenSize, numLayers, batchSize, timeSteps, bidirectional, ragged }: Config): string {
  return `V=${vocabulary} H=${hiddenSize} L=${numLayers} N=${batchSize} T=${timeSteps}${bidirectional ? ', bidirectional' : ''}${ragged ? ', lengths 1 to T' : ''}`;
}

/**
 * Floating-point operations that a step or pass cannot do without: two a multiply-add of the matrix products, with one-hot rows
 * gathered and not multiplied, padding left out. `rows` are the tokens that count, T·N without lengths. Training is three times
 * a forward pass: each product has two more behind it.
 */
export function usefulOperations({ vocabulary, hiddenSize, numLayers, bidirectional }: Config, measure: 'train' | 'forward', rows: number): number {
  const D = bidirectional ? 2 : 1;
  let multiplyAdds = D * hiddenSize * vocabulary;
  for (let l = 0; l < numLayers; l++) multiplyAdds += D * 4 * hiddenSize * (hiddenSize + (l === 0 ? 0 : D * hiddenSize));
  return 2 * rows * multiplyAdds * (measure === 'train' ? 3 : 1);
}

/** The least ratio of a peer's time over ours on the software adapter, by configuration and measure. */
export const ratioGates: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'S train': { 'tfjs-wasm': 5, 'tfjs-webgl': 4.5, 'tfjs-webgpu': 30, 'jax-wasm': 1.7, 'jax-webgpu': 9 },
  'M train': { 'tfjs-wasm': 4.5, 'tfjs-webgl': 2.4, 'tfjs-webgpu': 20, 'jax-wasm': 0.7, 'jax-webgpu': 5 },
  'S forward': { 'tfjs-wasm': 2, 'tfjs-webgl': 4, 'tfjs-webgpu': 22, 'jax-wasm': 1.5, 'jax-webgpu': 6 },
  'M forward': { 'tfjs-wasm': 0.9, 'tfjs-webgl': 2.4, 'tfjs-webgpu': 16, 'jax-wasm': 0.5, 'jax-webgpu': 4 },
  'stream queued': { 'tfjs-webgl': 10, 'tfjs-webgpu': 60 },
};

/** What is asked of the engine alone. */
export const ownGates = {
  /** S from a cold start to the first loss, at most, in ms. */
  cold: 3000,
  /** `odd` over `round`, time for a useful operation, at most. */
  odd: 1.25,
  /** Training's share of the adapter's multiply-add peak and of the engine's best matrix product, at least. */
  ofPeak: 0.2,
  ofMatmul: 0.8,
} as const;
