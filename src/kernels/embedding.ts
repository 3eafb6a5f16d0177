// Rows by token, and their gradient. A one-hot input is the same gather, with the weight matrix read column-wise.
import shader from '../../shaders/ops/embedding.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { foldedFor } from './folded.ts';
import { rowGrid } from './grid.ts';

const { ROWS, COLUMNS, WORKGROUP } = shader.constants;

const FOLDED = ['tokens_count', 'columns', 'vocabulary', 'rows_stride', 'token_stride', 'column_stride', 'has_bias'] as const;

/** A table of V rows and C columns; `layout` 'rows' is [V,C] as stored, 'columns' is [C,V] (W_ih as a one-hot product). */
export interface Table {
  readonly slice: Slice;
  readonly vocabulary: number;
  readonly columns: number;
  readonly layout: 'rows' | 'columns';
}

const strides = ({ vocabulary, columns, layout }: Table): { token_stride: number; column_stride: number } =>
  layout === 'rows' ? { token_stride: columns, column_stride: 1 } : { token_stride: 1, column_stride: vocabulary };

/**
 * Record rows [count, C], `stride` elements apart (default C), = table row of tokens [first .. first+count) (+ bias [C]).
 * With `every` the tokens are 0 to V-1, whatever `tokens` holds.
 */
export function gatherRows(recording: Recording, options: {
  table: Table; tokens: Slice; every?: boolean; first?: number; count: number; rows: Slice; stride?: number; bias?: Slice;
}): void {
  const { table, tokens, every = false, first = 0, count, rows, stride = table.columns, bias } = options;
  recording.dispatch(shader, 'gather', {
    bindings: { table: table.slice, bias: bias ?? table.slice, tokens, rows },
    params: { tokens_count: count, first, columns: table.columns, vocabulary: table.vocabulary, rows_stride: stride, ...strides(table), has_bias: Number(bias !== undefined) },
    folded: foldedFor(recording, count * table.columns, FOLDED),
    ...(every && { constants: { EVERY: 1 } }),
    workgroups: rowGrid(Math.ceil(count / ROWS), table.columns, COLUMNS * WORKGROUP),
  });
}

/** Positions of each token in a window: `starts` [V+1], `positions` [T·N] (src/layers/token_positions.ts makes them). */
export interface TokenIndex {
  readonly starts: Slice;
  readonly positions: Slice;
}

/** Record dTable += for each token, the sum of dRows [count, C] at its positions. `dTable` has the layout of its table. */
export function gatherRowsGradient(recording: Recording, options: { dTable: Table; index: TokenIndex; dRows: Slice; stride?: number; count: number }): void {
  const { dTable, index, dRows, stride = dTable.columns, count } = options;
  recording.dispatch(shader, 'gradient', {
    bindings: { starts: index.starts, positions: index.positions, d_rows: dRows, d_table: dTable.slice },
    params: { tokens_count: count, first: 0, columns: dTable.columns, vocabulary: dTable.vocabulary, rows_stride: stride, ...strides(dTable), has_bias: 0 },
    folded: foldedFor(recording, count * dTable.columns, FOLDED),
    workgroups: rowGrid(dTable.vocabulary, dTable.columns, COLUMNS * WORKGROUP),
  });
}
