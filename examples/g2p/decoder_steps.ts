// The decoder one phoneme at a time, for greedy and beam search over many words side by side. States stay on the GPU: a hypothesis is a
// row of the stream, and what a step brings to the host are the logits.
import type { AttentionPlan, GpuArray, LinearPlan, RecurrentPlan, RecurrentStream } from '../../src/index.ts';
import { oneHot } from '../data/one_hot.ts';
import type { PaddedTokens } from '../data/padding.ts';
import type { Step } from '../metrics/decoding.ts';
import type { EncoderDecoder } from './encoder_decoder.ts';

export interface StepsSize {
  /** W: words side by side. */
  readonly words: number;
  /** K: hypotheses of a word. */
  readonly width: number;
  /** S of the encoder. */
  readonly sourceTimeSteps: number;
}

export class DecoderSteps {
  /** A row of the stream for each word, [W]: where the search begins after `start`. Row k·W + w is the k-th hypothesis of word w. */
  readonly first: readonly number[];
  readonly size: StepsSize;
  readonly #network: EncoderDecoder;
  readonly #encoder: RecurrentPlan;
  readonly #stream: RecurrentStream;
  readonly #attention: AttentionPlan | null;
  readonly #head: LinearPlan;

  constructor(network: EncoderDecoder, size: StepsSize) {
    const rows = size.words * size.width;
    this.#network = network;
    this.size = size;
    this.first = Array.from({ length: size.words }, (_, word) => word);
    this.#encoder = network.encoder.plan({ timeSteps: size.sourceTimeSteps, batchSize: size.words, ragged: true });
    this.#stream = network.decoder.stream({ batchSize: rows });
    this.#attention = network.attention?.plan({ timeSteps: 1, sourceTimeSteps: size.sourceTimeSteps, batchSize: rows }) ?? null;
    this.#head = network.head.plan({ rows });
  }

  /** Encode W words; the search then begins at `first`. */
  start({ tokens, lengths }: PaddedTokens): void {
    const { gpu, options } = this.#network;
    const { words, width } = this.size;
    const copies: GPUBuffer[] = [];
    gpu.submit('decoder start', (commands) => {
      const repeated = (array: GpuArray): GPUBuffer => {
        const copy = repeatRows(gpu.device, commands, array, width);
        copies.push(copy);
        return copy;
      };
      this.#encoder.encodeForward(commands, { input: oneHot(tokens, options.inputs), lengths });
      this.#stream.h.take(repeated(this.#encoder.hn), commands);
      this.#stream.c.take(repeated(this.#encoder.cn), commands);
      // The encoder's states stay for all steps; the decoder's first one comes with the first.
      const rows = Array.from({ length: words * width }, (_, row) => lengths[row % words]!);
      this.#attention?.encodeForward(commands, { decoder: this.#stream.output, encoder: repeated(this.#encoder.output), lengths: rows });
    });
    for (const copy of copies) copy.destroy();
  }

  /** One phoneme more for each of the hypotheses, at most K of a word. */
  readonly step: Step<number> = async (hypotheses, tokens) => {
    const { words, width } = this.size;
    const { symbols } = this.#network.options;
    const taken = new Uint32Array(words);
    const places = hypotheses.map((row) => taken[row % words]!++ * words + (row % words));
    const from = Uint32Array.from({ length: words * width }, (_, row) => row);
    const inputs = new Uint32Array(words * width);
    places.forEach((place, k) => {
      from[place] = hypotheses[k]!;
      inputs[place] = tokens[k]!;
    });
    if (from.some((row, place) => row !== place)) this.#stream.reorder(from);
    this.#network.gpu.submit('decoder step', (commands) => {
      this.#stream.encodeStep(commands, oneHot(inputs, symbols));
      this.#attention?.encodeForward(commands, { decoder: this.#stream.output });
      this.#head.encodeForward(commands, this.#attention?.output ?? this.#stream.output);
    });
    const logits = await this.#head.output.read();
    const V = symbols - 1;
    const logProbabilities = new Float64Array(places.length * V);
    places.forEach((place, k) => logProbabilities.set(logSoftmax(logits.subarray(place * V, (place + 1) * V)), k * V));
    return { states: places, logProbabilities };
  };

  destroy(): void {
    for (const each of [this.#encoder, this.#stream, this.#attention, this.#head]) each?.destroy();
  }
}

/** [B,N,C] with its N rows `times` over, [B,times·N,C], in a buffer of its own. */
function repeatRows(device: GPUDevice, commands: GPUCommandEncoder, source: GpuArray, times: number): GPUBuffer {
  const blocks = source.shape[0]!;
  const bytes = source.byteLength / blocks;
  const copy = device.createBuffer({ label: `${source.name} repeated`, size: source.byteLength * times, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  for (let block = 0; block < blocks; block++) {
    for (let k = 0; k < times; k++) {
      commands.copyBufferToBuffer(source.buffer, source.offsetBytes + block * bytes, copy, (block * times + k) * bytes, bytes);
    }
  }
  return copy;
}

/** Logits → natural logarithms of probabilities. */
function logSoftmax(logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits);
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
  return values.map((value) => value - largest - Math.log(sum));
}
