// Training: windows of text through the recorded step, a few submits in flight, nothing read back but the losses.
import { checkOptions, fields, type Checks } from '../checks/options.ts';
import { abortSignal, flag, instance, unsignedInteger, wholeNumber, wholeOrInfinite } from '../checks/values.ts';
import { planMemory, type MemoryPlan } from '../gpu/memory.ts';
import { profile, type KernelTime } from '../gpu/profile.ts';
import { ReadbackRing } from '../gpu/readback.ts';
import { Replay } from '../gpu/submit.ts';
import { initialLossScale } from '../kernels/loss_scale.ts';
import { LanguageModel } from './language_model.ts';
import type { LayerTrace } from '../layers/plan_trace.ts';
import type { Batches } from '../text/batches.ts';
import type { TrainingText } from '../text/streams.ts';
import { tuneWhereAsked } from '../scheduler/tuner.ts';
import { positionsByToken } from '../layers/token_positions.ts';
import { readCheckpoint, writeCheckpoint, type RestoreOptions, type RunShape } from './checkpoint.ts';
import { checkClip, type Clip } from '../train/clip.ts';
import { checkLossScale, isLossScale, type LossScaleOptions } from './loss_scale.ts';
import { NotFiniteError } from './errors.ts';
import { Evaluator, type Evaluation, type EvaluationOptions } from './evaluator.ts';
import { isUpdateRule, type UpdateRule } from '../train/update_rule.ts';
import { rateOf, scheduleOf, type LearningRateSchedule } from '../train/schedule.ts';
import { Throughput } from './throughput.ts';
import { checkTextWindow } from './text_window.ts';
import { batchesOf, fingerprintOf } from './training_text.ts';
import { TrainingWindow } from './training_window.ts';

export interface TrainerOptions {
  readonly optimizer: UpdateRule;
  /** N: streams of text side by side. Default 32. */
  readonly batchSize?: number;
  /** T: new characters of each stream a step, which its loss counts (k1 of truncated BPTT). Default 64. */
  readonly timeSteps?: number;
  /**
   * B: steps that the gradient goes back (k2): at least `timeSteps`, which is the default. The last B steps are run again from the state
   * carried at their beginning; the T new ones alone have a loss; the state carried on is the one T steps further. Where a stream or a
   * document has not B steps yet, the gradient goes back to its beginning.
   */
  readonly backTimeSteps?: number;
  /** The state is carried from window to window, from zero at the beginning of each stream or document. Default true; false: every window starts from zero. */
  readonly stateful?: boolean;
  /** The global gradient norm is scaled down to this where it is above, or each element clamped with { value }; 0 leaves it. Default 0. */
  readonly gradientClip?: Clip;
  /** Of the masks of dropout and zoneout, which follow from it and the step. Default 0. */
  readonly seed?: number;
  /** Measure at every step the gradient's norm and the gates' saturation; `readTrace` reads them. Default false. */
  readonly trace?: boolean;
  /**
   * Of a model in precision 'f16', whose loss is scaled so that small gradients do not vanish: from `initial`, a power of two (default
   * 2^15), halved whenever a gradient is not finite, which skips the step, and doubled after `growthInterval` steps that were not (default 2000).
   */
  readonly lossScale?: LossScaleOptions;
  /**
   * A step whose gradient is not finite changes neither weights nor moments. After so many in a row, or as many whose loss is not finite, the
   * run stops with a NotFiniteError; in precision 'f16' those count that the least scale does not help. Default 1: at the first.
   */
  readonly maxSkips?: number;
}

export interface RunOptions {
  /** Steps to take in this run. Default: until stopped. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  /** Evaluate on held-out text whenever `trainer.step` is a multiple of `every`; the progress of that step has `validation`. */
  readonly validate?: { readonly text: TrainingText; readonly every: number; /** At most. Default: all. */ readonly windows?: number };
}

export interface Progress {
  /** Steps taken since the trainer was made, this one included. */
  readonly step: number;
  /** Mean over the window's new characters (T·N, or fewer where documents end), nats per character, before this step's update. */
  readonly loss: number;
  /** [T] mean over the batch at each new step of the window, 0 where no row has one; `loss` is their mean where all rows are full. */
  readonly stepLoss: Float32Array;
  /** Global L2 norm, before clipping. */
  readonly gradientNorm: number;
  /** The learning rate of this step's update. */
  readonly learningRate: number;
  /** What the loss's gradient was multiplied by, and the parameters' gradients divided; 1 in precision f32. */
  readonly lossScale: number;
  /** An element of the gradient is not finite: nothing was updated, and in precision f16 the next scale is half. The step counts, for schedules and Adam's corrections too; in f16 not for these. */
  readonly skipped: boolean;
  /** New characters, over the last steps. */
  readonly tokensPerSecond: number;
  /** From 0. */
  readonly epoch: number;
  readonly windowInEpoch: number;
  readonly windowsPerEpoch: number;
  /** Of the weights after this step, on the steps that `validate` asks for. */
  readonly validation?: Evaluation;
}

interface Replays {
  readonly reset: Replay;
  readonly step: Replay;
}

/** What the options of a run must be. */
export const RUN_OPTIONS: Checks<RunOptions> = {
  steps: (steps, name) => wholeOrInfinite(steps, name, 0), signal: abortSignal,
  validate: fields('validate', { text: () => undefined, every: wholeNumber, windows: wholeOrInfinite }, ['text', 'every']),
};

/** Submits in flight: one runs while the next waits, so the GPU is never idle and the page never far behind. */
const IN_FLIGHT = 2;

/**
 * A trainer for a model; all memory of a step is allocated here.
 * @throws RangeError for sizes or rates out of bounds, or a plan over the device's limits.
 */
export function createTrainer(model: LanguageModel, options: TrainerOptions): Trainer {
  return new Trainer(model, options);
}

export class Trainer {
  readonly model: LanguageModel;
  readonly batchSize: number;
  readonly timeSteps: number;
  readonly backTimeSteps: number;
  readonly stateful: boolean;
  /** Every byte of a training step, the model's included. */
  readonly memory: MemoryPlan;
  readonly #optimizer: UpdateRule;
  readonly #window: TrainingWindow;
  /** Made before the first step, after such tuning as there is. */
  #replays: Replays | null = null;
  readonly #ring: ReadbackRing;
  readonly #index: { readonly starts: Uint32Array; readonly positions: Uint32Array };
  readonly #throughput = new Throughput();
  readonly #pending: (() => Promise<Progress>)[] = [];
  readonly #clip: RunShape['gradientClip'];
  #schedule: LearningRateSchedule;
  #seed: number;
  #step = 0;
  /** Settles when no evaluation is under way: training waits for it. */
  #evaluated: Promise<void> = Promise.resolve();
  #evaluator: Evaluator | null = null;
  /** The text that is being read, and the step at which it was begun. */
  #text: { given: TrainingText; batches: Batches; begun: number; fingerprint?: string } | null = null;
  /** Windows read before a restore, to be claimed by the next run, and the text's fingerprint, where it must be that one. */
  #restored: { readonly position: number; readonly text: string | null } = { position: 0, text: null };
  #running = false;
  /** Steps in a row, up to the last one read, whose loss or gradient was not finite. */
  #diverged = 0;
  readonly #maxSkips: number;

  constructor(model: LanguageModel, options: TrainerOptions) {
    instance(model, LanguageModel, 'model', 'a model, such as createLanguageModel(…) gives');
    checkOptions(options, 'createTrainer', {
      optimizer: isUpdateRule, batchSize: wholeNumber, timeSteps: wholeNumber, backTimeSteps: wholeNumber, stateful: flag, gradientClip: checkClip, seed: unsignedInteger,
      trace: flag, lossScale: isLossScale, maxSkips: wholeNumber,
    }, ['optimizer']);
    const { optimizer, batchSize = 32, timeSteps = 64, backTimeSteps = timeSteps, stateful = true, gradientClip = 0, seed = 0, trace = false, lossScale, maxSkips = 1 } = options;
    wholeNumber(backTimeSteps, 'backTimeSteps (at least timeSteps)', timeSteps);
    checkTextWindow(model, { batchSize, timeSteps, backTimeSteps });
    const scale = checkLossScale(model, lossScale);
    if (trace && model.precision === 'f16') throw new RangeError("trace does not go with precision: 'f16', whose gradients are scaled: leave it out, or make the model in 'f32'");
    const { gpu } = model;
    this.model = model;
    this.batchSize = batchSize;
    this.timeSteps = timeSteps;
    this.backTimeSteps = backTimeSteps;
    this.stateful = stateful;
    this.#seed = seed;
    this.#maxSkips = maxSkips;
    this.#optimizer = optimizer;
    this.#clip = checkClip(gradientClip);
    this.#schedule = optimizer.schedule;
    this.#window = new TrainingWindow(model, { optimizer, batchSize, timeSteps, backTimeSteps, stateful, gradientClip, trace, growthInterval: scale.growthInterval });
    this.memory = planMemory([...model.weights.buffers, ...this.#window.buffers]);
    gpu.allocate('the trainer', this.#window.buffers, [this.#window.text.reset, this.#window.recorded.step]);
    if (this.#window.scaling) gpu.write(this.#window.scaling.state, initialLossScale(scale.initial));
    // Kernels compile while the caller goes on, unless their tiles are still to be measured.
    if (gpu.tuning.mode !== 'full') void this.#prepare();
    this.#ring = new ReadbackRing(gpu, this.#window.results, IN_FLIGHT);
    this.#index = { starts: new Uint32Array(model.vocabulary.size + 1), positions: new Uint32Array(backTimeSteps * batchSize) };
  }

  #prepare(): Promise<void> {
    const { text: { reset }, recorded: { step } } = this.#window;
    return this.model.gpu.pipelines.prepare([...reset.commands, ...step.commands]);
  }

  async #ready(): Promise<Replays> {
    if (!this.#replays) await this.#prepare();
    const { gpu } = this.model;
    return (this.#replays ??= {
      reset: new Replay(gpu, this.#window.text.reset, 'reset state'),
      step: new Replay(gpu, this.#window.recorded.step, 'training step'),
    });
  }

  /** Steps taken. */
  get step(): number {
    return this.#step;
  }

  /** The learning rate of the next step submitted. A change overrides the schedule from that step on; another schedule counts from step 0 of the trainer. */
  get learningRate(): number {
    return rateOf(this.#schedule, this.#step);
  }

  set learningRate(learningRate: number | LearningRateSchedule) {
    this.#schedule = scheduleOf(learningRate);
  }

  /**
   * Train on windows of a text, in order, the state carried from each to the next within a stream or a document; yields the progress
   * of every step. On a device opened with tune: 'full' the first run measures first what is not known; openDevice's `onTune` follows it.
   * Leaving the loop pauses: a later run goes on with the next window, bit-identically; results in flight are yielded first.
   * @throws RangeError for a text shorter than one window or tokens outside the vocabulary; NotFiniteError when the loss or the
   *   gradient is not finite `maxSkips` times in a row; DeviceLostError; the signal's reason when it is aborted.
   */
  run(text: TrainingText, options: RunOptions = {}): AsyncGenerator<Progress, void, undefined> {
    checkOptions(options, 'run', RUN_OPTIONS, []);
    if (options.validate) batchesOf(this.model, options.validate.text, this);
    return this.#run(text, options);
  }

  async *#run(text: TrainingText, { steps = Infinity, signal, validate }: RunOptions): AsyncGenerator<Progress, void, undefined> {
    if (this.#running) throw new Error('this trainer is running already: leave the other loop first');
    const batches = this.#batchesOf(text);
    const due = (step: number): boolean => validate !== undefined && step % validate.every === 0;
    this.#running = true;
    try {
      if (!this.#replays && (await tuneWhereAsked(this.model.gpu, this.#window.recorded.step.ops.values(), signal))) this.#window.recordAgain();
      const replays = await this.#ready();
      this.#throughput.start();
      for (let submitted = 0; ; ) {
        for (let waited; waited !== this.#evaluated; ) await (waited = this.#evaluated);
        signal?.throwIfAborted();
        while (submitted < steps && this.#pending.length < IN_FLIGHT) {
          // Nothing follows a step that is to be validated until it is.
          if (this.#pending.length > 0 && due(this.#step)) break;
          this.#submitStep(batches, replays);
          submitted++;
        }
        const next = this.#pending.shift();
        if (!next) return;
        const progress = await next();
        if (validate && due(progress.step) && progress.step === this.#step) {
          let validation: Evaluation;
          try {
            validation = await this.evaluate(validate.text, { windows: validate.windows, signal });
          } catch (error) {
            this.#pending.unshift(async () => progress); // a later run yields it
            throw error;
          }
          this.#throughput.start(); // its time is no training time
          yield { ...progress, validation };
        } else {
          yield progress;
        }
      }
    } finally {
      this.#running = false;
    }
  }

  #batchesOf(text: TrainingText): Batches {
    const given = this.#text?.given;
    if (!this.#text || given?.tokens !== text?.tokens || given?.documents !== text.documents) {
      const batches = batchesOf(this.model, text, this);
      const { position, text: expected } = this.#restored;
      if (expected !== null && fingerprintOf(text) !== expected) {
        throw new RangeError(
          `the checkpoint was made on another text, of ${expected}; this one is of ${fingerprintOf(text)}. ` +
            "Run on the same text, or restore(bytes, { allow: ['text'] }) to go on with another at the same window",
        );
      }
      this.#text = { given: { tokens: text.tokens, documents: text.documents }, batches, begun: this.#step - position };
      this.#restored = { position: 0, text: null };
    }
    return this.#text.batches;
  }

  #submitStep(batches: Batches, replays: Replays): void {
    const { gpu } = this.model;
    const { text, index, recorded: { update } } = this.#window;
    const batch = batches.at(this.#step - this.#text!.begun, text.arrays);
    const { counted, epoch, windowInEpoch } = batch;
    const { starts, positions } = positionsByToken(batch.inputs, this.model.vocabulary.size, this.#index);
    const step = this.#step + 1;
    const { learningRate } = this;
    const read = gpu.submit('training step', (encoder) => {
      gpu.write(index.starts, starts);
      gpu.write(index.positions, positions);
      const begins = text.write(gpu, replays.step, batch, { seed: this.#seed, counter: step });
      replays.step.setParams(update, this.#optimizer.params(step, learningRate));
      if (begins) replays.reset.encode(encoder);
      replays.step.encode(encoder);
      return this.#ring.encode(encoder);
    });
    this.#step = step;
    this.#pending.push(async () => {
      const { diverged, parameter, ...results } = this.#window.parse(await read());
      this.#diverged = diverged ? this.#diverged + 1 : 0;
      if (this.#diverged === this.#maxSkips) {
        this.#diverged = 0;
        throw new NotFiniteError({ step, learningRate, parameter, ...results });
      }
      const tokensPerSecond = this.#throughput.tick(counted);
      return { step, learningRate, ...results, tokensPerSecond, epoch, windowInEpoch, windowsPerEpoch: batches.windowsPerEpoch };
    });
  }

  /**
   * The loss on held-out text, by the weights after `step` updates, in windows of the trainer's batch and size with a state of their
   * own, carried as in training, and no dropout: training goes on afterwards as if it had not been. The first call allocates memory of its own, kept until `destroy`.
   * A run under way waits for it, in or outside of its loop.
   * @throws RangeError for a text shorter than one window or tokens outside the vocabulary; DeviceLostError; the signal's reason.
   */
  evaluate(text: TrainingText, options: EvaluationOptions = {}): Promise<Evaluation> {
    const { gpu } = this.model;
    const evaluation = this.#evaluated.then(() => {
      gpu.memory.get(this.#window.results.buffer, 'the trainer cannot evaluate');
      this.#evaluator ??= new Evaluator(this.model, this);
      return this.#evaluator.run(text, options);
    });
    this.#evaluated = evaluation.then(() => undefined, () => undefined);
    return evaluation;
  }

  /**
   * What every layer did in the last step submitted, `step`, the lowest first: over its B steps the norm of the gradient and the gates'
   * saturation. Read asynchronously; training goes on. @throws Error in a trainer without trace: true.
   */
  readTrace(): Promise<LayerTrace[]> {
    if (!this.#window.trace) throw new Error('this trainer was made without trace: true; make it with it to read a trace');
    return this.#window.trace.read();
  }

  /** What a checkpoint must agree on. */
  get #shape(): RunShape {
    const { batchSize, timeSteps, backTimeSteps, stateful, model: { precision } } = this;
    const { name, options } = this.#optimizer;
    return { optimizer: { name, options }, batchSize, timeSteps, backTimeSteps, stateful, precision, gradientClip: this.#clip, growthInterval: this.#window.scaling?.growthInterval ?? 0 };
  }

  /**
   * Everything that a run needs to go on bit-identically after `restore`: weights, moments, carried state, position, seed. A safetensors
   * file with a checksum, from which `loadLanguageModel` can also make the model. @throws RangeError where something is not finite, naming step and tensor.
   */
  async checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const { step } = this;
    const at = this.#text
      ? { position: step - this.#text.begun, text: (this.#text.fingerprint ??= fingerprintOf(this.#text.given)) }
      : this.#restored;
    return writeCheckpoint(this.model, this.#window, { step, learningRate: this.#schedule, seed: this.#seed, ...this.#shape, ...at });
  }

  /**
   * Go on from a checkpoint of a trainer of the same shape, by its rate and its seed. The next run takes its text, which must be the same,
   * up where the checkpoint left it. Differences that are meant are named in `allow`.
   * @throws SafetensorsError for a file that is damaged, contradicts itself or is not all finite; RangeError for a checkpoint of another
   *   model or trainer. Nothing is changed then.
   */
  restore(bytes: Uint8Array, options: RestoreOptions = {}): void {
    if (this.#running) throw new Error('this trainer is running: leave its loop before restoring');
    const { step, learningRate, seed, position, text } = readCheckpoint(this.model, this.#window, this.#shape, bytes, options);
    this.#step = step;
    this.#schedule = learningRate;
    this.#seed = seed;
    this.#restored = { position, text };
    this.#text = null;
    // What is in flight belongs to the run that is given up.
    this.#pending.length = 0;
    this.#ring.forget();
  }

  /** GPU time by kernel of one more forward and backward pass with an update; it does change the weights. Needs `timestamp-query`. */
  async profile(): Promise<KernelTime[]> {
    return profile(this.model.gpu, (await this.#ready()).step);
  }

  /** Free the memory of the step; the model stays. */
  destroy(): void {
    for (const replay of Object.values(this.#replays ?? {})) replay.destroy();
    this.#ring.destroy();
    this.#evaluator?.destroy();
    this.model.gpu.memory.free(this.#window.buffers);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
