// The parts of ONNX Runtime Web that the benchmark calls; both entries have the same names.

declare module 'onnxruntime-web/wasm' {
  export class Tensor {
    constructor(type: 'float32', data: Float32Array, shape: readonly number[]);
    constructor(type: 'int32', data: Int32Array, shape: readonly number[]);
    readonly data: unknown;
    dispose(): void;
  }
  export interface InferenceSession {
    run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
    release(): Promise<void>;
  }
  export const InferenceSession: {
    create(model: Uint8Array, options: { executionProviders: string[]; logSeverityLevel: number }): Promise<InferenceSession>;
  };
  export const env: { wasm: { wasmPaths?: string } };
}

declare module 'onnxruntime-web/webgpu' {
  export * from 'onnxruntime-web/wasm';
}
