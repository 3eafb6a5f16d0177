// A loss as an operator: values in, their gradient and the loss out, on the application's device.
import { checkOptions } from '../checks/options.ts';
import { checkLengths, numbers } from '../checks/values.ts';
import { checkEncoder, checkGpu, type Gpu } from '../gpu/device.ts';
import { allocateProxy, planMemory, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { IGNORE_INDEX, IGNORED_TARGET } from '../kernels/loss.ts';
import { arraySource, GpuArray, type ArraySource } from '../layers/array.ts';
import { LossWindow, nonNegative, type LossOptions } from './loss_window.ts';

export interface LossInputs {
  /** Logits or predictions [T,N,F]. */
  readonly values: ArraySource;
  /**
   * cross_entropy: labels [T,N] below V, IGNORE_INDEX where a row counts for nothing, as whole numbers or in a GPU buffer of i32 or u32; else numbers
   * [T,N,F], a Float32Array or a GPU buffer.
   */
  readonly targets: Uint32Array | Int32Array | readonly number[] | Float32Array | GPUBuffer | GpuArray;
  /** [T,N], with weighted: true. */ readonly weights?: ArraySource;
  /** [N] from 0 to T, with ragged: true. */ readonly lengths?: ArrayLike<number>;
}

export interface LossResult {
  /** Σ weight·loss / Σ weight over the window; a row's loss is the mean over its F values, or the nats of its token. 0 where no weight is left. */
  readonly loss: number;
  /** Σ weight: the rows that count, where all weigh 1. */
  readonly weight: number;
  /** [T] the same by step. */
  readonly stepLoss: Float32Array;
}

/**
 * A loss with all its memory, for windows of fixed T and N. Rows of weight 0 and past their length may hold anything, also NaN.
 * @throws RangeError for sizes or weights out of bounds, or a buffer over the device's limits.
 */
export function createLoss(gpu: Gpu, options: LossOptions): Loss {
  return new Loss(gpu, options);
}

export class Loss {
  /** dL/dvalues [T,N,F], after a run; of the whole window's mean. */
  readonly gradient: GpuArray;
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #window: LossWindow;
  readonly #targets: GpuArray;
  readonly #weights: GpuArray | null;
  readonly #replay: Replay;
  readonly #owned: readonly BufferProxy[];

  constructor(gpu: Gpu, options: LossOptions) {
    checkGpu(gpu, 'createLoss');
    const window = new LossWindow(options);
    const { timeSteps, batchSize, features } = options;
    const values = allocateProxy('loss gradient', [timeSteps, batchSize, features], 'activations');
    const recording = new Recording(gpu.tiles);
    window.record(recording, values);
    this.#gpu = gpu;
    this.#window = window;
    this.#owned = [values.buffer, ...window.buffers];
    this.memory = planMemory(this.#owned);
    gpu.allocate('the loss', this.#owned, [recording]);
    if (window.perFeature) gpu.write(window.perFeature.slice, window.perFeature.values());
    this.gradient = new GpuArray(gpu, values, 'values');
    this.#targets = new GpuArray(gpu, window.targets, 'targets');
    this.#weights = window.weights && new GpuArray(gpu, window.weights, 'weights');
    this.#replay = new Replay(gpu, recording, options.loss);
  }

  /** Compute the loss and its gradient, which stay on the GPU. */
  run(inputs: LossInputs): void {
    this.#gpu.submit('loss', (encoder) => this.encode(encoder, inputs));
  }

  /**
   * The same as commands of the application's own encoder. Host numbers are written through the queue, so they are there before
   * the encoder's commands run.
   */
  encode(encoder: GPUCommandEncoder, inputs: LossInputs): void {
    checkEncoder(encoder, 'the encoder');
    checkOptions(inputs, 'run', { values: arraySource, targets: isTargets, weights: arraySource, lengths: numbers }, ['values', 'targets']);
    this.#gpu.assertAlive();
    const { values, targets, weights, lengths } = inputs;
    const { timeSteps, batchSize } = this.#window.options;
    this.#takeTargets(targets, encoder);
    const given = required(weights, this.#weights, 'weights', 'weighted');
    if (given instanceof Float32Array) this.#weights!.write(nonNegative(given, 'weights', timeSteps * batchSize));
    else if (given) this.#weights!.take(given, encoder);
    const rows = required(lengths, this.#window.lengths, 'lengths', 'ragged');
    if (rows) this.#gpu.write(this.#window.lengths!, checkLengths(rows, timeSteps, batchSize));
    this.gradient.take(values, encoder);
    this.#replay.encode(encoder);
  }

  #takeTargets(targets: LossInputs['targets'], encoder: GPUCommandEncoder): void {
    const { loss, features } = this.#window.options;
    const tokens = loss === 'cross_entropy';
    if (!(targets instanceof Uint32Array || targets instanceof Int32Array || Array.isArray(targets))) {
      if (tokens && targets instanceof Float32Array) throw new TypeError('targets of cross_entropy are labels: a Uint32Array, an Int32Array, an array of whole numbers, or a GPUBuffer of u32 or i32');
      if (loss === 'binary_cross_entropy' && targets instanceof Float32Array) {
        const bad = targets.findIndex((y) => !(y >= 0 && y <= 1) && !Number.isNaN(y));
        if (bad >= 0) throw new RangeError(`targets[${bad}] is ${targets[bad]}; binary_cross_entropy takes targets from 0 to 1`);
      }
      return this.#targets.take(targets as Exclude<typeof targets, readonly number[]>, encoder);
    }
    if (!tokens) throw new TypeError(`${loss} takes numbers: a Float32Array or a GPUBuffer of f32`);
    const { timeSteps, batchSize } = this.#window.options;
    if (targets.length !== timeSteps * batchSize) throw new RangeError(`targets has shape [${timeSteps},${batchSize}], ${timeSteps * batchSize} elements; ${targets.length} were given`);
    const labels = Array.from(targets);
    const isLabel = (label: number): boolean => (Number.isInteger(label) && label >= 0 && label < features) || [IGNORE_INDEX, IGNORE_INDEX >>> 0, IGNORED_TARGET].includes(label);
    const bad = labels.findIndex((label) => !isLabel(label));
    if (bad >= 0) throw noLabel(bad, labels[bad]!, features);
    this.#gpu.write(this.#window.targets, Uint32Array.from(labels));
  }

  /**
   * The results of the last run. @throws RangeError where a label of a row that counts, given in a GPU buffer, is none: the row counted for nothing.
   */
  async read(): Promise<LossResult> {
    const { arrays: { total, stepLoss, bad }, targets, options: { loss: name, features } } = this.#window;
    const [[loss, weight], steps, found] = await Promise.all([this.#gpu.read(total), this.#gpu.read(stepLoss), name === 'cross_entropy' ? this.#gpu.readBytes(bad) : null]);
    const back = found ? new Uint32Array(found)[0]! : 0;
    if (back > 0) {
      const labels = new Int32Array(await this.#gpu.readBytes(targets));
      throw noLabel(labels.length - back, labels[labels.length - back]!, features);
    }
    return { loss: loss!, weight: weight!, stepLoss: steps };
  }

  destroy(): void {
    this.#replay.destroy();
    this.#gpu.memory.free(this.#owned);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** What becomes of each kind, `#takeTargets` says. */
function isTargets(targets: LossInputs['targets'], name: string): void {
  if (!(targets instanceof Uint32Array || targets instanceof Int32Array || Array.isArray(targets))) arraySource(targets as ArraySource, name);
}

const noLabel = (at: number, label: number, features: number): RangeError =>
  new RangeError(`targets[${at}] is ${label}; a label is a whole number from 0 to ${features - 1}, or IGNORE_INDEX (${IGNORE_INDEX}), which counts for nothing`);

/** What is given where the loss was made for it, and only there. */
function required<V>(given: V | undefined, made: GpuArray | Slice | null, name: string, option: string): V | undefined {
  if (given === undefined && made) throw new RangeError(`this loss was made with ${option}: true, so every run needs ${name}`);
  if (given !== undefined && !made) throw new RangeError(`this loss was made without ${option}: true; make it with that to give ${name}`);
  return given;
}
