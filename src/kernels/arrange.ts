// Arrays in another arrangement: directions merged, batch and time exchanged, one added to another, in another precision.
import addShader from '../../shaders/ops/add.wgsl';
import convertShader from '../../shaders/ops/convert.wgsl';
import mergeShader from '../../shaders/ops/merge.wgsl';
import swapShader from '../../shaders/ops/swap.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

/** Record merged [rows,H] = scale · (the two halves of each row of both [rows,2H]). */
export function mergeDirections(recording: Recording, both: Slice, merged: Slice, shape: { rows: number; hiddenSize: number; scale: number }): void {
  recording.dispatch(mergeShader, 'merge', { bindings: { both, merged }, params: { rows: shape.rows, hidden: shape.hiddenSize, scale: shape.scale }, workgroups: grid(shape.rows * shape.hiddenSize, 64) });
}

/** Record swapped [B,A,C] = source [A,B,C]. */
export function swapAxes(recording: Recording, source: Slice, swapped: Slice): void {
  const [a, b, c] = source.shape as [number, number, number];
  recording.dispatch(swapShader, 'swap', { bindings: { source, swapped }, params: { a, b, c }, workgroups: grid(elements(source.shape), 64) });
}

/** Record y = x, of as many elements; one may be f32 and the other f16. */
export function convert(recording: Recording, x: Slice, y: Slice): void {
  const count = elements(y.shape);
  recording.dispatch(convertShader, 'convert', { bindings: { x, y }, params: { count }, workgroups: grid(count, 64) });
}

/** Record y += x, of the same shape. */
export function addTo(recording: Recording, x: Slice, y: Slice): void {
  const count = elements(y.shape);
  recording.dispatch(addShader, 'add', { bindings: { x, y }, params: { count }, workgroups: grid(count, 64) });
}
