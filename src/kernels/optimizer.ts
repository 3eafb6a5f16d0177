// Updates of all parameters at once, from the flat gradient buffer.
import adamShader from '../../shaders/optimizer/adam.wgsl';
import normShader from '../../shaders/optimizer/gradient_norm.wgsl';
import sgdShader from '../../shaders/optimizer/sgd.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

/** Partial sums of the norm. */
export const NORM_PARTIALS = 1024;

/** Record norm [1] = ‖gradient‖₂; `partials` [NORM_PARTIALS]. */
export function gradientNorm(recording: Recording, gradient: Slice, partials: Slice, norm: Slice): void {
  const params = { count: elements(gradient.shape), threads: NORM_PARTIALS };
  recording.dispatch(normShader, 'partial_sums', { bindings: { gradient, partials }, params, workgroups: grid(NORM_PARTIALS, 64) });
  recording.dispatch(normShader, 'total', { bindings: { partials, norm }, params, workgroups: [1, 1, 1] });
}

export interface UpdateBuffers {
  readonly weight: Slice;
  readonly gradient: Slice;
  /** The gradient's global norm [1]. */
  readonly norm: Slice;
}

/** Record Adam's update; the handle's `rate`, `correction1` and `correction2` change every step. */
export function adamUpdate(
  recording: Recording,
  buffers: UpdateBuffers & { first: Slice; second: Slice },
  params: { rate: number; beta1: number; beta2: number; epsilon: number; correction1: number; correction2: number; clip: number },
): Dispatch {
  const count = elements(buffers.weight.shape);
  return recording.dispatch(adamShader, 'adam', { bindings: { ...buffers }, params: { count, ...params }, workgroups: grid(count, 64) });
}

/** Record the update of gradient descent with momentum. */
export function sgdUpdate(recording: Recording, buffers: UpdateBuffers & { velocity: Slice }, params: { rate: number; momentum: number; clip: number }): Dispatch {
  const count = elements(buffers.weight.shape);
  return recording.dispatch(sgdShader, 'sgd', { bindings: { ...buffers }, params: { count, ...params }, workgroups: grid(count, 64) });
}
