// What both formulations in TensorFlow.js share: the backend, the optimizer, the data, and the border to PyTorch's layouts.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { adamOptions, maskOf, type Workload } from '../workload.ts';
import { fromKeras, type KerasWeight } from './layout.ts';

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
  tf.train.adam(adamOptions.learningRate, adamOptions.beta1, adamOptions.beta2, adamOptions.epsilon);

/**
 * One-hot inputs and labels, `[rows,V]` with rows time-major, `[N,T,V]` for `order` 'batch-major'. They are float32 and made
 * on the host: what `tf.oneHot` gives on the webgpu backend stays typed int32, and the kernels behind it do not compile.
 */
export function oneHotData({ config, inputs, targets }: Workload, order: 'time-major' | 'batch-major'): { x: tf.Tensor; y: tf.Tensor } {
  const { vocabulary, batchSize, timeSteps } = config;
  const shape = order === 'time-major' ? [timeSteps * batchSize, vocabulary] : [batchSize, timeSteps, vocabulary];
  const make = (tokens: Uint32Array): tf.Tensor => {
    const values = new Float32Array(tokens.length * vocabulary);
    for (let t = 0; t < timeSteps; t++) {
      for (let n = 0; n < batchSize; n++) {
        const row = order === 'time-major' ? t * batchSize + n : n * timeSteps + t;
        values[row * vocabulary + tokens[t * batchSize + n]!] = 1;
      }
    }
    return tf.tensor(values, shape, 'float32');
  };
  return { x: make(inputs), y: make(targets) };
}

/** Downloads gradients given in the order of `weights` back into the workload's names and layouts, and disposes of them. */
export async function downloadGradients(weights: readonly KerasWeight[], gradients: readonly tf.Tensor[]): Promise<Record<string, Float32Array>> {
  const result: Record<string, Float32Array> = {};
  for (const [k, weight] of weights.entries()) {
    const values = await gradients[k]!.data();
    gradients[k]!.dispose();
    result[weight.name] = fromKeras(weight, values);
  }
  return result;
}

export async function readScalar(scalar: tf.Tensor): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}

/** [T*N] what each row of the loss weighs, or undefined where all count. */
export const weightsOf = (workload: Workload): tf.Tensor | undefined =>
  workload.config.ragged ? tf.tensor(maskOf(workload), [workload.targets.length], 'float32') : undefined;

/** What the backend says of its buffers; the pools of both never shrink. Null for backends without a GPU. */
export function allocatedBytes(): { bytes: number; what: string } | null {
  const { numBytesAllocatedInGPU, numBytesInGPUAllocated } = tf.memory();
  const bytes = numBytesAllocatedInGPU ?? numBytesInGPUAllocated;
  return bytes === undefined ? null : { bytes, what: 'allocated on the GPU, by tf.memory()' };
}
