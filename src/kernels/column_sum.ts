// Bias gradients: sums over the rows of a matrix.
import shader from '../../shaders/ops/column_sum.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';
import type { Matrix } from './matmul.ts';

/** Record total [C] += Σ over the rows of x [R,C]. */
export function columnSum(recording: Recording, x: Matrix, total: Slice): void {
  recording.dispatch(shader, 'column_sum', {
    bindings: { x: x.slice, total },
    params: { rows: x.rows, columns: x.columns, stride: x.stride ?? x.columns },
    workgroups: grid(x.columns, 16),
  });
}
