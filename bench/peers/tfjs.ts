// What both formulations in TensorFlow.js share: the backend, the optimizer, the data, and the border to PyTorch's layouts.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { adamOptions, parameterShapes, type Workload } from '../workload.ts';

const backends: Readonly<Record<string, () => Promise<unknown>>> = {
  wasm: async () => (await import('@tensorflow/tfjs-backend-wasm'))
    .setWasmPaths('/bench/node_modules/@tensorflow/tfjs-backend-wasm/dist/'),
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

/** Throws an Error for a backend that there is not, or that does not start here. */
export async function openBackend(name: string): Promise<void> {
  const load = backends[name];
  if (!load) throw new Error(`TensorFlow.js has no backend '${name}' here; choose from ${Object.keys(backends).join(', ')}`);
  await load();
  const started = await tf.setBackend(name);
  await tf.ready();
  if (!started || tf.getBackend() !== name) throw new Error(`the ${name} backend of TensorFlow.js did not start in this browser`);
}

/** Epsilon is given because its default there depends on the backend. */
export const createOptimizer = (): tf.Optimizer =>
  tf.train.adam(adamOptions.rate, adamOptions.beta1, adamOptions.beta2, adamOptions.epsilon);

/**
 * One-hot inputs and labels, `[rows,V]` with rows time-major, `[N,T,V]` for `order` 'batch-major'. They are float32 and made
 * on the host: what `tf.oneHot` gives on the webgpu backend stays typed int32, and the kernels behind it do not compile.
 */
export function oneHotData({ config, inputs, targets }: Workload, order: 'time-major' | 'batch-major'): { x: tf.Tensor; y: tf.Tensor } {
  const { vocabulary, batch, window } = config;
  const shape = order === 'time-major' ? [window * batch, vocabulary] : [batch, window, vocabulary];
  const make = (tokens: Uint32Array): tf.Tensor => {
    const values = new Float32Array(tokens.length * vocabulary);
    for (let t = 0; t < window; t++) {
      for (let n = 0; n < batch; n++) {
        const row = order === 'time-major' ? t * batch + n : n * window + t;
        values[row * vocabulary + tokens[t * batch + n]!] = 1;
      }
    }
    return tf.tensor(values, shape, 'float32');
  };
  return { x: make(inputs), y: make(targets) };
}

/** A parameter as Keras keeps it: matrices transposed, gates in the same order (i f c o is i f g o), one bias. */
export interface KerasWeight { readonly name: string; readonly shape: number[]; readonly values: Float32Array }

/** In the order of a Keras model's weights: kernel [I,4H], recurrent kernel [H,4H], bias [4H] a layer; dense [H,V], [V]. */
export function kerasWeights({ config, parameters }: Workload): KerasWeight[] {
  return Object.entries(parameterShapes(config)).filter(([name]) => !name.includes('bias_hh')).map(([name, shape]) => {
    const values = parameters[name]!;
    const [rows, columns] = shape;
    return columns === undefined
      ? { name, shape: [rows!], values }
      : { name, shape: [columns, rows!], values: transpose(values, rows!, columns) };
  });
}

/** Downloads gradients given in the order of `weights` back into the workload's names and layouts, and disposes of them. */
export async function downloadGradients(weights: readonly KerasWeight[], gradients: readonly tf.Tensor[]): Promise<Record<string, Float32Array>> {
  const result: Record<string, Float32Array> = {};
  for (const [k, { name, shape }] of weights.entries()) {
    const values = await gradients[k]!.data();
    gradients[k]!.dispose();
    result[name] = shape.length === 1 ? values : transpose(values, shape[0]!, shape[1]!);
  }
  return result;
}

/** [rows,columns] → [columns,rows] */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}

export async function readScalar(scalar: tf.Tensor): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}
