// Matrix products over slices: which kernel, which strides, how many threads.
import general from '../../shaders/ops/matmul.wgsl';
import aligned from '../../shaders/ops/matmul_vec4.wgsl';
import { alignedStart, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

/** A [rows, columns] matrix in a slice; `stride` elements from one row to the next (default: columns). */
export interface Matrix {
  readonly slice: Slice;
  readonly rows: number;
  readonly columns: number;
  readonly stride?: number;
}

export const matrix = (slice: Slice, rows: number, columns: number, stride = columns): Matrix => ({ slice, rows, columns, stride });

export interface MatmulOptions {
  /** 'nn': A·B, 'nt': A·Bᵀ, 'tn': Aᵀ·B; A and B are given as stored. */
  readonly form: 'nn' | 'nt' | 'tn';
  readonly a: Matrix;
  readonly b: Matrix;
  /** [M,N] */
  readonly c: Matrix;
  /** [N], added to every row. */
  readonly bias?: Slice;
  /** Add to what c holds, as parameters' gradients do; otherwise assign. */
  readonly accumulate?: boolean;
}

const TILE = 8;

/** Record C (+)= op(A)·op(B) (+ bias). Each element is summed in the same order whatever M, so a row alone equals a row among many. */
export function matmul(recording: Recording, { form, a, b, c, bias, accumulate = false }: MatmulOptions): void {
  const [M, K] = form === 'tn' ? [a.columns, a.rows] : [a.rows, a.columns];
  const [N, depth] = form === 'nt' ? [b.rows, b.columns] : [b.columns, b.rows];
  if (K !== depth || c.rows !== M || c.columns !== N) {
    throw new RangeError(
      `matmul ${form}: A [${a.rows},${a.columns}] and B [${b.rows},${b.columns}] cannot give C [${c.rows},${c.columns}]`,
    );
  }
  const strides = { lda: a.stride ?? a.columns, ldb: b.stride ?? b.columns, ldc: c.stride ?? c.columns };
  const wholeVectors = [strides.lda, strides.ldb, alignedStart(a.slice).elements, alignedStart(b.slice).elements].every((n) => n % 4 === 0);
  recording.dispatch(wholeVectors ? aligned : general, form, {
    bindings: { a: a.slice, b: b.slice, c: c.slice, bias: bias ?? a.slice },
    params: { M, N, K, ...strides, accumulate: Number(accumulate), has_bias: Number(bias !== undefined) },
    workgroups: grid(Math.ceil(M / TILE) * Math.ceil(N / TILE), 16),
  });
}
