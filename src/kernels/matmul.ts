// Matrix products over slices: which strides, how many threads.
import shader from '../../shaders/ops/matmul.wgsl';
import vectors from '../../shaders/ops/matvec.wgsl';
import shared from '../../shaders/ops/matmul_shared.wgsl';
import sliced from '../../shaders/ops/matmul_sliced.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { restConstant, tileConstants, tileRows, tileThreads } from '../gpu/tiles.ts';
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
const SHARED_FOLDED = ['M', 'N', 'K', 'a_row', 'a_depth', 'b_depth', 'b_column', 'ldc', 'accumulate', 'has_bias', 'chained'] as const;
const SLICED_FOLDED = ['M', 'N', 'K', 'lda', 'ldb', 'ldc', 'accumulate'] as const;
const VECTORS_FOLDED = ['N', 'K', 'lda', 'ldb', 'ldc', 'has_bias'] as const;
const { SIDE } = shared.constants;

/** Record C (+)= op(A)·op(B) (+ bias). 'nn' and 'nt' sum each element in the same order whatever M: a row alone equals a row among many. */
export function matmul(recording: Recording, { form, a, b, c, bias, accumulate = false }: MatmulOptions): void {
  const [M, K] = form === 'tn' ? [a.columns, a.rows] : [a.rows, a.columns];
  const [N, depth] = form === 'nt' ? [b.rows, b.columns] : [b.columns, b.rows];
  if (K !== depth || c.rows !== M || c.columns !== N) {
    throw new RangeError(
      `matmul ${form}: A [${a.rows},${a.columns}] and B [${b.rows},${b.columns}] cannot give C [${c.rows},${c.columns}]`,
    );
  }
  const tile = recording.tileOf({ kind: 'matmul', form, M, N, K });
  const bindings = { a: a.slice, b: b.slice, c: c.slice, bias: bias ?? a.slice };
  const [lda, ldb, ldc] = [a.stride ?? a.columns, b.stride ?? b.columns, c.stride ?? c.columns];
  const always = { M, N, K, ldc, accumulate: Number(accumulate), has_bias: Number(bias !== undefined) };
  const fold = M * N * K >= tile.specializeAbove;
  const inFours = [a, b].every(({ slice, columns, stride = columns }) => [slice.offset, columns, stride].every((count) => count % 4 === 0));
  if (M < 4 && form === 'nt' && !accumulate && inFours) {
    // A load costs a software adapter ten multiply-adds, so a thread has many columns of what it loads of A; a GPU wants threads.
    const COLUMNS = !tile.quads ? 1 : N < 512 ? 4 : 8;
    recording.dispatch(vectors, 'nt', {
      bindings,
      params: { N, K, lda, ldb, ldc, has_bias: always.has_bias },
      folded: fold ? VECTORS_FOLDED : [],
      constants: { ROWS: M, COLUMNS },
      workgroups: grid(Math.ceil(N / COLUMNS), vectors.constants.WORKGROUP),
    });
    return;
  }
  const columns = 4 * tile.columnQuads;
  const threads = tileThreads(tile, M, Math.ceil(N / columns));
  // Gradients of weights have no bias, and this kernel knows none.
  if (form === 'tn' && tile.slices > 1 && !bias) {
    recording.dispatch(sliced, 'tn', {
      bindings: { a: a.slice, b: b.slice, c: c.slice },
      params: { M, N, K, lda, ldb, ldc, accumulate: always.accumulate },
      folded: fold ? SLICED_FOLDED : [],
      constants: { ROWS: tileRows(tile, M), COLUMNS: columns, SLICES: tile.slices },
      workgroups: grid(threads, sliced.constants.TILES),
    });
    return;
  }
  if (tile.shared) {
    const [a_row, a_depth] = form === 'tn' ? [1, lda] : [lda, 1];
    const [b_depth, b_column] = form === 'nt' ? [1, ldb] : [ldb, 1];
    const blocks = Math.ceil(M / (4 * tile.rowQuads * SIDE)) * Math.ceil(N / (columns * SIDE));
    recording.dispatch(shared, 'product', {
      bindings,
      params: { ...always, a_row, a_depth, b_depth, b_column, chained: Number(form === 'tn') },
      folded: fold ? SHARED_FOLDED : [],
      constants: { ROW_QUADS: tile.rowQuads, COLUMN_QUADS: tile.columnQuads },
      workgroups: grid(blocks, 1),
    });
    return;
  }
  recording.dispatch(shader, form, {
    bindings,
    params: { ...always, lda, ldb },
    folded: fold ? FOLDED : [],
    constants: { ...tileConstants(tile, M), COLUMN_QUADS: tile.columnQuads, DEPTH_QUADS: tile.depthQuads, VECTORS: Number(inFours && form !== 'tn'), REST: restConstant(tile, K, fold) },
    workgroups: grid(threads, 16),
  });
}
