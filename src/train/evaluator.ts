// The loss of a model on text that it does not learn from: forward passes alone, with a carried state of their own.
import { allocateProxy, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { ReadbackRing } from '../gpu/readback.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { softmaxCrossEntropy } from '../kernels/loss.ts';
import { wholeNumber } from '../layers/checks.ts';
import { linear } from '../layers/linear.ts';
import type { CharacterModel } from '../layers/model.ts';
import { StackWindow } from '../layers/stack.ts';
import { allocateCarriedState, forgetState, keepState, startFrom } from '../scheduler/window.ts';
import type { BatchArrays, BatchOptions } from '../text/batches.ts';
import { batchesOf, type TrainingText } from './training_text.ts';

export interface Evaluation {
  /** Mean over all characters predicted, nats per character. */
  readonly loss: number;
  /** The same in bits per character. */
  readonly bits: number;
  /** Characters predicted: whole windows of all streams. */
  readonly characters: number;
}

export interface EvaluationOptions {
  /** Windows at most, from the text's streams' beginnings. Default: all that the text holds. */
  readonly steps?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One window runs while the next waits. */
const IN_FLIGHT = 2;

/**
 * The loss of a model on a text, read once in `batch` streams (default 32) by windows of `window` (default 64), the state carried from
 * window to window. Weights and any training of the model stay as they are.
 * @throws RangeError for a text shorter than one window or tokens outside the vocabulary; DeviceLostError; the signal's reason when aborted.
 */
export async function evaluate(
  model: CharacterModel, text: TrainingText, { batch = 32, window = 64, ...options }: EvaluationOptions & Partial<BatchOptions> = {},
): Promise<Evaluation> {
  batchesOf(model, text, { batch, window });
  const evaluator = new Evaluator(model, { batch, window });
  try {
    return await evaluator.run(text, options);
  } finally {
    evaluator.destroy();
  }
}

export class Evaluator {
  readonly #model: CharacterModel;
  readonly #sizes: BatchOptions;
  readonly #inputs: { readonly tokens: Slice; readonly targets: Slice };
  readonly #arrays: BatchArrays;
  readonly #replays: { readonly reset: Replay; readonly window: Replay };
  readonly #ring: ReadbackRing;
  readonly #owned: readonly BufferProxy[];

  constructor(model: CharacterModel, { batch, window }: BatchOptions) {
    const { gpu } = model;
    const vocabulary = model.vocabulary.size;
    this.#model = model;
    this.#sizes = { batch, window };
    const [tokens, targets] = [allocateProxy('tokens', [window, batch], 'input'), allocateProxy('targets', [window, batch], 'input')];
    const lengths = allocateProxy('lengths', [batch], 'input');
    const logits = allocateProxy('logits', [window, batch, vocabulary], 'activations');
    const rowLoss = allocateProxy('row loss', [window, batch], 'activations');
    const stepLoss = allocateProxy('step loss', [window], 'result');
    const total = allocateProxy('loss', [2], 'result');
    const stack = new StackWindow(model.layers, model.weights, model.inputOf(tokens), { steps: window, batch, training: false, lengths, ragged: false });
    const carried = allocateCarriedState(stack.histories);

    const [reset, pass] = [new Recording(gpu.tiles), new Recording(gpu.tiles)];
    forgetState(reset, carried);
    startFrom(pass, stack.histories, carried);
    stack.forward(pass);
    keepState(pass, stack.histories, carried);
    linear(pass, { rows: window * batch, input: model.layers.at(-1)!.hidden, output: vocabulary }, model.head('parameters'), stack.output, logits);
    softmaxCrossEntropy(pass, { logits, targets, rowLoss, stepLoss, total, steps: window, batch, vocabulary });

    this.#owned = [...stack.buffers(), ...[tokens, targets, lengths, logits, rowLoss, stepLoss, total, ...carried.flat()].map((s) => s.buffer)];
    gpu.guard('evaluator', () => gpu.memory.allocate(this.#owned));
    gpu.write(lengths, new Uint32Array(batch).fill(window));
    this.#inputs = { tokens, targets };
    this.#arrays = { inputs: new Uint32Array(window * batch), targets: new Uint32Array(window * batch) };
    this.#replays = { reset: new Replay(gpu, reset, 'reset evaluation'), window: new Replay(gpu, pass, 'evaluation') };
    this.#ring = new ReadbackRing(gpu, total, IN_FLIGHT);
  }

  /** One call at a time. */
  async run(text: TrainingText, { steps = Infinity, signal }: EvaluationOptions = {}): Promise<Evaluation> {
    if (steps !== Infinity) wholeNumber(steps, 'steps');
    const batches = batchesOf(this.#model, text, this.#sizes);
    const windows = Math.min(steps, batches.windowsPerEpoch);
    const { batch, window } = this.#sizes;
    const pending: (() => Promise<ArrayBuffer>)[] = [];
    let sum = 0;
    try {
      for (let submitted = 0, read = 0; read < windows; read++) {
        signal?.throwIfAborted();
        while (submitted < windows && pending.length < IN_FLIGHT) {
          const { resetState } = batches.at(submitted++, this.#arrays);
          pending.push(this.#submit(resetState));
        }
        sum += new Float32Array(await pending.shift()!())[0]!;
      }
    } finally {
      // The staging buffers of what was submitted must come back.
      for (const rest of pending) await rest();
    }
    const loss = sum / windows;
    return { loss, bits: loss / Math.LN2, characters: windows * window * batch };
  }

  #submit(resetState: boolean): () => Promise<ArrayBuffer> {
    const { gpu } = this.#model;
    gpu.write(this.#inputs.tokens, this.#arrays.inputs);
    gpu.write(this.#inputs.targets, this.#arrays.targets);
    return gpu.submit('evaluation', (encoder) => {
      if (resetState) this.#replays.reset.encode(encoder);
      this.#replays.window.encode(encoder);
      return this.#ring.encode(encoder);
    });
  }

  destroy(): void {
    for (const replay of Object.values(this.#replays)) replay.destroy();
    this.#ring.destroy();
    this.#model.gpu.memory.free(this.#owned);
  }
}
