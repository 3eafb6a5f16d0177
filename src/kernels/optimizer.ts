// Updates of all parameters at once, from the flat gradient buffer.
import adamShader from '../../shaders/optimizer/adam.wgsl';
import normShader from '../../shaders/optimizer/gradient_norm.wgsl';
import rmspropShader from '../../shaders/optimizer/rmsprop.wgsl';
import sgdShader from '../../shaders/optimizer/sgd.wgsl';
import { elements, subslice, type Slice } from '../gpu/memory.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { foldedFor } from './folded.ts';
import { grid } from './grid.ts';

/** Partial sums of the norm. */
export const NORM_PARTIALS = 1024;

/** Elements of what the norm's kernels say of a gradient, in the order of shaders/lib/scaling.wgsl. */
export const NORM_STATE = 18;
const { NORM, SKIPPED, PART, ELEMENT, SKIPS } = normShader.constants;

export interface GradientReport {
  /** ‖∇‖₂; not finite where an element is not, or where it is above the largest float32. */
  readonly norm: number;
  /** The first element that is not finite, for which the step was skipped: of which gradient, and which. */
  readonly bad: { readonly part: number; readonly element: number } | null;
  /** Steps skipped so far. */
  readonly skips: number;
}

/** What the state [NORM_STATE] says of the last step. */
export function readGradientReport(state: Float32Array): GradientReport {
  const bad = state[SKIPPED] === 1 ? { part: state[PART]!, element: state[ELEMENT]! * 2 ** 16 + state[ELEMENT + 1]! } : null;
  return { norm: state[NORM]!, bad, skips: state[SKIPS]! };
}

/** The state [NORM_STATE] before a step, where so many were skipped until then. */
export function stateOfSkips(skips: number): Float32Array<ArrayBuffer> {
  const state = new Float32Array(NORM_STATE);
  state[SKIPS] = skips;
  return state;
}

/** Record norm [NORM_STATE] of a gradient; `partials` [NORM_PARTIALS]. */
export function gradientNorm(recording: Recording, gradient: Slice, partials: Slice, norm: Slice): void {
  normOfParts(recording, [gradient], partials, norm);
}

/** Record norm [NORM_STATE] of all the gradients together; `partials` [NORM_PARTIALS] for each of them. */
export function normOfParts(recording: Recording, gradients: readonly Slice[], partials: Slice, norm: Slice): void {
  const threads = gradients.length * NORM_PARTIALS;
  gradients.forEach((gradient, i) => {
    recording.dispatch(normShader, 'partial_sums', {
      bindings: { gradient, partials: subslice(partials, i * NORM_PARTIALS, [NORM_PARTIALS]) },
      params: { count: elements(gradient.shape), threads: NORM_PARTIALS, part: i },
      workgroups: grid(NORM_PARTIALS, 64),
    });
  });
  recording.dispatch(normShader, 'total', { bindings: { partials, norm }, params: { count: 0, threads, part: 0 }, workgroups: [1, 1, 1] });
  gradients.forEach((gradient, part) => {
    recording.dispatch(normShader, 'careful', { bindings: { gradient, norm }, params: { count: elements(gradient.shape), threads, part }, workgroups: [1, 1, 1] });
  });
}

/** What every update reads and moves. */
export interface Update {
  readonly weight: Slice;
  readonly gradient: Slice;
  /** [NORM_STATE] of the gradient, behind its norm's kernels: a step that it says to skip changes nothing. */
  readonly norm: Slice;
  /** The loss is scaled, and the state counts Adam's updates. Default false. */
  readonly scaled?: boolean;
  /** The gradient is scaled down where its norm is above this; 0 leaves it. */
  readonly clipNorm: number;
  /** Each of its elements is clamped into ± this; 0 leaves it. */
  readonly clipValue: number;
}

/** The arrays and params that all updates have. */
function common({ weight, gradient, norm, scaled = false, clipNorm, clipValue }: Update) {
  const count = elements(weight.shape);
  return {
    arrays: { weight, gradient, norm },
    params: { count, clip_norm: clipNorm, clip_value: clipValue },
    how: { workgroups: grid(count, 64), ...(scaled && { constants: { SCALED: 1 } }) },
  };
}

/** Four arrays are read and three written, and there are a root and a quotient. */
const ADAM_MOVES = 10;

export interface AdamParams {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Of the gradient. */
  readonly weightDecay: number;
  readonly correction1: number;
  readonly correction2: number;
  /** What the weight keeps of itself: 1, or 1 - rate · decay. */
  readonly keep: number;
}

/** Record Adam's update; the handle's `rate`, `correction1`, `correction2` and `keep` change every step. */
export function adamUpdate(recording: Recording, update: Update, moments: { first: Slice; second: Slice }, { learningRate, weightDecay, ...given }: AdamParams): Dispatch {
  const { arrays, params, how } = common(update);
  const rests = { rest1: 1 - given.beta1, rest2: 1 - given.beta2 };
  const { ELEMENTS, WORKGROUP } = adamShader.constants;
  return recording.dispatch(adamShader, 'adam', {
    bindings: { ...arrays, ...moments },
    params: { ...params, ...given, ...rests, rate: learningRate, weight_decay: weightDecay },
    ...how,
    folded: foldedFor(recording, ADAM_MOVES * params.count, ['count']),
    workgroups: grid(params.count, ELEMENTS * WORKGROUP),
  });
}

export interface SgdParams {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** Record the update of gradient descent, with momentum where there is a velocity; the handle's `rate` may change. */
export function sgdUpdate(recording: Recording, update: Update, velocity: Slice | undefined, { learningRate, momentum, nesterov, weightDecay }: SgdParams): Dispatch {
  const { arrays, params: shared, how } = common(update);
  const params = { ...shared, rate: learningRate, momentum, nesterov: Number(nesterov), weight_decay: weightDecay };
  if (!velocity) return recording.dispatch(sgdShader, 'plain', { bindings: arrays, params, ...how });
  return recording.dispatch(sgdShader, 'momentum', { bindings: { ...arrays, velocity }, params, ...how });
}

export interface RmspropParams {
  readonly learningRate: number;
  readonly alpha: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Record RMSprop's update, centered where there is an average, with momentum where there is a velocity; the handle's `rate` may change. */
export function rmspropUpdate(
  recording: Recording,
  update: Update,
  { square, average, velocity }: { square: Slice; average?: Slice | undefined; velocity?: Slice | undefined },
  { learningRate, weightDecay, ...given }: RmspropParams,
): Dispatch {
  const { arrays, params: shared, how } = common(update);
  const bindings = { ...arrays, square };
  const params = { ...shared, ...given, rate: learningRate, rest: 1 - given.alpha, weight_decay: weightDecay };
  if (average && velocity) return recording.dispatch(rmspropShader, 'centered_momentum', { bindings: { ...bindings, average, velocity }, params, ...how });
  if (average) return recording.dispatch(rmspropShader, 'centered', { bindings: { ...bindings, average }, params, ...how });
  if (velocity) return recording.dispatch(rmspropShader, 'momentum', { bindings: { ...bindings, velocity }, params, ...how });
  return recording.dispatch(rmspropShader, 'plain', { bindings, params, ...how });
}
