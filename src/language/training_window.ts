// One training step of a character model as a recording: forward, a loss at every new step, BPTT, clip, update.
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { Recording, type Dispatch } from '../gpu/recording.ts';
import { updateLossScale, LOSS_SCALE_STATE, readLossScale, scaleBy, type LossScaling } from '../kernels/loss_scale.ts';
import { gradientNorm, NORM_PARTIALS, NORM_STATE, readGradientReport } from '../kernels/optimizer.ts';
import type { LanguageModel } from './language_model.ts';
import { PlanTrace } from '../layers/plan_trace.ts';
import { checkClip, type Clip } from '../train/clip.ts';
import type { UpdateRule } from '../train/update_rule.ts';
import { TextWindow, type TextWindowOptions } from './text_window.ts';

/** Where the results begin in their buffer, in elements: each kernel binds its part, and bindings are aligned. */
const NORM_AT = 64;
const STEP_LOSS_AT = 128;

export interface TrainingWindowOptions extends Omit<TextWindowOptions, 'training'> {
  readonly optimizer: UpdateRule;
  readonly gradientClip: Clip;
  /** Good steps after which the loss's scale doubles, in precision f16. */
  readonly growthInterval: number;
}

/** The results of a step as numbers. */
export interface StepResults {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly stepLoss: Float32Array;
  /** 1 where the loss is not scaled. */
  readonly lossScale: number;
  /** The gradient was not finite, and nothing was updated. */
  readonly skipped: boolean;
  /** Something is not finite that no smaller scale can help. */
  readonly diverged: boolean;
  /** Skipped: the first parameter whose gradient is not finite. */
  readonly parameter: string | null;
}

export class TrainingWindow {
  readonly text: TextWindow;
  /** Where the tokens of a window occur: [V+1] and [B·N]. */
  readonly index: { readonly starts: Slice; readonly positions: Slice };
  /** The optimizer's moments, each as long as the flat parameters. */
  readonly moments: readonly Slice[];
  /** Theirs, in the same order. */
  readonly momentNames: readonly string[];
  /** Loss, norm and per-step losses in one buffer, read back in one copy. */
  readonly results: Slice;
  /** Null in precision f32. Its state begins with the norm and is among the results. */
  readonly scaling: LossScaling | null;
  /** The step, and its last dispatch, whose params change every step. */
  recorded: { readonly step: Recording; readonly update: Dispatch };
  readonly trace: PlanTrace | null;
  /** T */
  readonly #steps: number;
  readonly #owned: readonly BufferProxy[];
  readonly #parameterAt: (element: number) => string;
  readonly #record: () => { step: Recording; update: Dispatch };

  constructor(model: LanguageModel, { optimizer, gradientClip, growthInterval, ...options }: TrainingWindowOptions) {
    const { batchSize, timeSteps, backTimeSteps } = options;
    const { flat, flatGradient } = model.weights;
    this.#steps = timeSteps;
    this.#parameterAt = (element) => model.weights.nameAt(element);
    this.text = new TextWindow(model, { ...options, training: true });
    this.index = {
      starts: allocateProxy('token starts', [model.vocabulary.size + 1], 'input'),
      positions: allocateProxy('token positions', [backTimeSteps * batchSize], 'input'),
    };
    this.momentNames = optimizer.moments;
    this.moments = optimizer.moments.map((name) => allocateProxy(`${optimizer.name} ${name}`, flat.shape, 'optimizer'));
    const partials = allocateProxy('norm partials', [NORM_PARTIALS], 'scratch');
    this.results = allocateProxy('results', [STEP_LOSS_AT + timeSteps], 'result');
    const norm = subslice(this.results, NORM_AT, [NORM_STATE]);
    this.scaling = model.weights.half && { state: subslice(this.results, NORM_AT, [LOSS_SCALE_STATE]), growthInterval, decays: optimizer.decays ?? [] };
    const { scaling } = this;
    this.trace = options.trace ? new PlanTrace(model.gpu, this.text.stack) : null;

    const clipping = checkClip(gradientClip);
    this.#record = () => {
      const step = new Recording(model.gpu.tiles);
      step.clear(flatGradient);
      this.text.forward(step, { stepLoss: subslice(this.results, STEP_LOSS_AT, [timeSteps]), total: subslice(this.results, 0, [2]) });
      this.trace?.recordForward(step);
      this.text.backward(step, this.index, scaling);
      this.trace?.recordBackward(step);
      if (scaling) scaleBy(step, scaling, 'divide', flatGradient);
      gradientNorm(step, flatGradient, partials, norm);
      if (scaling) updateLossScale(step, scaling);
      const update = optimizer.record(step, { weight: flat, gradient: flatGradient, norm, scaled: scaling !== null, ...clipping }, this.moments);
      model.weights.recordHalf(step);
      return { step, update };
    };
    this.recorded = this.#record();

    const own = [...Object.values(this.index), ...this.moments, partials, this.results].map((s) => s.buffer);
    this.#owned = [...this.text.buffers, ...own, ...(this.trace?.buffers() ?? [])];
  }

  /** Record the step again, on the device's tiles as they are now. */
  recordAgain(): void {
    this.recorded = this.#record();
  }

  /** Every buffer of the window; the model's own are not among them. */
  get buffers(): readonly BufferProxy[] {
    return this.#owned;
  }

  /** The results as numbers. */
  parse(bytes: ArrayBuffer): StepResults {
    const values = new Float32Array(bytes);
    const [loss, stepLoss] = [values[0]!, values.slice(STEP_LOSS_AT, STEP_LOSS_AT + this.#steps)];
    const { norm: gradientNorm, bad } = readGradientReport(values.subarray(NORM_AT, NORM_AT + NORM_STATE));
    const skipped = bad !== null;
    const common = { loss, gradientNorm, stepLoss, skipped, parameter: bad && this.#parameterAt(bad.element) };
    if (!this.scaling) return { ...common, lossScale: 1, diverged: !Number.isFinite(loss) || skipped };
    const { scale, exhausted } = readLossScale(values.subarray(NORM_AT, NORM_AT + LOSS_SCALE_STATE));
    return { ...common, lossScale: scale, diverged: !Number.isFinite(loss) || (skipped && exhausted) };
  }
}
