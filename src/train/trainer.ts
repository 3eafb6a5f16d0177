// Training: windows of text through the recorded step, a few submits in flight, nothing read back but the losses.
import { planMemory, type MemoryPlan } from '../gpu/memory.ts';
import { profile, type KernelTime } from '../gpu/profile.ts';
import { ReadbackRing } from '../gpu/readback.ts';
import { Replay } from '../gpu/submit.ts';
import { wholeNumber } from '../layers/checks.ts';
import type { CharacterModel } from '../layers/model.ts';
import type { Batches } from '../text/batches.ts';
import { positionsByToken } from '../text/table_rows.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Clip } from './clip.ts';
import { NotFiniteError } from './errors.ts';
import { Evaluator, type Evaluation, type EvaluationOptions } from './evaluator.ts';
import type { Optimizer } from './optimizer.ts';
import { rateAt, scheduleOf, type Schedule } from './schedule.ts';
import { Throughput } from './throughput.ts';
import { batchesOf, type TrainingText } from './training_text.ts';
import { TrainingWindow } from './training_window.ts';

export interface TrainerOptions {
  readonly optimizer: Optimizer;
  /** N: streams of text side by side. Default 32. */
  readonly batch?: number;
  /** T: steps that the gradient goes back. Default 64. */
  readonly window?: number;
  /** The global gradient norm is scaled down to this where it is above, or each element clamped with { value }; 0 leaves it. Default 0. */
  readonly clip?: Clip;
}

export interface RunOptions {
  /** Steps to take in this run. Default: until stopped. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  /** Evaluate on held-out text whenever `trainer.step` is a multiple of `every`; the progress of that step has `validation`. */
  readonly validate?: { readonly text: TrainingText; readonly every: number; /** Windows at most. */ readonly steps?: number };
}

export interface Progress {
  /** Steps taken since the trainer was made, this one included. */
  readonly step: number;
  /** Mean over the window's T·N characters, nats per character, before this step's update. */
  readonly loss: number;
  /** [T] mean over the batch at each step of the window; `loss` is their mean. */
  readonly stepLoss: Float32Array;
  /** Global L2 norm, before clipping. */
  readonly gradientNorm: number;
  /** The learning rate of this step's update. */
  readonly rate: number;
  /** Over the last steps. */
  readonly tokensPerSecond: number;
  /** From 0. */
  readonly epoch: number;
  readonly windowInEpoch: number;
  readonly windowsPerEpoch: number;
  /** Of the weights after this step, on the steps that `validate` asks for. */
  readonly validation?: Evaluation;
}

/** Submits in flight: one runs while the next waits, so the GPU is never idle and the page never far behind. */
const IN_FLIGHT = 2;

/**
 * A trainer for a model; all memory of a step is allocated here.
 * @throws RangeError for sizes or rates out of bounds, or a plan over the device's limits.
 */
export function createTrainer(model: CharacterModel, options: TrainerOptions): Trainer {
  return new Trainer(model, options);
}

export class Trainer {
  readonly model: CharacterModel;
  readonly batch: number;
  readonly window: number;
  /** Every byte of a training step, the model's included. */
  readonly memory: MemoryPlan;
  readonly #optimizer: Optimizer;
  readonly #window: TrainingWindow;
  readonly #replays: { readonly reset: Replay; readonly step: Replay };
  readonly #ring: ReadbackRing;
  readonly #arrays: { inputs: Uint32Array; targets: Uint32Array; starts: Uint32Array; positions: Uint32Array };
  readonly #throughput = new Throughput();
  readonly #pending: (() => Promise<Progress>)[] = [];
  #schedule: Schedule;
  #step = 0;
  /** Settles when no evaluation is under way: training waits for it. */
  #evaluated: Promise<void> = Promise.resolve();
  #evaluator: Evaluator | null = null;
  /** The text that is being read, and the step at which it was begun. */
  #text: { tokens: Uint32Array; batches: Batches; begun: number } | null = null;
  /** Windows of the text read before a restore, to be claimed by the next run. */
  #restored = 0;
  #running = false;

  constructor(model: CharacterModel, options: TrainerOptions) {
    const { optimizer, batch = 32, window = 64, clip = 0 } = options;
    if (typeof optimizer?.record !== 'function') throw new TypeError('optimizer must be an optimizer, such as adam({ rate: 2e-3 })');
    wholeNumber(batch, 'batch');
    wholeNumber(window, 'window');
    const { gpu } = model;
    this.model = model;
    this.batch = batch;
    this.window = window;
    this.#optimizer = optimizer;
    this.#schedule = optimizer.schedule;
    this.#window = new TrainingWindow(model, { optimizer, batch, window, clip });
    this.memory = planMemory([model.weights.flat.buffer, model.weights.flatGradient.buffer, ...this.#window.buffers]);
    gpu.guard('trainer', () => gpu.memory.allocate(this.#window.buffers));
    gpu.write(this.#window.lengths, new Uint32Array(batch).fill(window));
    this.#replays = {
      reset: new Replay(gpu, this.#window.reset, 'reset state'),
      step: new Replay(gpu, this.#window.step, 'training step'),
    };
    this.#ring = new ReadbackRing(gpu, this.#window.results, IN_FLIGHT);
    const rows = window * batch;
    const [inputs, targets, positions] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows)];
    this.#arrays = { inputs, targets, positions, starts: new Uint32Array(model.vocabulary.size + 1) };
  }

  /** Steps taken. */
  get step(): number {
    return this.#step;
  }

  /** The learning rate of the next step submitted. A change overrides the schedule from that step on; another schedule counts from step 0 of the trainer. */
  get rate(): number {
    return rateAt(this.#schedule, this.#step);
  }

  set rate(rate: number | Schedule) {
    this.#schedule = scheduleOf(rate);
  }

  /**
   * Train on windows of a text, in order, the state carried from each to the next; yields the progress of every step.
   * Leaving the loop pauses: a later run goes on with the next window, bit-identically; results in flight are yielded first.
   * @throws RangeError for a text shorter than one window or tokens outside the vocabulary; NotFiniteError when the loss is;
   *   DeviceLostError; the signal's reason when it is aborted.
   */
  async *run(text: TrainingText, { steps = Infinity, signal, validate }: RunOptions = {}): AsyncGenerator<Progress, void, undefined> {
    if (steps !== Infinity) wholeNumber(steps, 'steps', 0);
    if (validate) {
      wholeNumber(validate.every, 'validate.every');
      batchesOf(this.model, validate.text, this);
    }
    if (this.#running) throw new Error('this trainer is running already: leave the other loop first');
    const batches = this.#batchesOf(text);
    const due = (step: number): boolean => validate !== undefined && step % validate.every === 0;
    this.#running = true;
    this.#throughput.start();
    try {
      for (let submitted = 0; ; ) {
        for (let waited; waited !== this.#evaluated; ) await (waited = this.#evaluated);
        signal?.throwIfAborted();
        while (submitted < steps && this.#pending.length < IN_FLIGHT) {
          // Nothing follows a step that is to be validated until it is.
          if (this.#pending.length > 0 && due(this.#step)) break;
          this.#submitStep(batches);
          submitted++;
        }
        const next = this.#pending.shift();
        if (!next) return;
        const progress = await next();
        if (validate && due(progress.step) && progress.step === this.#step) {
          const validation = await this.evaluate(validate.text, { steps: validate.steps, signal });
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
    if (this.#text === null || this.#text.tokens !== text?.tokens) {
      const batches = batchesOf(this.model, text, this);
      this.#text = { tokens: text.tokens, batches, begun: this.#step - this.#restored };
      this.#restored = 0;
    }
    return this.#text.batches;
  }

  #submitStep(batches: Batches): void {
    const { gpu } = this.model;
    const position = this.#step - this.#text!.begun;
    const { inputs, targets, starts, positions } = this.#arrays;
    const { epoch, windowInEpoch, resetState } = batches.at(position, { inputs, targets });
    positionsByToken(inputs, this.model.vocabulary.size, { starts, positions });
    const to = this.#window.inputs;
    gpu.write(to.tokens, inputs);
    gpu.write(to.targets, targets);
    gpu.write(to.starts, starts);
    gpu.write(to.positions, positions);
    const step = this.#step + 1;
    const { rate } = this;
    this.#replays.step.setParams(this.#window.update, this.#optimizer.params(step, rate));
    const read = gpu.submit('training step', (encoder) => {
      if (resetState) this.#replays.reset.encode(encoder);
      this.#replays.step.encode(encoder);
      return this.#ring.encode(encoder);
    });
    this.#step = step;
    this.#pending.push(async () => {
      const { loss, gradientNorm, stepLoss } = this.#window.parse(await read());
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw new NotFiniteError({ step, loss, gradientNorm, rate });
      const tokensPerSecond = this.#throughput.tick(this.window * this.batch);
      return { step, loss, stepLoss, gradientNorm, rate, tokensPerSecond, epoch, windowInEpoch, windowsPerEpoch: batches.windowsPerEpoch };
    });
  }

  /**
   * The loss on held-out text, by the weights after `step` updates, in windows of the trainer's batch and size with a state of their
   * own: training goes on afterwards as if it had not been. The first call allocates memory of its own, kept until `destroy`.
   * A run under way waits for it, in or outside of its loop.
   * @throws RangeError for a text shorter than one window or tokens outside the vocabulary; DeviceLostError; the signal's reason.
   */
  evaluate(text: TrainingText, options: EvaluationOptions = {}): Promise<Evaluation> {
    const evaluation = this.#evaluated.then(() => {
      this.#evaluator ??= new Evaluator(this.model, this);
      return this.#evaluator.run(text, options);
    });
    this.#evaluated = evaluation.then(() => undefined, () => undefined);
    return evaluation;
  }

  /** What a checkpoint must agree on. */
  get #shape(): { optimizer: string; batch: number; window: number } {
    return { optimizer: this.#optimizer.name, batch: this.batch, window: this.window };
  }

  /**
   * Everything that a run needs to go on bit-identically after `restore`: weights, moments, carried state, position. A safetensors
   * file, from which `loadModel` can also make the model.
   */
  async checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const { step } = this;
    const position = this.#text ? step - this.#text.begun : this.#restored;
    return writeCheckpoint(this.model, this.#window, { step, rate: this.#schedule, ...this.#shape, position });
  }

  /** Go on from a checkpoint of a trainer of the same shape. The next run takes its text up where the checkpoint left it. */
  restore(bytes: Uint8Array): void {
    if (this.#running) throw new Error('this trainer is running: leave its loop before restoring');
    const { step, rate, position } = readCheckpoint(this.model, this.#window, this.#shape, bytes);
    this.#step = step;
    this.#schedule = rate;
    this.#restored = position;
    this.#text = null;
    this.#pending.length = 0;
  }

  /** GPU time by kernel of one more forward and backward pass with an update; it does change the weights. Needs `timestamp-query`. */
  profile(): Promise<KernelTime[]> {
    return profile(this.model.gpu, this.#replays.step);
  }

  /** Free the memory of the step; the model stays. */
  destroy(): void {
    for (const replay of Object.values(this.#replays)) replay.destroy();
    this.#ring.destroy();
    this.#evaluator?.destroy();
    this.model.gpu.memory.free(this.#window.buffers);
  }
}
