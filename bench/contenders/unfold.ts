// Unfold as its README shows it: a character model, its trainer, and the trainer's own evaluation as the forward pass.

import { adam, type Gpu } from '../../src/index.ts';
import { createLanguageModel, createTrainer, type LanguageModel, type Trainer } from '../../src/language.ts';
import { Vocabulary } from '../../src/text.ts';
import type { Contender } from '../contender.ts';
import type { Config } from '../configs.ts';
import { adamOptions, type Workload } from '../workload.ts';

/** A model with the workload's weights. */
export function createWorkloadModel(gpu: Gpu, { config, parameters }: Workload): LanguageModel {
  const model = createLanguageModel(gpu, {
    vocabulary: vocabularyOf(config),
    embedding: 'one-hot',
    layers: Array.from({ length: config.numLayers }, () => ({ cell: 'lstm', hiddenSize: config.hiddenSize })),
  });
  for (const [name, values] of Object.entries(parameters)) model.parameters[ownName(name)]!.write(values);
  return model;
}

/** The symbols do not matter, their number does. */
export const vocabularyOf = ({ vocabulary }: Config): Vocabulary =>
  new Vocabulary(Array.from({ length: vocabulary }, (_, v) => String.fromCodePoint(0x4e00 + v)), 'none');

export const createWorkloadTrainer = (model: LanguageModel, { config: { batchSize, timeSteps } }: Workload): Trainer =>
  createTrainer(model, { optimizer: adam(adamOptions), batchSize, timeSteps });

export class Unfold implements Contender {
  readonly biases = 'two';
  readonly gpu: Gpu;
  #model!: LanguageModel;
  trainer!: Trainer;
  /** One window long, so every step is the start of an epoch, from a zero state. */
  #text!: { tokens: Uint32Array };

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  async prepare(workload: Workload): Promise<void> {
    this.#model = createWorkloadModel(this.gpu, workload);
    this.trainer = createWorkloadTrainer(this.#model, workload);
    this.#text = { tokens: workload.stream };
  }

  async train(steps: number): Promise<number[]> {
    const losses: number[] = [];
    for await (const { loss } of this.trainer.run(this.#text, { steps })) losses.push(loss);
    return losses;
  }

  async forward(): Promise<number> {
    return (await this.trainer.evaluate(this.#text)).loss;
  }

  /** Those of a training step that is undone. */
  async gradients(): Promise<Record<string, Float32Array>> {
    const before = await this.trainer.checkpoint();
    await this.train(1);
    const names = Object.keys(this.#model.gradients);
    const values = await Promise.all(names.map((name) => this.#model.gradients[name]!.read()));
    this.trainer.restore(before);
    return Object.fromEntries(names.map((name, k) => [benchName(name), values[k]!]));
  }

  bytes(): { bytes: number; what: string } {
    return { bytes: this.trainer.memory.totalBytes, what: 'memory plan of a training step' };
  }

  dispose(): void {
    this.gpu.destroy();
  }
}

const ownName = (name: string): string => name.replace(/^recurrent\./, '').replace(/^linear\./, 'head.');
const benchName = (name: string): string => name.startsWith('head.') ? name.replace('head.', 'linear.') : `recurrent.${name}`;
