// A stack of recurrent layers: their parameters, their arrays over a window, and the two passes through all of them.
import type { Cell } from '../cells/cell.ts';
import { allocateProxy, reshape, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { gatherRows, gatherRowsGradient, type TokenIndex } from '../kernels/embedding.ts';
import { matmul, matrix } from '../kernels/matmul.ts';
import { bptt, gateGradients, initialStateGradient, recurrentGradients } from '../scheduler/bptt.ts';
import { allocateHistory, historyBuffers, slot, type LayerHistory } from '../scheduler/history.ts';
import { step, unfold, type RecurrentWeights } from '../scheduler/unfold.ts';
import type { Parameters, ParameterSpec } from './parameters.ts';

/** One layer of a stack, before it has memory. */
export interface LayerShape {
  readonly cell: Cell;
  /** I */ readonly input: number;
  /** H */ readonly hidden: number;
  readonly bias: boolean;
  /** Added to the forget gate's input-side bias at the start. */
  readonly forgetBias: number;
}

/** PyTorch's name of a parameter of layer `index`. */
const named = (kind: 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh', index: number): string => `${kind}_l${index}`;

/** The parameters of a stack, in PyTorch's order and with its default initialisation, uniform in ±1/√H. */
export function stackParameters(layers: readonly LayerShape[]): ParameterSpec[] {
  return layers.flatMap(({ cell, input, hidden, bias, forgetBias }, index) => {
    const uniform = { distribution: 'uniform', scale: 1 / Math.sqrt(hidden) } as const;
    const rows = { input: cell.gates.input * hidden, recurrent: cell.gates.recurrent * hidden };
    const forget = cell.gateOrder.indexOf('f');
    const raise = forget < 0 || forgetBias === 0 ? undefined : { from: forget * hidden, to: (forget + 1) * hidden, by: forgetBias };
    const weights: ParameterSpec[] = [
      { name: named('weight_ih', index), shape: [rows.input, input], initialise: uniform },
      { name: named('weight_hh', index), shape: [rows.recurrent, hidden], initialise: uniform },
    ];
    const biases: ParameterSpec[] = [
      { name: named('bias_ih', index), shape: [rows.input], initialise: { ...uniform, ...(raise && { raise }) } },
      { name: named('bias_hh', index), shape: [rows.recurrent], initialise: uniform },
    ];
    return bias ? [...weights, ...biases] : weights;
  });
}

/** Where the first layer's input comes from. */
export type StackInput =
  /** Numbers [T,N,I]. */
  | { readonly kind: 'dense'; readonly values: Slice }
  /** Tokens [T,N] of a one-hot alphabet: W_ih's columns are gathered, no one-hot array and no product exist. */
  | { readonly kind: 'one-hot'; readonly tokens: Slice; readonly vocabulary: number }
  /** Tokens [T,N] of an embedding [V,E]: rows of the table E·W_ihᵀ + b_ih [V,G*H] are gathered. */
  | { readonly kind: 'table'; readonly tokens: Slice; readonly vocabulary: number; readonly embedding: Slice };

/** What a window keeps for its backward pass. */
interface StackGradients {
  /** Upstream gradient of each layer's output [T,N,H]; the top one is given from outside. */
  readonly dOutput: readonly Slice[];
  /** [N,H] each. */
  readonly dHidden: readonly Slice[];
  readonly dStates: readonly (readonly Slice[])[];
  readonly dTable: Slice | null;
}

/** A stack over a window of T steps and N rows: every array it needs, and the recordings of its passes. */
export class StackWindow {
  readonly layers: readonly LayerShape[];
  readonly histories: readonly LayerHistory[];
  readonly steps: number;
  readonly batch: number;
  readonly #parameters: Parameters;
  readonly #input: StackInput;
  /** The recurrent kernels always bind a bias; a stack without one binds zeros. */
  readonly #zeroBias: readonly Slice[];
  readonly #table: Slice | null;
  readonly #gradients: StackGradients | null;

  constructor(
    layers: readonly LayerShape[],
    parameters: Parameters,
    input: StackInput,
    shape: { steps: number; batch: number; training: boolean },
  ) {
    const { steps, batch, training } = shape;
    this.layers = layers;
    this.steps = steps;
    this.batch = batch;
    this.#parameters = parameters;
    this.#input = input;
    this.histories = layers.map(({ cell, hidden }, l) => allocateHistory(cell, `l${l}`, { steps, batch, hidden }));
    this.#zeroBias = layers.map(({ cell, hidden, bias }, l) =>
      bias ? parameters.slice(named('bias_hh', l)) : allocateProxy(`l${l}.zero_bias`, [cell.gates.recurrent * hidden], 'scratch'),
    );
    const first = layers[0]!;
    const tableShape = input.kind === 'table' ? [input.vocabulary, first.cell.gates.input * first.hidden] : null;
    this.#table = tableShape && allocateProxy('token table', tableShape, 'activations');
    this.#gradients = training
      ? {
          dOutput: layers.map(({ hidden }, l) => allocateProxy(`l${l}.d_output`, [steps, batch, hidden], 'activations')),
          dHidden: layers.map(({ hidden }, l) => allocateProxy(`l${l}.d_h`, [batch, hidden], 'activations')),
          dStates: layers.map(({ cell, hidden }, l) => cell.states.map((s) => allocateProxy(`l${l}.d_${s}`, [batch, hidden], 'activations'))),
          dTable: tableShape && allocateProxy('token table gradient', tableShape, 'activations'),
        }
      : null;
  }

  /** The top layer's output [T,N,H]. */
  get output(): Slice {
    return this.histories.at(-1)!.output;
  }

  /** Where the gradient of `output` [T,N,H] must be before `backward`. */
  get dOutput(): Slice {
    return this.#training.dOutput.at(-1)!;
  }

  /** Before `backward`, dL/dhn of each layer [N,H]; after it, dL/dh0 (see `initialStateGradients`). */
  get dHidden(): readonly Slice[] {
    return this.#training.dHidden;
  }

  /** The same for each layer's further states: dL/dcn before, dL/dc0 after. */
  get dStates(): readonly (readonly Slice[])[] {
    return this.#training.dStates;
  }

  get #training(): StackGradients {
    if (!this.#gradients) throw new Error('this plan was made without training: true, so it keeps nothing for a backward pass');
    return this.#gradients;
  }

  /** Every buffer that belongs to this window alone. */
  buffers(): BufferProxy[] {
    const g = this.#gradients;
    const slices = [...this.#zeroBias.filter((s) => s.buffer !== this.#parameters.flat.buffer), this.#table, ...(g ? [...g.dOutput, ...g.dHidden, ...g.dStates.flat(), g.dTable] : [])];
    return [...this.histories.flatMap(historyBuffers), ...slices.flatMap((s) => (s ? [s.buffer] : []))];
  }

  #weights(l: number): RecurrentWeights {
    return { weight_hh: this.#parameters.slice(named('weight_hh', l)), bias_hh: this.#zeroBias[l]! };
  }

  #inputBias(l: number): Slice | undefined {
    return this.layers[l]!.bias ? this.#parameters.slice(named('bias_ih', l)) : undefined;
  }

  /** The table E·W_ihᵀ + b_ih, once a window: after it each token's input side is a row. */
  prepare(recording: Recording): void {
    if (this.#input.kind !== 'table') return;
    const { input } = this.layers[0]!;
    const weight = this.#parameters.slice(named('weight_ih', 0));
    const [vocabulary, columns] = this.#table!.shape as [number, number];
    matmul(recording, {
      form: 'nt',
      a: matrix(this.#input.embedding, vocabulary, input),
      b: matrix(weight, columns, input),
      c: matrix(this.#table!, vocabulary, columns),
      bias: this.#inputBias(0),
    });
  }

  /** The input side of layer l at steps from .. from+count: gates = W_ih·x + b_ih. What needs no state leaves the time loop. */
  #project(recording: Recording, l: number, from: number, count: number): void {
    const { cell, input, hidden } = this.layers[l]!;
    const rows = count * this.batch;
    const history = this.histories[l]!;
    const saved = cell.gates.saved * hidden;
    const columns = cell.gates.input * hidden;
    const gates: Slice = { buffer: history.gates.buffer, offset: history.gates.offset + from * this.batch * saved, shape: [rows, saved] };
    if (l === 0 && this.#input.kind !== 'dense') {
      const { tokens, vocabulary } = this.#input;
      const oneHot = this.#input.kind === 'one-hot';
      gatherRows(recording, {
        table: oneHot
          ? { slice: this.#parameters.slice(named('weight_ih', 0)), vocabulary, columns, layout: 'columns' }
          : { slice: this.#table!, vocabulary, columns, layout: 'rows' },
        tokens,
        first: from * this.batch,
        count: rows,
        rows: gates,
        ...(oneHot && this.#inputBias(0) && { bias: this.#inputBias(0)! }),
      });
      return;
    }
    const source = l === 0 ? (this.#input as { values: Slice }).values : this.histories[l - 1]!.output;
    const part: Slice = { buffer: source.buffer, offset: source.offset + from * this.batch * input, shape: [rows, input] };
    matmul(recording, {
      form: 'nt',
      a: matrix(part, rows, input),
      b: matrix(this.#parameters.slice(named('weight_ih', l)), columns, input),
      c: matrix(gates, rows, columns, saved),
      bias: this.#inputBias(l),
    });
  }

  /** Record the forward pass, layer after layer: for each, one product for all inputs, then its steps in time. */
  forward(recording: Recording): void {
    this.prepare(recording);
    this.layers.forEach(({ cell }, l) => {
      this.#project(recording, l, 0, this.steps);
      unfold(recording, cell, this.histories[l]!, this.#weights(l));
    });
  }

  /** Record step t through all layers: the order in which a stream must go. `prepare` comes before the first. */
  forwardStep(recording: Recording, t: number): void {
    this.layers.forEach(({ cell }, l) => {
      this.#project(recording, l, t, 1);
      step(recording, cell, this.histories[l]!, this.#weights(l), t);
    });
  }

  /**
   * Record the backward pass from `dOutput`, `dHidden` and `dStates`. Parameters' gradients accumulate.
   * `dInput` receives dL/dx [T,N,I] of a dense input; token inputs need the window's `index` instead.
   */
  backward(recording: Recording, options: { dInput?: Slice; index?: TokenIndex }): void {
    const { dOutput, dHidden, dStates } = this.#training;
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { cell, input, hidden, bias } = this.layers[l]!;
      const history = this.histories[l]!;
      bptt(recording, cell, history, this.#weights(l), { dOutput: dOutput[l]!, dHidden: dHidden[l]!, dStates: dStates[l]! });
      const of = (kind: 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh'): Slice => this.#parameters.gradient(named(kind, l));
      recurrentGradients(recording, cell, history, { weight_hh: of('weight_hh'), bias_hh: bias ? of('bias_hh') : null });
      const d = gateGradients(cell, history, 'input');
      if (bias) columnSum(recording, d, of('bias_ih'));
      if (l === 0 && this.#input.kind !== 'dense') {
        this.#tokenGradients(recording, options.index);
        continue;
      }
      const source = l === 0 ? (this.#input as { values: Slice }).values : this.histories[l - 1]!.output;
      const rows = this.steps * this.batch;
      matmul(recording, { form: 'tn', a: d, b: matrix(source, rows, input), c: matrix(of('weight_ih'), cell.gates.input * hidden, input), accumulate: true });
      const below = l === 0 ? options.dInput : dOutput[l - 1]!;
      if (below) {
        const weight = this.#parameters.slice(named('weight_ih', l));
        matmul(recording, { form: 'nn', a: d, b: matrix(weight, cell.gates.input * hidden, input), c: matrix(reshape(below, [rows, input]), rows, input) });
      }
    }
  }

  #tokenGradients(recording: Recording, index: TokenIndex | undefined): void {
    if (this.#input.kind === 'dense') return;
    if (!index) throw new Error('a token input needs the index of its tokens for the backward pass');
    const { cell, input, hidden } = this.layers[0]!;
    const { vocabulary } = this.#input;
    const columns = cell.gates.input * hidden;
    const count = this.steps * this.batch;
    const dRows = this.histories[0]!.gates;
    const dWeight = this.#parameters.gradient(named('weight_ih', 0));
    if (this.#input.kind === 'one-hot') {
      gatherRowsGradient(recording, { dTable: { slice: dWeight, vocabulary, columns, layout: 'columns' }, index, dRows, count });
      return;
    }
    const dTable = this.#training.dTable!;
    const { embedding } = this.#input;
    recording.clear(dTable);
    gatherRowsGradient(recording, { dTable: { slice: dTable, vocabulary, columns, layout: 'rows' }, index, dRows, count });
    const d = matrix(dTable, vocabulary, columns);
    matmul(recording, { form: 'tn', a: d, b: matrix(embedding, vocabulary, input), c: matrix(dWeight, columns, input), accumulate: true });
    matmul(recording, {
      form: 'nn',
      a: d,
      b: matrix(this.#parameters.slice(named('weight_ih', 0)), columns, input),
      c: matrix(this.#parameters.gradient('embedding.weight'), vocabulary, input),
      accumulate: true,
    });
  }

  /** Record dL/dh0 into `dHidden` of every layer, after `backward`; dL/dc0 is in `dStates` already. */
  initialStateGradients(recording: Recording): void {
    this.layers.forEach(({ cell }, l) => {
      initialStateGradient(recording, cell, this.histories[l]!, this.#weights(l), this.#training.dHidden[l]!);
    });
  }

  /** The states of every layer at one slot: for each layer h [N,H], then its further states. */
  statesAt(index: number): Slice[][] {
    return this.histories.map((layer) => [layer.h, ...layer.states].map((history) => slot(history, index)));
  }
}
