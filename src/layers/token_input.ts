// Tokens as the first layer's input: rows of a table, no one-hot array and no product over time exist. The steps read the rows
// themselves where they can (src/scheduler/history.ts, TokenTable); otherwise they are gathered before.
import { allocateProxy, type BufferProxy, type ElementBytes, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { gatherRows, gatherRowsGradient, type Table, type TokenIndex } from '../kernels/embedding.ts';
import { matmul, matrix, type Matrix } from '../kernels/matmul.ts';
import type { LayerHistory, TokenRows } from '../scheduler/history.ts';
import type { Parameters } from './parameters.ts';
import type { StackInput } from './stack_input.ts';
import { directionsOf, parameterName, type LayerShape } from './stack_parameters.ts';

type Tokens = Exclude<StackInput, { kind: 'dense' }>;

/** What every WebGPU device binds. The table and the gates, in f32 at most, are one buffer where steps read them both, and would be two otherwise. */
const MOST_BYTES = 2 ** 27;

/** What a layer's steps read by themselves of `count` tokens: not before a normalization, and not where more rows would be made than are read. */
export function readInSteps({ cell, direction, hiddenSize }: LayerShape, input: StackInput, lengths: Slice, count: number): TokenRows | null {
  if (input.kind === 'dense' || cell.norm || direction !== 'forward' || input.tokens.buffer !== lengths.buffer) return null;
  if ((count + input.vocabulary) * cell.saved * hiddenSize * 4 > MOST_BYTES) return null;
  return input.kind === 'table' || input.vocabulary < count ? input : null;
}

export class TokenInput {
  readonly #layer: LayerShape;
  readonly #parameters: Parameters;
  readonly #input: Tokens;
  readonly #count: number;
  /** E·W_ihᵀ + b_ih [V,G*H] of each direction, without the bias where it comes behind a normalization; for one-hot tokens, whose table is W_ih itself, only where the steps read it. */
  readonly #tables: readonly Matrix[];
  /** The steps read the rows: their table is the history's. */
  readonly #readInSteps: boolean;
  readonly #dTables: readonly Slice[];

  /** `count`: tokens of a window, T·N. */
  constructor(layer: LayerShape, history: LayerHistory, parameters: Parameters, input: Tokens, { count, training }: { count: number; training: boolean }) {
    this.#layer = layer;
    this.#parameters = parameters;
    this.#input = input;
    this.#count = count;
    const table = (name: string, elementBytes: ElementBytes): Slice[] =>
      input.kind === 'one-hot' ? [] : Array.from({ length: directionsOf(layer) }, (_, d) => allocateProxy(`${name} ${d}`, [input.vocabulary, this.#columns], 'activations', elementBytes));
    this.#readInSteps = history.table !== null;
    this.#tables = history.table
      ? [matrix(history.table.rows, input.vocabulary, this.#columns, history.table.rows.shape[1])]
      : table('token table', parameters.half ? 2 : 4).map((slice) => matrix(slice, input.vocabulary, this.#columns));
    this.#dTables = training ? table('token table gradient', 4) : [];
  }

  /** G*H */
  get #columns(): number {
    return this.#layer.cell.gateOrder.length * this.#layer.hiddenSize;
  }

  buffers(): BufferProxy[] {
    return [...this.#tables.map(({ slice }) => slice), ...this.#dTables].map((s) => s.buffer);
  }

  #parameter(kind: 'weight_ih' | 'bias_ih', direction: number): Slice {
    return this.#parameters.stored(parameterName(kind, 0, this.#layer, direction));
  }

  /** Record the tables, once a window: after it each token's input side is a row. */
  prepare(recording: Recording): void {
    const input = this.#input;
    this.#tables.forEach((table, d) => {
      const bias = this.#layer.bias && !this.#layer.cell.norm ? this.#parameter('bias_ih', d) : undefined;
      if (input.kind === 'one-hot') {
        gatherRows(recording, { table: this.#weights(d), tokens: input.tokens, every: true, count: input.vocabulary, rows: table.slice, stride: table.stride, bias });
        return;
      }
      matmul(recording, {
        form: 'nt',
        a: matrix(input.embedding, input.vocabulary, this.#layer.inputSize),
        b: matrix(this.#parameter('weight_ih', d), this.#columns, this.#layer.inputSize),
        c: table,
        bias,
      });
    });
  }

  /** W_ih as the table of one-hot tokens. */
  #weights(direction: number): Table {
    return { slice: this.#parameter('weight_ih', direction), vocabulary: this.#input.vocabulary, columns: this.#columns, layout: 'columns' };
  }

  /** Record the rows of `count` tokens from the `first` into `gates`, `stride` elements from one token's to the next; nothing where the steps read them. */
  project(recording: Recording, direction: number, to: { first: number; count: number; gates: Slice; stride: number; bias: Slice | undefined }): void {
    const { vocabulary, tokens, kind } = this.#input;
    if (this.#readInSteps) return;
    const { first, count, gates, stride, bias } = to;
    const columns = this.#columns;
    gatherRows(recording, {
      table: kind === 'one-hot' ? this.#weights(direction) : { slice: this.#tables[direction]!.slice, vocabulary, columns, layout: 'rows' },
      tokens,
      first,
      count,
      rows: gates,
      stride,
      // The table of an embedding has the bias in it.
      ...(kind === 'one-hot' && bias && { bias }),
    });
  }

  /** Record the gradients of W_ih, and of the embedding, from the gates' [T·N, G*H]. */
  gradients(recording: Recording, direction: number, gates: Matrix, dWeight: Slice, index: TokenIndex | undefined): void {
    if (!index) throw new Error('a token input needs the index of its tokens for the backward pass');
    const { vocabulary, kind } = this.#input;
    const columns = this.#columns;
    const of = { index, dRows: gates.slice, stride: gates.stride ?? columns, count: this.#count };
    if (kind === 'one-hot') {
      gatherRowsGradient(recording, { dTable: { slice: dWeight, vocabulary, columns, layout: 'columns' }, ...of });
      return;
    }
    const { inputSize } = this.#layer;
    const dTable = this.#dTables[direction]!;
    recording.clear(dTable);
    gatherRowsGradient(recording, { dTable: { slice: dTable, vocabulary, columns, layout: 'rows' }, ...of });
    const d = matrix(dTable, vocabulary, columns);
    matmul(recording, { form: 'tn', a: d, b: matrix(this.#input.embedding, vocabulary, inputSize), c: matrix(dWeight, columns, inputSize), accumulate: true });
    matmul(recording, {
      form: 'nn',
      a: d,
      b: matrix(this.#parameter('weight_ih', direction), columns, inputSize),
      c: matrix(this.#parameters.gradient('embedding.weight'), vocabulary, inputSize),
      accumulate: true,
    });
  }
}
