// Matrix products over slices: which strides, how many threads.
import shader from '../../shaders/ops/matmul.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { matmulTile, tileConstants, tileThreads } from '../gpu/tiles.ts';
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

const FOLDED = ['M', 'N', 'K', 'lda', 'ldb', 'ldc', 'accumulate', 'has_bias'] as const;

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
  const tile = matmulTile(recording.tiles, { kind: 'matmul', form, M, N, K });
  recording.dispatch(shader, form, {
    bindings: { a: a.slice, b: b.slice, c: c.slice, bias: bias ?? a.slice },
    params: { M, N, K, ...strides, accumulate: Number(accumulate), has_bias: Number(bias !== undefined) },
    folded: M * N * K >= tile.foldFrom ? FOLDED : [],
    constants: { ...tileConstants(tile, M), COLUMN_QUADS: tile.columnQuads },
    workgroups: grid(tileThreads(tile, M, Math.ceil(N / (4 * tile.columnQuads))), 16),
  });
}
