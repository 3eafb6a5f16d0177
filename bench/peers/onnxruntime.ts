// ONNX Runtime Web: inference of the same model by its LSTM operator. It does not train.

import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import type { Contender, StreamResult } from '../contender.ts';
import { oneHot, type Workload } from '../workload.ts';
import { onnxCharacterModel } from './onnx_model.ts';

type Runtime = typeof import('onnxruntime-web/wasm');
/** Errors alone: that nodes are left to the CPU is known, and said in the table. */
const ERRORS = 3;

class OnnxRuntime implements Contender {
  readonly biases = 'two';
  readonly #runtime: Runtime;
  readonly #provider: string;
  #workload!: Workload;
  #session!: InferenceSession;
  #feeds: Record<string, Tensor> = {};
  /** [1,1,V] each, of a stream. */
  #tokens: Tensor[] = [];

  constructor(runtime: Runtime, provider: string) {
    this.#runtime = runtime;
    this.#provider = provider;
  }

  async prepare(workload: Workload): Promise<void> {
    const { config: { vocabulary, timeSteps, batchSize, ragged, measures }, inputs, lengths } = workload;
    const { Tensor, InferenceSession } = this.#runtime;
    const states = measures.includes('queued');
    this.#workload = workload;
    this.#session = await InferenceSession.create(onnxCharacterModel(workload, { states }), { executionProviders: [this.#provider], logSeverityLevel: ERRORS });
    if (states) this.#tokens = Array.from(inputs, (token) => new Tensor('float32', oneHot([token], vocabulary), [1, 1, vocabulary]));
    else this.#feeds.x = new Tensor('float32', oneHot(inputs, vocabulary), [timeSteps, batchSize, vocabulary]);
    if (ragged) this.#feeds.lengths = new Tensor('int32', Int32Array.from(lengths), [batchSize]);
  }

  async forward(): Promise<Float32Array> {
    const { logits } = await this.#session.run(this.#feeds);
    return logits!.data as Float32Array;
  }

  /** Every run gives its results to the host, so queued tokens are no different. */
  async stream(tokens: number, readback: boolean): Promise<StreamResult> {
    const { numLayers, hiddenSize } = this.#workload.config;
    const { Tensor } = this.#runtime;
    const zeros = (): Record<string, Tensor> => Object.fromEntries(Array.from({ length: numLayers }, (_, l) => [`h${l}`, `c${l}`]).flat()
      .map((name) => [name, new Tensor('float32', new Float32Array(hiddenSize), [1, 1, hiddenSize])]));
    const logits: Float32Array[] = [];
    let states = zeros();
    for (let k = 0; k < tokens; k++) {
      const at = k % this.#tokens.length;
      if (k > 0 && at === 0) states = zeros();
      const results = await this.#session.run({ x: this.#tokens[at]!, ...states });
      states = Object.fromEntries(Object.keys(states).map((name) => [name, results[name.replace(/^./, '$&n')]!]));
      if (readback || k === tokens - 1) logits.push(results.logits!.data as Float32Array);
    }
    return { logits };
  }

  dispose(): void {
    void this.#session.release();
  }
}

export async function createContender(provider: string): Promise<Contender> {
  const runtime = provider === 'wasm' ? await import('onnxruntime-web/wasm') : await import('onnxruntime-web/webgpu') as Runtime;
  runtime.env.wasm.wasmPaths = '/bench/node_modules/onnxruntime-web/dist/';
  return new OnnxRuntime(runtime, provider);
}
