// Who takes part: the peers by name, and how each of them does a configuration, if it can.

import type { Config, Measure } from './configs.ts';

/** By host: what runs in a page of the browser, and what runs beside the engine in Node. */
export const PEERS = ['tfjs-wasm', 'tfjs-webgl', 'tfjs-webgpu', 'tfjs-cpu', 'jax-wasm', 'jax-webgpu', 'ort-wasm', 'ort-webgpu'] as const;
export const NATIVE_PEERS = ['torch-fp32', 'torch-fp16'] as const;
/** Not timed unless asked for: nobody would choose it. */
const LEFT_OUT: readonly string[] = ['tfjs-cpu'];
export const DEFAULT_PEERS: readonly string[] = PEERS.filter((peer) => !LEFT_OUT.includes(peer));

/**
 * The names of a peer's contenders: 'tfjs-wasm ops' and 'tfjs-wasm layers' where it has two formulations, of which the better counts.
 * Empty where it cannot do the configuration: the layers of TensorFlow.js take no lengths.
 */
export function contendersOf(peer: string, config: Config): string[] {
  if (config.name === 'odd' || config.name === 'round') return [];
  if (!peer.startsWith('tfjs-')) return [peer];
  return config.ragged || config.measures.includes('queued') ? [`${peer} ops`] : [`${peer} ops`, `${peer} layers`];
}

/** ONNX Runtime Web only infers. */
export const canDo = (contender: string, measure: Measure): boolean => measure !== 'train' || !contender.startsWith('ort-');

/** What a cold start ends with: the first step of those that train, the first pass of those that do not. */
export const firstWork = (contender: string): 'train' | 'forward' => (canDo(contender, 'train') ? 'train' : 'forward');

/** 'tfjs-wasm ops' → 'tfjs-wasm' */
export const peerOf = (contender: string): string => contender.split(' ')[0]!;
