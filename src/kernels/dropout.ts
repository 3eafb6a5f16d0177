// Dropout, its mask made from counters in both passes.
import shader from '../../shaders/ops/dropout.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

export interface DropoutOptions {
  /** p, of being dropped. */ readonly probability: number;
  /** Tells this mask from others of the same seed. */ readonly stream: number;
  /** [N+3], with seed, counter and first time in its last three elements. */ readonly lengths: Slice;
  /** Elements of a timestep, so that the mask of a window goes on from the window before; 0 for an array that has no time. */ readonly step: number;
}

/** Record y = x / (1 - p) where kept, 0 elsewhere. */
export function dropout(recording: Recording, { probability, stream, lengths, step }: DropoutOptions, x: Slice, y: Slice): void {
  const count = elements(y.shape);
  const rows = elements(lengths.shape) - 3;
  recording.dispatch(shader, 'forward', { bindings: { lengths, x, y }, params: { count, probability, stream, rows, step }, workgroups: grid(count, 64) });
}

/** Record the same mask on a gradient, in place. */
export function dropoutBackward(recording: Recording, { probability, stream, lengths, step }: DropoutOptions, y: Slice): void {
  const count = elements(y.shape);
  const rows = elements(lengths.shape) - 3;
  recording.dispatch(shader, 'backward', { bindings: { lengths, y }, params: { count, probability, stream, rows, step }, workgroups: grid(count, 64) });
}
