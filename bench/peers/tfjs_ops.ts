// TensorFlow.js by hand: raw operations, the input products of all steps in one matrix product before the time loop.

import * as tf from '@tensorflow/tfjs-core';
import type { Contender, StreamResult } from '../contender.ts';
import { directionsOf, maskOf, oneHot, type Workload } from '../workload.ts';
import { kerasWeights, type KerasWeight } from './layout.ts';
import { allocatedBytes, createOptimizer, downloadGradients, oneHotData, openBackend, readScalar, weightsOf } from './tfjs.ts';

/** Divides every window. */
const PARTS = 8;

type State = readonly [h: tf.Tensor, c: tf.Tensor];
/** Kernel [I,4H], recurrent kernel [H,4H], bias [4H]. */
type Layer = readonly [tf.Variable, tf.Variable, tf.Variable];

class TfjsOps implements Contender {
  readonly biases = 'one';
  readonly #optimizer = createOptimizer();
  #workload!: Workload;
  #weights: KerasWeight[] = [];
  #variables: tf.Variable[] = [];
  /** One-hot, both [T*N,V], rows time-major; the mask's steps [N,1], where rows have lengths. */
  #data!: { x: tf.Tensor; y: tf.Tensor; rowWeights: tf.Tensor | undefined; mask: tf.Tensor[] };
  /** [1,V] each, of a stream. */
  #tokens: tf.Tensor[] = [];

  async prepare(workload: Workload): Promise<void> {
    const { config: { timeSteps, batchSize, vocabulary, ragged, measures } } = workload;
    this.#workload = workload;
    this.#weights = kerasWeights(workload);
    this.#variables = this.#weights.map(({ shape, values, name }) => tf.tidy(() => tf.variable(tf.tensor(values, shape, 'float32'), true, name)));
    const mask = maskOf(workload);
    this.#data = {
      ...oneHotData(workload, 'time-major'),
      rowWeights: weightsOf(workload),
      mask: ragged ? Array.from({ length: timeSteps }, (_, t) => tf.tensor(mask.slice(t * batchSize, (t + 1) * batchSize), [batchSize, 1], 'float32')) : [],
    };
    if (measures.includes('queued')) this.#tokens = Array.from(workload.inputs, (token) => tf.tensor(oneHot([token], vocabulary), [1, vocabulary], 'float32'));
  }

  async train(steps: number): Promise<number[]> {
    const losses: tf.Tensor[] = [];
    for (let step = 0; step < steps; step++) losses.push(this.#optimizer.minimize(() => this.#loss(), true, this.#variables)!);
    return Promise.all(losses.map(readScalar));
  }

  async forward(): Promise<number> {
    return readScalar(tf.tidy(() => this.#loss()));
  }

  async gradients(): Promise<Record<string, Float32Array>> {
    const { value, grads } = tf.variableGrads(() => this.#loss(), this.#variables);
    value.dispose();
    return downloadGradients(this.#weights, this.#variables.map(({ name }) => grads[name]!));
  }

  async stream(tokens: number, readback: boolean): Promise<StreamResult> {
    const logits: Float32Array[] = [];
    let states = this.#zeroStates();
    for (let k = 0; k < tokens; k++) {
      const first = k % this.#tokens.length === 0;
      if (first && k > 0) {
        for (const tensor of states.flat()) tensor.dispose();
        states = this.#zeroStates();
      }
      const next = tf.tidy(() => this.#token(this.#tokens[k % this.#tokens.length]!, states));
      for (const tensor of states.flat()) tensor.dispose();
      states = next.states;
      if (readback || k === tokens - 1) logits.push(await next.logits.data());
      next.logits.dispose();
    }
    for (const tensor of states.flat()) tensor.dispose();
    return { logits };
  }

  #zeroStates(): State[] {
    const { numLayers, hiddenSize } = this.#workload.config;
    return Array.from({ length: numLayers }, () => [tf.zeros([1, hiddenSize]), tf.zeros([1, hiddenSize])]);
  }

  #token(token: tf.Tensor, states: readonly State[]): { logits: tf.Tensor; states: State[] } {
    let x = token;
    const next = states.map((state, l) => {
      const [weightIh, weightHh, bias] = this.#layer(l, 0);
      const after = step(tf.add(tf.matMul(x, weightIh), bias), state, weightHh);
      x = after[0];
      return after;
    });
    return { logits: this.#head(x), states: next };
  }

  #layer(l: number, direction: number): Layer {
    const at = 3 * (directionsOf(this.#workload.config).length * l + direction);
    return this.#variables.slice(at, at + 3) as unknown as Layer;
  }

  #head(x: tf.Tensor): tf.Tensor {
    const [weight, bias] = this.#variables.slice(-2) as [tf.Variable, tf.Variable];
    return tf.add(tf.matMul(x, weight), bias);
  }

  #loss(): tf.Tensor {
    const { config } = this.#workload;
    let { x } = this.#data;
    for (let l = 0; l < config.numLayers; l++) {
      const outputs = directionsOf(config).map((suffix, d) => this.#unfold(x, this.#layer(l, d), suffix !== ''));
      x = outputs.length === 1 ? outputs[0]! : tf.concat(outputs, 1);
    }
    return tf.losses.softmaxCrossEntropy(this.#data.y, this.#head(x), this.#data.rowWeights);
  }

  /** [T*N,I] → [T*N,H]. In reverse a row's state stays zero until its own last element comes; forward, what lies past it reaches no loss. */
  #unfold(x: tf.Tensor, [weightIh, weightHh, bias]: Layer, reverse: boolean): tf.Tensor {
    const { hiddenSize, batchSize, timeSteps } = this.#workload.config;
    // T pieces of [N,4H]. Split in two stages: the wasm backend copies the whole of its input for every piece it cuts off.
    const wx = tf.split(tf.add(tf.matMul(x, weightIh), bias), PARTS, 0).flatMap((part) => tf.split(part, timeSteps / PARTS, 0));
    let state: State = [tf.zeros([batchSize, hiddenSize]), tf.zeros([batchSize, hiddenSize])];
    const outputs: tf.Tensor[] = [];
    for (let k = 0; k < timeSteps; k++) {
      const t = reverse ? timeSteps - 1 - k : k;
      state = step(wx[t]!, state, weightHh);
      const mask = reverse ? this.#data.mask[t] : undefined;
      if (mask) state = [tf.mul(state[0], mask), tf.mul(state[1], mask)];
      outputs[t] = state[0];
    }
    return tf.concat(outputs, 0);
  }

  bytes(): { bytes: number; what: string } | null {
    return allocatedBytes();
  }

  dispose(): void {
    const { x, y, rowWeights, mask } = this.#data;
    for (const tensor of [x, y, ...(rowWeights ? [rowWeights] : []), ...mask, ...this.#tokens, ...this.#variables]) tensor.dispose();
    this.#optimizer.dispose();
  }
}

/** One step of an LSTM from its input side [N,4H]. */
function step(input: tf.Tensor, [h, c]: State, weightHh: tf.Tensor): State {
  const [i, f, g, o] = tf.split(tf.add(input, tf.matMul(h, weightHh)), 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const next = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
  return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
}

export async function createContender(backend: string): Promise<Contender> {
  await openBackend(backend);
  return new TfjsOps();
}
