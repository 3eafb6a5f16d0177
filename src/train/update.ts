// An optimizer over operators: one global norm and one clip over all of them, an update of each, and their gradients cleared.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { checkGpu, type Gpu } from '../gpu/device.ts';
import { allocateProxy, elements, planMemory, subslice, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { Recording, type Dispatch } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { normOfParts, NORM_PARTIALS, NORM_STATE, readGradientReport, stateOfSkips } from '../kernels/optimizer.ts';
import { GpuArray } from '../layers/array.ts';
import { Parameters } from '../layers/parameters.ts';
import { checkClip, type Clip } from './clip.ts';
import { isOptimizer, type Optimizer } from './optimizer.ts';
import { rateOf, scheduleOf, type LearningRateSchedule } from './schedule.ts';
import { readUpdate, writeUpdate, type UpdateRestoreOptions, type UpdateShape } from './update_file.ts';

/** An operator with parameters: `createRecurrent`, `createLinear`, `createLanguageModel`. */
export interface Trainable {
  readonly weights: Parameters;
}

export interface UpdateOptions {
  readonly optimizer: Optimizer;
  /** Over all operators together. Default 0: none. */
  readonly gradientClip?: Clip;
}

/**
 * An update for operators that are trained together: an encoder, a decoder, a head.
 * @throws RangeError for no operator, or a clip out of bounds.
 */
export function createUpdate(gpu: Gpu, operators: readonly Trainable[], options: UpdateOptions): Update {
  return new Update(gpu, operators, options);
}

/** What became of the last step. */
export interface UpdateResult {
  /** The gradient's global norm, before clipping. Not finite where an element of the gradient is not, or where it is above the largest float32. */
  readonly norm: number;
  /** The gradient was not finite: weights and moments are as they were, and the gradients are cleared. */
  readonly skipped: boolean;
  /** Then the first parameter whose gradient is not finite: of which operator, in the order in which they were given, and its name. */
  readonly parameter: { readonly operator: number; readonly name: string } | null;
  /** Steps skipped so far. */
  readonly skips: number;
}

export class Update {
  /** [1] the gradient's global norm of the last step, before clipping. */
  readonly norm: GpuArray;
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #operators: readonly Trainable[];
  /** [NORM_STATE] */
  readonly #state: Slice;
  readonly #optimizer: Optimizer;
  readonly #clip: UpdateShape['gradientClip'];
  /** Of each operator, each as long as its flat parameters. */
  readonly #moments: readonly (readonly Slice[])[];
  readonly #replay: Replay;
  readonly #updates: readonly Dispatch[];
  readonly #owned: readonly BufferProxy[];
  #schedule: LearningRateSchedule;
  #step = 0;

  constructor(gpu: Gpu, operators: readonly Trainable[], options: UpdateOptions) {
    checkGpu(gpu, 'createUpdate');
    if (!Array.isArray(operators)) throw new TypeError(`the operators must be a list, such as [createRecurrent(…)]; ${shown(operators)} was given`);
    operators.forEach((operator: Trainable | null, i) => {
      if (!(operator?.weights instanceof Parameters)) throw new TypeError(`operators[${i}] must be an operator with parameters, such as createRecurrent(…); ${shown(operator)} was given`);
    });
    checkOptions(options, 'createUpdate', { optimizer: isOptimizer, gradientClip: checkClip }, ['optimizer']);
    const { optimizer, gradientClip = 0 } = options;
    if (operators.length === 0) throw new RangeError('an update needs at least one operator, such as createRecurrent(…)');
    if (new Set(operators).size !== operators.length) throw new RangeError('an operator is given twice: it would be updated twice');
    this.#gpu = gpu;
    this.#operators = [...operators];
    this.#optimizer = optimizer;
    this.#schedule = optimizer.schedule;
    this.#clip = checkClip(gradientClip);
    const partials = allocateProxy('norm partials', [operators.length * NORM_PARTIALS], 'scratch');
    const norm = allocateProxy('gradient norm', [NORM_STATE], 'result');
    const recording = new Recording(gpu.tiles);
    normOfParts(recording, operators.map(({ weights }) => weights.flatGradient), partials, norm);
    const moments = operators.map(({ weights }) => optimizer.moments.map((name) => allocateProxy(`${optimizer.name} ${name}`, weights.flat.shape, 'optimizer')));
    this.#updates = operators.map(({ weights }, i) => optimizer.record(recording, { weight: weights.flat, gradient: weights.flatGradient, norm, ...this.#clip }, moments[i]!));
    for (const { weights } of operators) {
      weights.recordHalf(recording);
      recording.clear(weights.flatGradient);
    }
    this.#state = norm;
    this.#moments = moments;
    this.#owned = [partials, norm, ...moments.flat()].map((s) => s.buffer);
    this.memory = planMemory(this.#owned);
    gpu.allocate('the update', this.#owned, [recording]);
    this.norm = new GpuArray(gpu, subslice(norm, 0, [1]), 'norm');
    this.#replay = new Replay(gpu, recording, 'update');
  }

  /** Updates taken, those that were skipped among them. */
  get steps(): number {
    return this.#step;
  }

  /** The rate of the next step. */
  get learningRate(): number {
    return rateOf(this.#schedule, this.#step);
  }

  /** A number or a schedule, from the next step on. */
  set learningRate(learningRate: number | LearningRateSchedule) {
    this.#schedule = scheduleOf(learningRate);
  }

  /**
   * Move every parameter by its gradient, unless an element of that is not finite, and clear the gradients. One submit, nothing read back.
   * @throws DestroyedError where this or an operator was destroyed
   */
  step(): void {
    this.#gpu.submit('update', (encoder) => {
      for (const update of this.#updates) this.#replay.setParams(update, this.#optimizer.params(this.#step + 1, this.learningRate));
      this.#replay.encode(encoder);
    });
    this.#step++;
  }

  /** What became of the last step, after all that was submitted before; before the first one, and after `restore`, a norm of 0. */
  async read(): Promise<UpdateResult> {
    const { norm, bad, skips } = readGradientReport(await this.#gpu.read(this.#state));
    const parameter = bad && { operator: bad.part, name: this.#operators[bad.part]!.weights.nameAt(bad.element) };
    return { norm, skipped: bad !== null, parameter, skips };
  }

  /** What a file of an update must agree on. */
  get #shape(): UpdateShape {
    const { name, options, moments } = this.#optimizer;
    return { optimizer: { name, options }, gradientClip: this.#clip, moments, operators: this.#operators.map(({ weights }) => weights.specs) };
  }

  /**
   * Everything that steps need to go on bit-identically after `restore`, besides the operators' parameters and gradients: moments, steps, rate. A
   * safetensors file with a checksum, as it is after all that was submitted before. @throws RangeError where a moment is not finite, naming it
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    const [steps, learningRate, shape] = [this.#step, this.#schedule, this.#shape];
    // All reads are queued at once, so all see the same moment even while steps go on.
    const reads = this.#moments.map((own) => Promise.all(own.map((slice) => this.#gpu.read(slice))));
    const [state, moments] = await Promise.all([this.#gpu.read(this.#state), Promise.all(reads)]);
    const { skips } = readGradientReport(state);
    return writeUpdate(shape, { steps, skips, learningRate }, (operator, moment, parameter) => {
      const { offset, shape } = this.#operators[operator]!.weights.slice(parameter);
      return moments[operator]![moment]!.slice(offset, offset + elements(shape));
    });
  }

  /**
   * Go on from what `save` gave of an update over operators of the same parameters, in the same order, by its moments, steps and rate; the operators' own
   * parameters and gradients stay as they are. Differences that are meant are named in `allow`.
   * @throws SafetensorsError for a file that is damaged, contradicts itself or is not all finite; RangeError for a file of another update. Nothing is changed then.
   */
  restore(bytes: Uint8Array, options: UpdateRestoreOptions = {}): void {
    const moments = this.#moments.map((own) => own.map((slice) => new Float32Array(elements(slice.shape))));
    const { steps, skips, learningRate } = readUpdate(this.#shape, bytes, options, (operator, moment, parameter, data) => {
      moments[operator]![moment]!.set(data, this.#operators[operator]!.weights.slice(parameter).offset);
    });
    this.#moments.forEach((own, operator) => own.forEach((slice, moment) => this.#gpu.write(slice, moments[operator]![moment]!)));
    this.#gpu.write(this.#state, stateOfSkips(skips));
    this.#step = steps;
    this.#schedule = learningRate;
  }

  /** Free the moments; the operators stay. */
  destroy(): void {
    this.#replay.destroy();
    this.#gpu.memory.free(this.#owned);
  }
}
