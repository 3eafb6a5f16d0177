// Unfold: training through the public trainer, a forward pass as one recording of a window without its gradients.

import { allocateProxy, type BufferProxy } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { adam, createModel, createTrainer, openDevice, Vocabulary, type CharacterModel, type Gpu, type Trainer } from '../../src/index.ts';
import { softmaxCrossEntropy } from '../../src/kernels/loss.ts';
import { linear } from '../../src/layers/linear.ts';
import { StackWindow } from '../../src/layers/stack.ts';
import type { Contender } from '../contender.ts';
import { adamOptions, type Workload } from '../workload.ts';

class Unfold implements Contender {
  readonly biases = 'two';
  readonly #gpu: Gpu;
  #model!: CharacterModel;
  #trainer!: Trainer;
  /** Its text is one window long, so every step is the start of an epoch, from a zero state. */
  #stream!: Uint32Array;
  #pass!: ForwardPass;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  async prepare(workload: Workload): Promise<void> {
    const { vocabulary, hidden, layers, batch, window } = workload.config;
    this.#model = createModel(this.#gpu, {
      // The symbols do not matter, their number does.
      vocabulary: new Vocabulary(Array.from({ length: vocabulary }, (_, v) => String.fromCodePoint(0x4e00 + v)), 'none'),
      embed: 'one-hot',
      layers: Array.from({ length: layers }, () => ({ cell: 'lstm', hidden })),
    });
    for (const [name, values] of Object.entries(workload.parameters)) this.#model.parameters[ownName(name)]!.write(values);
    this.#trainer = createTrainer(this.#model, { optimizer: adam(adamOptions), batch, window });
    this.#stream = workload.stream;
    this.#pass = new ForwardPass(this.#model, workload);
  }

  async train(steps: number): Promise<number[]> {
    const losses: number[] = [];
    for await (const { loss } of this.#trainer.run({ tokens: this.#stream }, { steps })) losses.push(loss);
    return losses;
  }

  forward(): Promise<number> {
    return this.#pass.run();
  }

  /** Those of a training step that is undone. */
  async gradients(): Promise<Record<string, Float32Array>> {
    const before = await this.#trainer.checkpoint();
    await this.train(1);
    const names = Object.keys(this.#model.gradients);
    const values = await Promise.all(names.map((name) => this.#model.gradients[name]!.read()));
    this.#trainer.restore(before);
    return Object.fromEntries(names.map((name, k) => [benchName(name), values[k]!]));
  }

  dispose(): void {
    this.#gpu.destroy();
  }
}

/** Tokens → layers → linear → loss, from a zero state. */
class ForwardPass {
  readonly #gpu: Gpu;
  readonly #replay: Replay;
  /** [2], the loss first. */
  readonly #total = allocateProxy('forward loss', [2], 'result');

  constructor(model: CharacterModel, { config, inputs, targets }: Workload) {
    const { batch, window: steps, vocabulary, hidden } = config;
    const gpu = this.#gpu = model.gpu;
    const tokens = allocateProxy('forward tokens', [steps, batch], 'input');
    const labels = allocateProxy('forward targets', [steps, batch], 'input');
    const logits = allocateProxy('forward logits', [steps, batch, vocabulary], 'activations');
    const rowLoss = allocateProxy('forward row loss', [steps, batch], 'activations');
    const stepLoss = allocateProxy('forward step loss', [steps], 'result');
    const lengths = allocateProxy('forward lengths', [batch], 'input');
    const stack = new StackWindow(model.layers, model.weights, model.inputOf(tokens), { steps, batch, training: false, lengths, ragged: false });
    const owned: BufferProxy[] = [...stack.buffers(), ...[tokens, labels, lengths, logits, rowLoss, stepLoss, this.#total].map(({ buffer }) => buffer)];
    gpu.guard('forward pass', () => gpu.memory.allocate(owned));
    gpu.write(lengths, new Uint32Array(batch).fill(steps));
    gpu.write(tokens, inputs);
    gpu.write(labels, targets);
    const recording = new Recording(gpu.tiles);
    stack.forward(recording);
    linear(recording, { rows: steps * batch, input: hidden, output: vocabulary }, model.head('parameters'), stack.output, logits);
    softmaxCrossEntropy(recording, { logits, targets: labels, rowLoss, stepLoss, total: this.#total, steps, batch, vocabulary });
    this.#replay = new Replay(gpu, recording, 'forward pass');
  }

  async run(): Promise<number> {
    this.#replay.submit();
    const [loss] = await this.#gpu.read(this.#total);
    return loss!;
  }
}

const ownName = (name: string): string => name.replace(/^recurrent\./, '').replace(/^linear\./, 'head.');
const benchName = (name: string): string => name.startsWith('head.') ? name.replace('head.', 'linear.') : `recurrent.${name}`;

export async function createContender(): Promise<Contender> {
  return new Unfold(await openDevice());
}
