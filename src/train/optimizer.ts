// An optimizer over modules: one global norm and one clip over all of them, an update of each, and their gradients cleared.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { checkEncoder, checkGpu, type Gpu } from '../gpu/device.ts';
import { allocateProxy, elements, planMemory, subslice, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { Recording, type Dispatch } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { normOfParts, NORM_PARTIALS, NORM_STATE, readGradientReport, stateOfSkips } from '../kernels/optimizer.ts';
import { GpuArray } from '../layers/array.ts';
import { Parameters } from '../layers/parameters.ts';
import { checkClip, type Clip } from './clip.ts';
import { readOptimizer, writeOptimizer, type OptimizerRestoreOptions, type OptimizerShape } from './optimizer_file.ts';
import { rateOf, scheduleOf, type LearningRateSchedule } from './schedule.ts';
import { isUpdateRule, type UpdateRule } from './update_rule.ts';

/** A module with parameters: `createRecurrent`, `createLinear`, `createAttention`, `createLanguageModel`. */
export interface Trainable {
  readonly weights: Parameters;
}

export interface OptimizerOptions {
  /** Over all modules together. Default 0: none. */
  readonly gradientClip?: Clip;
}

/**
 * An optimizer of modules that are trained together, such as an encoder, a decoder and a head, by a rule such as `adam({ learningRate: 1e-3 })`.
 * @throws RangeError for no module, or a clip out of bounds.
 */
export function createOptimizer(gpu: Gpu, modules: readonly Trainable[], rule: UpdateRule, options: OptimizerOptions = {}): Optimizer {
  return new Optimizer(gpu, modules, rule, options);
}

/** What became of the last step. */
export interface OptimizerStep {
  /** The gradient's global norm, before clipping. Not finite where an element of the gradient is not, or where it is above the largest float32. */
  readonly norm: number;
  /** The gradient was not finite: weights and moments are as they were, and the gradients are cleared. */
  readonly skipped: boolean;
  /** Then the first parameter whose gradient is not finite: of which module, in the order in which they were given, and its name. */
  readonly parameter: { readonly module: number; readonly name: string } | null;
  /** Steps skipped so far. */
  readonly skips: number;
}

export class Optimizer {
  /** [1] the gradient's global norm of the last step, before clipping. */
  readonly norm: GpuArray;
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #modules: readonly Trainable[];
  /** [NORM_STATE] */
  readonly #state: Slice;
  readonly #rule: UpdateRule;
  readonly #clip: OptimizerShape['gradientClip'];
  /** Of each module, each as long as its flat parameters. */
  readonly #moments: readonly (readonly Slice[])[];
  readonly #replay: Replay;
  readonly #updates: readonly Dispatch[];
  readonly #owned: readonly BufferProxy[];
  #schedule: LearningRateSchedule;
  #step = 0;

  constructor(gpu: Gpu, modules: readonly Trainable[], rule: UpdateRule, options: OptimizerOptions) {
    checkGpu(gpu, 'createOptimizer');
    if (!Array.isArray(modules)) throw new TypeError(`the modules must be a list, such as [createRecurrent(…)]; ${shown(modules)} was given`);
    modules.forEach((module: Trainable | null, i) => {
      if (!(module?.weights instanceof Parameters)) throw new TypeError(`modules[${i}] must be a module with parameters, such as createRecurrent(…); ${shown(module)} was given`);
    });
    isUpdateRule(rule, 'the rule of createOptimizer');
    checkOptions(options, 'createOptimizer', { gradientClip: checkClip }, []);
    const { gradientClip = 0 } = options;
    if (modules.length === 0) throw new RangeError('an optimizer needs at least one module, such as createRecurrent(…)');
    if (new Set(modules).size !== modules.length) throw new RangeError('a module is given twice: it would be updated twice');
    this.#gpu = gpu;
    this.#modules = [...modules];
    this.#rule = rule;
    this.#schedule = rule.schedule;
    this.#clip = checkClip(gradientClip);
    const partials = allocateProxy('norm partials', [modules.length * NORM_PARTIALS], 'scratch');
    const norm = allocateProxy('gradient norm', [NORM_STATE], 'result');
    const recording = new Recording(gpu.tiles);
    normOfParts(recording, modules.map(({ weights }) => weights.flatGradient), partials, norm);
    const moments = modules.map(({ weights }) => rule.moments.map((name) => allocateProxy(`${rule.name} ${name}`, weights.flat.shape, 'optimizer')));
    this.#updates = modules.map(({ weights }, i) => rule.record(recording, { weight: weights.flat, gradient: weights.flatGradient, norm, ...this.#clip }, moments[i]!));
    for (const { weights } of modules) {
      weights.recordHalf(recording);
      recording.clear(weights.flatGradient);
    }
    this.#state = norm;
    this.#moments = moments;
    this.#owned = [partials, norm, ...moments.flat()].map((s) => s.buffer);
    this.memory = planMemory(this.#owned);
    gpu.allocate('the optimizer', this.#owned, [recording]);
    this.norm = new GpuArray(gpu, subslice(norm, 0, [1]), 'norm');
    this.#replay = new Replay(gpu, recording, 'optimizer step');
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
   * @throws DestroyedError where this or an module was destroyed
   */
  step(): void {
    this.#gpu.submit('optimizer step', (encoder) => this.#record(encoder));
    this.#step++;
  }

  /**
   * The step as commands of the application's own encoder, behind the backward passes that made the gradients. The learning rate and the
   * number of the step go through the queue, so an encoder takes one step of an optimizer: submit it before the next.
   * @throws DestroyedError where this or a module was destroyed
   */
  encodeStep(encoder: GPUCommandEncoder): void {
    checkEncoder(encoder, 'the encoder');
    this.#gpu.assertAlive();
    this.#record(encoder);
    this.#step++;
  }

  #record(encoder: GPUCommandEncoder): void {
    for (const update of this.#updates) this.#replay.setParams(update, this.#rule.params(this.#step + 1, this.learningRate));
    this.#replay.encode(encoder);
  }

  /** What became of the last step, after all that was submitted before; before the first one, and after `restore`, a norm of 0. */
  async read(): Promise<OptimizerStep> {
    const { norm, bad, skips } = readGradientReport(await this.#gpu.read(this.#state));
    const parameter = bad && { module: bad.part, name: this.#modules[bad.part]!.weights.nameAt(bad.element) };
    return { norm, skipped: bad !== null, parameter, skips };
  }

  /** What a file of an optimizer must agree on. */
  get #shape(): OptimizerShape {
    const { name, options, moments } = this.#rule;
    return { optimizer: { name, options }, gradientClip: this.#clip, moments, modules: this.#modules.map(({ weights }) => weights.specs) };
  }

  /**
   * Everything that steps need to go on bit-identically after `restore`, besides the modules' parameters and gradients: moments, steps, rate. A
   * safetensors file with a checksum, as it is after all that was submitted before. @throws RangeError where a moment is not finite, naming it
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    const [steps, learningRate, shape] = [this.#step, this.#schedule, this.#shape];
    // All reads are queued at once, so all see the same moment even while steps go on.
    const reads = this.#moments.map((own) => Promise.all(own.map((slice) => this.#gpu.read(slice))));
    const [state, moments] = await Promise.all([this.#gpu.read(this.#state), Promise.all(reads)]);
    const { skips } = readGradientReport(state);
    return writeOptimizer(shape, { steps, skips, learningRate }, (module, moment, parameter) => {
      const { offset, shape } = this.#modules[module]!.weights.slice(parameter);
      return moments[module]![moment]!.slice(offset, offset + elements(shape));
    });
  }

  /**
   * Go on from what `save` gave of an optimizer over modules of the same parameters, in the same order, by its moments, steps and rate; the modules' own
   * parameters and gradients stay as they are. Differences that are meant are named in `allow`.
   * @throws SafetensorsError for a file that is damaged, contradicts itself or is not all finite; RangeError for a file of another optimizer. Nothing is changed then.
   */
  restore(bytes: Uint8Array, options: OptimizerRestoreOptions = {}): void {
    const moments = this.#moments.map((own) => own.map((slice) => new Float32Array(elements(slice.shape))));
    const { steps, skips, learningRate } = readOptimizer(this.#shape, bytes, options, (module, moment, parameter, data) => {
      moments[module]![moment]!.set(data, this.#modules[module]!.weights.slice(parameter).offset);
    });
    this.#moments.forEach((own, module) => own.forEach((slice, moment) => this.#gpu.write(slice, moments[module]![moment]!)));
    this.#gpu.write(this.#state, stateOfSkips(skips));
    this.#step = steps;
    this.#schedule = learningRate;
  }

  /** Free the moments; the modules stay. */
  destroy(): void {
    this.#replay.destroy();
    this.#gpu.memory.free(this.#owned);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
