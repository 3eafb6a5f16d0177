// The parts of TensorFlow.js that the benchmark calls. The packages are installed by the benchmark alone, and the rest of the
// repository type-checks without them.

declare module '@tensorflow/tfjs-core' {
  export interface Tensor {
    readonly shape: number[];
    data(): Promise<Float32Array>;
    dispose(): void;
  }
  export interface Variable extends Tensor {
    readonly name: string;
  }
  export interface Optimizer {
    minimize(loss: () => Tensor, returnCost: boolean, variables?: Variable[]): Tensor | null;
    dispose(): void;
  }
  export const train: { adam(rate: number, beta1: number, beta2: number, epsilon: number): Optimizer };
  export const losses: { softmaxCrossEntropy(oneHotLabels: Tensor, logits: Tensor, weights?: Tensor): Tensor };
  export function setBackend(name: string): Promise<boolean>;
  export function getBackend(): string;
  export function ready(): Promise<void>;
  export function tensor(values: Float32Array, shape: number[], dtype: 'float32'): Tensor;
  export function variable(initial: Tensor, trainable?: boolean, name?: string): Variable;
  export function zeros(shape: number[]): Tensor;
  export function tidy<R>(run: () => R): R;
  export function keep(tensor: Tensor): Tensor;
  export function variableGrads(run: () => Tensor, variables: Variable[]): { value: Tensor; grads: Record<string, Tensor> };
  export function add(a: Tensor, b: Tensor): Tensor;
  export function mul(a: Tensor, b: Tensor): Tensor;
  export function matMul(a: Tensor, b: Tensor): Tensor;
  export function sigmoid(a: Tensor): Tensor;
  export function tanh(a: Tensor): Tensor;
  export function concat(tensors: Tensor[], axis: number): Tensor;
  export function memory(): { numBytesAllocatedInGPU?: number; numBytesInGPUAllocated?: number };
  export function split(a: Tensor, parts: number, axis: number): Tensor[];
}

declare module '@tensorflow/tfjs-core/dist/register_all_gradients';

declare module '@tensorflow/tfjs-layers' {
  import type { Optimizer, Tensor, Variable } from '@tensorflow/tfjs-core';
  export interface Layer { readonly name: string }
  export interface Sequential {
    readonly trainableWeights: { readonly val: Variable }[];
    add(layer: Layer): void;
    setWeights(weights: Tensor[]): void;
    compile(options: { optimizer: Optimizer; loss: (labels: Tensor, outputs: Tensor) => Tensor }): void;
    trainOnBatch(inputs: Tensor, labels: Tensor): Promise<number | number[]>;
    predict(inputs: Tensor, options?: { batchSize?: number }): Tensor | Tensor[];
    apply(inputs: Tensor, options?: { training?: boolean }): Tensor | Tensor[];
    dispose(): void;
  }
  export function sequential(): Sequential;
  export const layers: {
    lstm(options: {
      units: number; returnSequences: boolean; recurrentActivation: 'sigmoid'; inputShape?: number[];
      recurrentInitializer: 'zeros'; unitForgetBias: boolean;
    }): Layer;
    dense(options: { units: number }): Layer;
  };
}

declare module '@tensorflow/tfjs-backend-wasm' {
  export function setWasmPaths(prefix: string): void;
}
declare module '@tensorflow/tfjs-backend-webgl';
declare module '@tensorflow/tfjs-backend-webgpu';
declare module '@tensorflow/tfjs-backend-cpu';
