// Unfold from operators, where the model has no place for the structure: both directions, rows with lengths.

import {
  adam, createLinear, createLoss, createRecurrent, createOptimizer, type Gpu, type Linear, type LinearPlan, type Loss, type Recurrent, type RecurrentPlan, type Optimizer,
} from '../../src/index.ts';
import type { Contender } from '../contender.ts';
import { adamOptions, oneHot, type Workload } from '../workload.ts';

/** Results are read so many steps later, so that the GPU never waits for the host. */
const IN_FLIGHT = 2;

export class UnfoldOperators implements Contender {
  readonly biases = 'two';
  readonly gpu: Gpu;
  #workload!: Workload;
  /** [T,N,V] */
  #input!: Float32Array;
  #recurrent!: Recurrent;
  #linear!: Linear;
  #plans!: { readonly training: RecurrentPlan; readonly forward: RecurrentPlan; readonly head: LinearPlan };
  #loss!: Loss;
  #optimizer!: Optimizer;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  async prepare(workload: Workload): Promise<void> {
    const { config: { vocabulary, hiddenSize, numLayers, timeSteps, batchSize, bidirectional, ragged }, parameters, inputs } = workload;
    const gpu = this.gpu;
    this.#workload = workload;
    this.#input = oneHot(inputs, vocabulary);
    this.#recurrent = createRecurrent(gpu, { cell: 'lstm', inputSize: vocabulary, hiddenSize, numLayers, direction: bidirectional ? 'bidirectional' : 'forward' });
    this.#linear = createLinear(gpu, { inputSize: (bidirectional ? 2 : 1) * hiddenSize, outputSize: vocabulary });
    for (const [name, values] of Object.entries(parameters)) this.#array('parameters', name).write(values);
    this.#plans = {
      training: this.#recurrent.plan({ timeSteps, batchSize, ragged, training: true }),
      forward: this.#recurrent.plan({ timeSteps, batchSize, ragged }),
      head: this.#linear.plan({ rows: timeSteps * batchSize }),
    };
    this.#loss = createLoss(gpu, { loss: 'cross_entropy', timeSteps, batchSize, features: vocabulary, ragged });
    this.#optimizer = createOptimizer(gpu, [this.#recurrent, this.#linear], adam(adamOptions));
  }

  #array(of: 'parameters' | 'gradients', name: string) {
    const [operator, ...rest] = name.split('.');
    return (operator === 'linear' ? this.#linear : this.#recurrent)[of][rest.join('.')]!;
  }

  #lossOf(plan: RecurrentPlan): void {
    const { config: { ragged }, targets, lengths } = this.#workload;
    plan.forward({ input: this.#input, ...(ragged && { lengths }) });
    this.#plans.head.forward(plan.output);
    this.#loss.run({ values: this.#plans.head.output, targets, ...(ragged && { lengths }) });
  }

  #backward(): void {
    const { training, head } = this.#plans;
    head.backward(this.#loss.gradient);
    training.backward({ dOutput: head.dInput });
  }

  async train(steps: number): Promise<number[]> {
    const losses: number[] = [];
    const pending: Promise<{ loss: number }>[] = [];
    for (let step = 0; step < steps; step++) {
      this.#lossOf(this.#plans.training);
      this.#backward();
      this.#optimizer.step();
      pending.push(this.#loss.read());
      if (pending.length >= IN_FLIGHT) losses.push((await pending.shift()!).loss);
    }
    for (const rest of pending) losses.push((await rest).loss);
    return losses;
  }

  async forward(): Promise<number> {
    this.#lossOf(this.#plans.forward);
    return (await this.#loss.read()).loss;
  }

  async gradients(): Promise<Record<string, Float32Array>> {
    this.#lossOf(this.#plans.training);
    this.#backward();
    const names = Object.keys(this.#workload.parameters);
    const values = await Promise.all(names.map((name) => this.#array('gradients', name).read()));
    // A step would clear them; there is none here.
    this.#recurrent.zeroGradients();
    for (const gradient of Object.values(this.#linear.gradients)) gradient.write(new Float32Array(gradient.byteLength / 4));
    return Object.fromEntries(names.map((name, k) => [name, values[k]!]));
  }

  bytes(): { bytes: number; what: string } {
    const { training, head } = this.#plans;
    const weights = [this.#recurrent, this.#linear].reduce((sum, { weights: { count } }) => sum + 2 * 4 * count, 0);
    const plans = [training, head, this.#loss, this.#optimizer].reduce((sum, { memory }) => sum + memory.totalBytes, 0);
    return { bytes: weights + plans, what: 'memory plans of a training step' };
  }

  dispose(): void {
    this.gpu.destroy();
  }
}
