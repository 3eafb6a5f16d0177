// Unfold one token at a time. Queued: the model's own generation, which draws on the GPU. With read-back: the operators' stream,
// its logits on the host after every token.

import { createLinear, createRecurrent, type Gpu, type LinearPlan, type RecurrentStream } from '../../src/index.ts';
import type { LanguageModel } from '../../src/language.ts';
import type { Contender, StreamResult } from '../contender.ts';
import { oneHot, type Workload } from '../workload.ts';
import { createWorkloadModel } from './unfold.ts';

export class UnfoldStream implements Contender {
  readonly biases = 'two';
  readonly gpu: Gpu;
  #workload!: Workload;
  #model!: LanguageModel;
  #stream!: RecurrentStream;
  #head!: LinearPlan;
  #inputs!: Float32Array[];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  async prepare(workload: Workload): Promise<void> {
    const { config: { vocabulary, hiddenSize, numLayers }, parameters, inputs } = workload;
    this.#workload = workload;
    this.#model = createWorkloadModel(this.gpu, workload);
    const recurrent = createRecurrent(this.gpu, { cell: 'lstm', inputSize: vocabulary, hiddenSize, numLayers });
    const linear = createLinear(this.gpu, { inputSize: hiddenSize, outputSize: vocabulary });
    for (const [name, values] of Object.entries(parameters)) {
      const [operator, rest] = name.split('.') as [string, string];
      (operator === 'linear' ? linear : recurrent).parameters[rest]!.write(values);
    }
    this.#stream = recurrent.stream({ batchSize: 1 });
    this.#head = linear.plan({ rows: 1 });
    this.#inputs = Array.from(inputs, (token) => oneHot([token], vocabulary));
  }

  async stream(tokens: number, readback: boolean): Promise<StreamResult> {
    return readback ? { logits: await this.#read(tokens) } : this.#draw(tokens);
  }

  /** Each generation allocates a stream of its own. So that it is timed as the others are, the time counts from the first piece on. */
  async #draw(tokens: number): Promise<StreamResult> {
    const { vocabulary } = this.#model;
    const prompt = vocabulary.decode(this.#workload.inputs.subarray(0, 1));
    let text = '';
    let first: { begun: number; drawn: number } | null = null;
    for await (const piece of this.#model.generate(prompt, { length: tokens, temperature: 0 })) {
      text += piece;
      first ??= { begun: performance.now(), drawn: text.length };
    }
    const { begun, drawn } = first!;
    if (drawn === tokens) throw new Error(`${tokens} tokens came in one piece: a stream needs more to be timed`);
    return { logits: [], drawn: Array.from(vocabulary.encode(text)), timed: { steps: tokens - drawn, milliseconds: performance.now() - begun } };
  }

  async #read(tokens: number): Promise<Float32Array[]> {
    this.#stream.reset();
    const logits: Float32Array[] = [];
    for (let k = 0; k < tokens; k++) {
      if (k > 0 && k % this.#inputs.length === 0) this.#stream.reset();
      this.gpu.submit('token', (encoder) => {
        this.#stream.encodeStep(encoder, this.#inputs[k % this.#inputs.length]);
        this.#head.encodeForward(encoder, this.#stream.output);
      });
      logits.push(await this.#head.output.read());
    }
    return logits;
  }

  bytes(): { bytes: number; what: string } {
    return { bytes: this.gpu.memory.report().totalBytes, what: 'all buffers of the device' };
  }

  dispose(): void {
    this.gpu.destroy();
  }
}
