// tanh in place, and its gradient by what it gave.
import shader from '../../shaders/ops/tanh.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

/** Record y = tanh(y). */
export function tanh(recording: Recording, y: Slice): void {
  const count = elements(y.shape);
  recording.dispatch(shader, 'forward', { bindings: { y }, params: { count }, workgroups: grid(count, 64) });
}

/** Record dX = dY · (1 - y²), y being what `tanh` gave. */
export function tanhBackward(recording: Recording, { y, dY, dX }: { y: Slice; dY: Slice; dX: Slice }): void {
  const count = elements(y.shape);
  recording.dispatch(shader, 'backward', { bindings: { activated: y, d_y: dY, d_x: dX }, params: { count }, workgroups: grid(count, 64) });
}
