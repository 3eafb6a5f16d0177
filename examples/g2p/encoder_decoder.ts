// An encoder–decoder out of the engine's operators: letters in, phonemes out, the state an edge between the two networks, attention beside it.
import {
  createAttention, createLinear, createLoss, createRecurrent,
  type Attention, type AttentionPlan, type Gpu, type GpuArray, type Linear, type LinearPlan, type Loss, type Recurrent, type RecurrentPlan, type Trainable,
} from '../../src/index.ts';
import { oneHot } from '../data/one_hot.ts';
import type { SpellingBatch } from '../data/spelling.ts';

export interface EncoderDecoderOptions {
  readonly cell: 'lstm' | 'gru';
  /** H of either network; with both directions, of each. */
  readonly hiddenSize: number;
  /** Of the encoder. The decoder has one for each layer and direction of it, which starts from that one's final state. */
  readonly numLayers: number;
  readonly encoder: 'forward' | 'bidirectional';
  /** Luong's; 'dot' sums the encoder's directions, 'general' has them side by side. */
  readonly attention: 'none' | 'dot' | 'general';
  /** Letters. */
  readonly inputs: number;
  /** Phonemes, the end and the start symbol: what the decoder reads. It writes all but the last, the start. */
  readonly symbols: number;
  readonly seed: number;
}

export interface WindowSize {
  /** S of the encoder. */
  readonly sourceTimeSteps: number;
  /** T of the decoder. */
  readonly timeSteps: number;
  /** N */
  readonly batchSize: number;
}

export class EncoderDecoder {
  readonly gpu: Gpu;
  readonly options: EncoderDecoderOptions;
  readonly encoder: Recurrent;
  readonly decoder: Recurrent;
  readonly attention: Attention | null;
  readonly head: Linear;
  readonly #windows = new Map<string, Window>();

  constructor(gpu: Gpu, options: EncoderDecoderOptions) {
    const { cell, hiddenSize, numLayers, encoder, attention, inputs, symbols, seed } = options;
    const directions = encoder === 'bidirectional' ? 2 : 1;
    const sums = attention === 'dot';
    this.gpu = gpu;
    this.options = options;
    const common = { cell, hiddenSize, ...(cell === 'lstm' && { forgetBias: 1 }) };
    this.encoder = createRecurrent(gpu, { ...common, inputSize: inputs, numLayers, direction: encoder, merge: sums ? 'sum' : 'concat', seed });
    this.decoder = createRecurrent(gpu, { ...common, inputSize: symbols, numLayers: numLayers * directions, seed: seed + 1 });
    this.attention = attention === 'none' ? null
      : createAttention(gpu, { score: attention, decoderSize: hiddenSize, encoderSize: sums ? hiddenSize : hiddenSize * directions, seed: seed + 2 });
    this.head = createLinear(gpu, { inputSize: hiddenSize, outputSize: symbols - 1, seed: seed + 3 });
  }

  /** What an update moves. */
  get operators(): Trainable[] {
    return [this.encoder, this.decoder, ...(this.attention ? [this.attention] : []), this.head];
  }

  /** The window of a size, made when it is first asked for. */
  window(size: WindowSize, use: 'training' | 'measuring'): Window {
    const key = `${size.sourceTimeSteps} ${size.timeSteps} ${size.batchSize} ${use}`;
    const window = this.#windows.get(key) ?? new Window(this, size, use === 'training');
    this.#windows.set(key, window);
    return window;
  }

  destroy(): void {
    for (const { loss } of this.#windows.values()) loss.destroy();
    for (const each of [this.encoder, this.decoder, this.attention, this.head]) each?.destroy();
  }
}

/** Letters and phonemes of fixed S, T and N, through all operators. Shorter rows are padded. */
export class Window {
  readonly encoder: RecurrentPlan;
  readonly decoder: RecurrentPlan;
  readonly attention: AttentionPlan | null;
  readonly head: LinearPlan;
  /** Cross-entropy, the mean in nats over the phonemes and ends of all rows. */
  readonly loss: Loss;
  readonly #network: EncoderDecoder;

  constructor(network: EncoderDecoder, { sourceTimeSteps, timeSteps, batchSize }: WindowSize, training: boolean) {
    const { symbols } = network.options;
    this.#network = network;
    this.encoder = network.encoder.plan({ timeSteps: sourceTimeSteps, batchSize, training, ragged: true });
    this.decoder = network.decoder.plan({ timeSteps, batchSize, training, ragged: true });
    this.attention = network.attention?.plan({ timeSteps, sourceTimeSteps, batchSize, training }) ?? null;
    this.head = network.head.plan({ rows: timeSteps * batchSize });
    this.loss = createLoss(network.gpu, { loss: 'cross_entropy', timeSteps, batchSize, features: symbols - 1 });
  }

  /** Teacher forcing: the decoder reads the right phonemes, whatever it would have said. */
  forward({ encoder, decoder }: SpellingBatch): void {
    const { inputs, symbols } = this.#network.options;
    this.encoder.forward({ input: oneHot(encoder.letters, inputs), lengths: encoder.lengths });
    const { hn, cn } = this.encoder;
    this.decoder.forward({ input: oneHot(decoder.inputs, symbols), lengths: decoder.lengths, h0: hn, c0: cn });
    this.attention?.forward({ decoder: this.decoder.output, encoder: this.encoder.output, lengths: encoder.lengths });
    this.head.forward(this.attention?.output ?? this.decoder.output);
    this.loss.run({ values: this.head.output, targets: decoder.targets });
  }

  /** The gradient goes back to the encoder by the decoder's initial state, and by what the attention saw. */
  backward(): void {
    this.head.backward(this.loss.gradient);
    this.attention?.backward(this.head.dInput);
    this.decoder.backward({ dOutput: this.attention?.dDecoder ?? this.head.dInput });
    const seen: { dOutput?: GpuArray } = this.attention ? { dOutput: this.attention.dEncoder } : {};
    this.encoder.backward({ ...seen, dHn: this.decoder.dH0, dCn: this.decoder.dC0 });
  }
}
