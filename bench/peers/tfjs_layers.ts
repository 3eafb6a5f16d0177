// TensorFlow.js as its tutorials use it: tf.layers.lstm, a dense layer, trainOnBatch.

import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import type { Contender } from '../contender.ts';
import type { Workload } from '../workload.ts';
import { kerasWeights, type KerasWeight } from './layout.ts';
import { allocatedBytes, createOptimizer, downloadGradients, oneHotData, openBackend, readScalar } from './tfjs.ts';

const loss = (labels: tf.Tensor, logits: tf.Tensor): tf.Tensor => tf.losses.softmaxCrossEntropy(labels, logits);

class TfjsLayers implements Contender {
  readonly biases = 'one';
  readonly #model: Sequential = sequential();
  readonly #optimizer = createOptimizer();
  #weights: KerasWeight[] = [];
  #batch = 0;
  /** One-hot, both [N,T,V]. */
  #data!: { x: tf.Tensor; y: tf.Tensor };

  async prepare(workload: Workload): Promise<void> {
    const { vocabulary, hiddenSize, timeSteps, batchSize, numLayers } = workload.config;
    for (let l = 0; l < numLayers; l++) {
      this.#model.add(layers.lstm({
        units: hiddenSize, returnSequences: true, recurrentActivation: 'sigmoid', recurrentInitializer: 'zeros', unitForgetBias: false,
        ...l === 0 && { inputShape: [timeSteps, vocabulary] },
      }));
    }
    this.#model.add(layers.dense({ units: vocabulary }));
    this.#model.compile({ optimizer: this.#optimizer, loss });
    this.#weights = kerasWeights(workload);
    tf.tidy(() => this.#model.setWeights(this.#weights.map(({ shape, values }) => tf.tensor(values, shape, 'float32'))));
    this.#data = oneHotData(workload, 'batch-major');
    this.#batch = batchSize;
  }

  async train(steps: number): Promise<number[]> {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) losses.push(await this.#model.trainOnBatch(this.#data.x, this.#data.y) as number);
    return losses;
  }

  async forward(): Promise<number> {
    const { x, y } = this.#data;
    return readScalar(tf.tidy(() => loss(y, this.#model.predict(x, { batchSize: this.#batch }) as tf.Tensor)));
  }

  async gradients(): Promise<Record<string, Float32Array>> {
    const { x, y } = this.#data;
    const variables = this.#model.trainableWeights.map(({ val }) => val);
    const { value, grads } = tf.variableGrads(() => loss(y, this.#model.apply(x, { training: true }) as tf.Tensor), variables);
    value.dispose();
    return downloadGradients(this.#weights, variables.map(({ name }) => grads[name]!));
  }

  bytes(): { bytes: number; what: string } | null {
    return allocatedBytes();
  }

  dispose(): void {
    this.#data.x.dispose();
    this.#data.y.dispose();
    this.#model.dispose();
    this.#optimizer.dispose();
  }
}

export async function createContender(backend: string): Promise<Contender> {
  await openBackend(backend);
  return new TfjsLayers();
}
