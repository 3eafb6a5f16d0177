// TensorFlow.js by hand: raw operations, the input products of all steps in one matrix product before the time loop.

import * as tf from '@tensorflow/tfjs-core';
import type { Contender } from '../contender.ts';
import type { Config, Workload } from '../workload.ts';
import { createOptimizer, downloadGradients, kerasWeights, oneHotData, openBackend, readScalar, type KerasWeight } from './tfjs.ts';

/** Divides every configuration's window. */
const PARTS = 8;

class TfjsOps implements Contender {
  readonly biases = 'one';
  readonly #optimizer = createOptimizer();
  #config!: Config;
  #weights: KerasWeight[] = [];
  #variables: tf.Variable[] = [];
  /** One-hot, both [T*N,V], rows time-major. */
  #data!: { x: tf.Tensor; y: tf.Tensor };

  async prepare(workload: Workload): Promise<void> {
    this.#config = workload.config;
    this.#weights = kerasWeights(workload);
    this.#variables = this.#weights.map(({ shape, values, name }) => tf.tidy(() => tf.variable(tf.tensor(values, shape, 'float32'), true, name)));
    this.#data = oneHotData(workload, 'time-major');
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

  #loss(): tf.Tensor {
    const { layers, hidden, batch, window } = this.#config;
    let x = this.#data.x;
    for (let l = 0; l < layers; l++) {
      const [weightIh, weightHh, bias] = this.#variables.slice(3 * l, 3 * l + 3) as [tf.Variable, tf.Variable, tf.Variable];
      // T pieces of [N,4H]. Split in two stages: the wasm backend copies the whole of its input for every piece it cuts off.
      const wx = tf.split(tf.add(tf.matMul(x, weightIh), bias), PARTS, 0).flatMap((part) => tf.split(part, window / PARTS, 0));
      let h = tf.zeros([batch, hidden]);
      let c = tf.zeros([batch, hidden]);
      const outputs: tf.Tensor[] = [];
      for (const input of wx) {
        const [i, f, g, o] = tf.split(tf.add(input, tf.matMul(h, weightHh)), 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
        h = tf.mul(tf.sigmoid(o), tf.tanh(c));
        outputs.push(h);
      }
      // [T*N,H]
      x = tf.concat(outputs, 0);
    }
    const [weight, bias] = this.#variables.slice(-2) as [tf.Variable, tf.Variable];
    return tf.losses.softmaxCrossEntropy(this.#data.y, tf.add(tf.matMul(x, weight), bias));
  }

  dispose(): void {
    this.#data.x.dispose();
    this.#data.y.dispose();
    for (const variable of this.#variables) variable.dispose();
    this.#optimizer.dispose();
  }
}

export async function createContender(backend: string): Promise<Contender> {
  await openBackend(backend);
  return new TfjsOps();
}
