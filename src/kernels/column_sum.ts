// Bias gradients: sums over the rows of a matrix.
import shader from '../../shaders/ops/column_sum.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { foldedFor } from './folded.ts';
import { grid } from './grid.ts';
import type { Matrix } from './matmul.ts';

const FOLDED = ['rows', 'group', 'columns', 'stride'] as const;

/**
 * Record total [C] += Σ over the rows of x [R,C], and secondTotal [C] += the same. With `group`, the rows of a timestep, the sum over a window
 * equals to the bit the sums over its parts, the last part first.
 */
export function columnSum(recording: Recording, x: Matrix, total: Slice, { group = x.rows, secondTotal }: { group?: number; secondTotal?: Slice | undefined } = {}): void {
  if (x.rows % group !== 0) throw new RangeError(`${x.rows} rows are not whole groups of ${group}`);
  const params = { rows: x.rows, group, columns: x.columns, stride: x.stride ?? x.columns };
  const workgroups = grid(x.columns, shader.constants.COLUMNS * shader.constants.WORKGROUP);
  const folded = foldedFor(recording, x.rows * x.columns, FOLDED);
  if (secondTotal) recording.dispatch(shader, 'column_sum_to_both', { bindings: { x: x.slice, total, second_total: secondTotal }, params, folded, workgroups });
  else recording.dispatch(shader, 'column_sum', { bindings: { x: x.slice, total }, params, folded, workgroups });
}
