// The loss of a model on text that it does not learn from: forward passes alone, with a carried state of their own.
import { checkOptions } from '../checks/options.ts';
import { abortSignal, flag, instance, wholeNumber, wholeOrInfinite } from '../checks/values.ts';
import { allocateProxy, type BufferProxy } from '../gpu/memory.ts';
import { ReadbackRing } from '../gpu/readback.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { LanguageModel } from './language_model.ts';
import { notFiniteModel } from './not_finite.ts';
import type { Batch } from '../text/batches.ts';
import type { TrainingText } from '../text/streams.ts';
import { checkTextWindow, TextWindow, type WindowOptions } from './text_window.ts';
import { batchesOf } from './training_text.ts';

export interface Evaluation {
  /** Mean over all characters predicted, nats per character. */
  readonly loss: number;
  /** The same in bits per character. */
  readonly bits: number;
  /** Characters predicted: whole windows of all streams, or every character but the first of each document. */
  readonly characters: number;
}

export interface EvaluationOptions {
  /** Windows at most, from the text's streams' beginnings. Default: all that the text holds. */
  readonly windows?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const EVALUATION = { windows: wholeOrInfinite, signal: abortSignal };

/** One window runs while the next waits. */
const IN_FLIGHT = 2;

/**
 * The loss of a model on a text, read once in `batchSize` streams (default 32) by windows of `timeSteps` (default 64), the state carried from
 * window to window, from zero at the beginning of each document; with `stateful: false` from zero in every window, `backTimeSteps` long.
 * No dropout; zoneout by its expectation. Weights and any training of the model stay as they are.
 * @throws RangeError for a text shorter than one window or tokens outside the vocabulary; NotFiniteModelError where the loss is no number;
 *   DeviceLostError; the signal's reason when aborted.
 */
export async function evaluate(
  model: LanguageModel, text: TrainingText, given: EvaluationOptions & Partial<WindowOptions> = {},
): Promise<Evaluation> {
  instance(model, LanguageModel, 'model', 'a model, such as createLanguageModel(…) gives');
  checkOptions(given, 'evaluate', { ...EVALUATION, batchSize: wholeNumber, timeSteps: wholeNumber, backTimeSteps: wholeNumber, stateful: flag }, []);
  const { windows, signal, batchSize = 32, timeSteps = 64, ...rest } = given;
  const options = { batchSize, timeSteps, ...rest };
  batchesOf(model, text, options);
  const evaluator = new Evaluator(model, options);
  try {
    return await evaluator.run(text, { windows, signal });
  } finally {
    evaluator.destroy();
  }
}

export class Evaluator {
  readonly #model: LanguageModel;
  readonly #sizes: { readonly batchSize: number; readonly timeSteps: number; readonly backTimeSteps: number };
  readonly #window: TextWindow;
  readonly #replays: { readonly reset: Replay; readonly window: Replay };
  readonly #ring: ReadbackRing;
  readonly #owned: readonly BufferProxy[];

  constructor(model: LanguageModel, { batchSize, timeSteps, backTimeSteps = timeSteps, stateful = true }: WindowOptions) {
    const { gpu } = model;
    this.#model = model;
    checkTextWindow(model, { batchSize, timeSteps, backTimeSteps });
    // A carried state knows what went before; only without one is it worth reading again.
    this.#sizes = { batchSize, timeSteps, backTimeSteps: stateful ? timeSteps : backTimeSteps };
    this.#window = new TextWindow(model, { ...this.#sizes, stateful, training: false, trace: false });
    const stepLoss = allocateProxy('step loss', [timeSteps], 'result');
    const total = allocateProxy('loss', [2], 'result');
    const pass = new Recording(gpu.tiles);
    this.#window.forward(pass, { stepLoss, total });
    this.#owned = [...this.#window.buffers, stepLoss.buffer, total.buffer];
    gpu.allocate('the evaluation', this.#owned, [this.#window.reset, pass]);
    this.#replays = { reset: new Replay(gpu, this.#window.reset, 'reset evaluation'), window: new Replay(gpu, pass, 'evaluation') };
    this.#ring = new ReadbackRing(gpu, total, IN_FLIGHT);
  }

  /** One call at a time. */
  async run(text: TrainingText, options: EvaluationOptions = {}): Promise<Evaluation> {
    checkOptions(options, 'evaluate', EVALUATION, []);
    const { windows: most = Infinity, signal } = options;
    const batches = batchesOf(this.#model, text, this.#sizes);
    const windows = Math.min(most, batches.windowsPerEpoch);
    const pending: (() => Promise<ArrayBuffer>)[] = [];
    let sum = 0;
    let characters = 0;
    try {
      for (let submitted = 0, read = 0; read < windows; read++) {
        signal?.throwIfAborted();
        while (submitted < windows && pending.length < IN_FLIGHT) pending.push(this.#submit(batches.at(submitted++, this.#window.arrays)));
        const [mean, counted] = new Float32Array(await pending.shift()!()) as unknown as [number, number];
        if (!Number.isFinite(mean)) throw await notFiniteModel(this.#model, `the loss of window ${read} of the text is ${mean}`);
        sum += mean * counted;
        characters += counted;
      }
    } finally {
      this.#ring.forget();
    }
    const loss = sum / characters;
    return { loss, bits: loss / Math.LN2, characters };
  }

  #submit(batch: Batch): () => Promise<ArrayBuffer> {
    const { gpu } = this.#model;
    return gpu.submit('evaluation', (encoder) => {
      if (this.#window.write(gpu, this.#replays.window, batch)) this.#replays.reset.encode(encoder);
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
