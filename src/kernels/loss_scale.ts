// Dynamic loss scaling, its state on the GPU.
import shader from '../../shaders/optimizer/loss_scale.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

const { SCALE, INVERSE, USED } = shader.constants;

/** Elements of the state, as shaders/lib/scaling.wgsl says; behind them follows what else the norm's kernels say. */
export const LOSS_SCALE_STATE = 8;

/** Bounds of the scale. */
const LEAST = 2 ** -14;
export const MOST_LOSS_SCALE = 2 ** 32;

export interface LossScaling {
  /** [LOSS_SCALE_STATE] */ readonly state: Slice;
  /** Good steps after which the scale doubles. */ readonly growthInterval: number;
  /** β1 and β2 of Adam; none of others. */ readonly decays: readonly number[];
}

/** The state before the first step. */
export function initialLossScale(scale: number): Float32Array<ArrayBuffer> {
  const state = new Float32Array(LOSS_SCALE_STATE);
  state[SCALE] = scale;
  state[INVERSE] = 1 / scale;
  return state;
}

export interface LossScaleReport {
  /** That the step had. */ readonly scale: number;
  /** The scale cannot be made smaller. */ readonly exhausted: boolean;
}

/** What the state says of the step that it has just judged. */
export function readLossScale(state: Float32Array): LossScaleReport {
  return { scale: state[USED]!, exhausted: state[USED]! <= LEAST };
}

const params = ({ growthInterval, decays: [beta1 = 0, beta2 = 0] }: LossScaling, count: number) => ({
  count, grow_every: growthInterval, least: LEAST, most: MOST_LOSS_SCALE, beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2,
});

/** Record values *= scale, or values /= scale. */
export function scaleBy(recording: Recording, scaling: LossScaling, how: 'multiply' | 'divide', values: Slice): void {
  const count = elements(values.shape);
  recording.dispatch(shader, how, { bindings: { state: scaling.state, values }, params: params(scaling, count), workgroups: grid(count, 64) });
}

/** Record, behind the gradient's norm, whether the step is skipped, and the scale of the next. */
export function updateLossScale(recording: Recording, scaling: LossScaling): void {
  recording.dispatch(shader, 'update_loss_scale', { bindings: { state: scaling.state }, params: params(scaling, 0), workgroups: [1, 1, 1] });
}
