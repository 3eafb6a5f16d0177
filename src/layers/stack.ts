// A stack of recurrent layers over a window: its arrays, and the two passes through all of them.
import { recurrentGates, biasGradientsShared, type Cell } from '../cells/cell.ts';
import { allocateProxy, elements, reshape, type BufferProxy, type ElementBytes, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { mergeDirections } from '../kernels/arrange.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { dropout, dropoutBackward, type DropoutOptions } from '../kernels/dropout.ts';
import type { TokenIndex } from '../kernels/embedding.ts';
import { matmul, matrix } from '../kernels/matmul.ts';
import {
  allocateFirstGradients, bptt, gateGradients, initialStateGradient, recurrentGradients, type FirstGradients,
} from '../scheduler/bptt.ts';
import { allocateHistory, historyBuffers, type LayerHistory, type TokenRows } from '../scheduler/history.ts';
import { allocateInputNormGradient, inputBlock, normalizeInput, normalizeInputBackward, sumRows } from '../scheduler/input_norm.ts';
import { allocateProjectionGradients, projectionBuffers, projectionWeightGradients, type ProjectionGradients } from '../scheduler/projection.ts';
import { step, unfold, type NormWeights, type OutputGradient, type RecurrentWeights } from '../scheduler/unfold.ts';
import type { Parameters } from './parameters.ts';
import type { StackInput } from './stack_input.ts';
import { directionsOf, featuresOf, outputColumns, parameterName, type LayerShape, type ParameterKind } from './stack_parameters.ts';
import { readInSteps, TokenInput } from './token_input.ts';

export interface StackShape {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly training: boolean;
  /** [N+3] steps of each row, T or fewer; then the seed and the counter of random numbers, and the time at which the window begins. */
  readonly lengths: Slice;
  /** Some rows may be shorter than T. */
  readonly ragged: boolean;
  /** Leave each layer's dL/dh[t] in its `dOutputs` after the backward pass. Not for merged directions. */
  readonly trace?: boolean;
  /** The top layer's `dropout` counts too: its output goes to a head. */
  readonly hasHead?: boolean;
  /** Another window may follow, and its first step's gate gradients lie in slot T of each layer's `gates` before `backward`. Layers that run forward. */
  readonly continued?: boolean;
}

/** What a layer keeps for its backward pass. */
interface LayerGradients {
  /** Upstream gradient of the layer's output [T,N,D*F], or [T,N,F] merged; the top one is given from outside. */
  readonly dOutput: Slice;
  /** [D,N,F] */ readonly dHidden: Slice;
  /** [D,N,H] */ readonly dStates: readonly Slice[];
  /** By row, of a layer-normalized cell: of the gains in the time loop, and of norm_ih. */
  readonly dNorm: Slice | null;
  readonly dInputNorm: Slice | null;
  readonly projection: ProjectionGradients | null;
  readonly first: FirstGradients;
  /** [D,N,F] the state h that the window started from, for rows shorter than it. */
  readonly initial: Slice | null;
}

interface Layer {
  readonly shape: LayerShape;
  readonly history: LayerHistory;
  /** [T,N,F] of merged directions; null where the output is the history's. */
  readonly merged: Slice | null;
  /** What the next layer reads where some of the output is dropped. */
  readonly dropped: { readonly output: Slice; readonly options: DropoutOptions } | null;
  /** [R*H] zeros for a layer without bias: the kernels always bind one. */
  readonly zeroBias: Slice | null;
  readonly gradients: LayerGradients | null;
}

export class StackWindow {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly #parameters: Parameters;
  readonly #values: Slice | null;
  readonly #tokens: TokenInput | null;
  readonly #layers: readonly Layer[];

  constructor(layers: readonly LayerShape[], parameters: Parameters, input: StackInput, shape: StackShape) {
    const { timeSteps, batchSize, training } = shape;
    this.timeSteps = timeSteps;
    this.batchSize = batchSize;
    this.#parameters = parameters;
    this.#values = input.kind === 'dense' ? input.values : null;
    const count = timeSteps * batchSize;
    const tokens = readInSteps(layers[0]!, input, shape.lengths, count);
    this.#layers = layers.map((layer, l) => allocateLayer(layer, l, shape, l === layers.length - 1, parameters.half ? 2 : 4, l === 0 ? tokens : null));
    this.#tokens = input.kind === 'dense' ? null : new TokenInput(layers[0]!, this.#layers[0]!.history, parameters, input, { count, training });
  }

  /** Every layer's arrays, the lowest first. */
  get histories(): readonly LayerHistory[] {
    return this.#layers.map(({ history }) => history);
  }

  #output(l: number): Slice {
    const { merged, history } = this.#layers[l]!;
    return merged ?? history.output;
  }

  /** What layer l+1 reads of layer l. */
  #given(l: number): Slice {
    return this.#layers[l]!.dropped?.output ?? this.#output(l);
  }

  /** The top layer's output [T,N,D*F], or [T,N,F] where its directions are merged; for a head, what dropout leaves of it. */
  get output(): Slice {
    return this.#given(this.#layers.length - 1);
  }

  #training(l: number): LayerGradients {
    const { gradients } = this.#layers[l]!;
    if (!gradients) throw new Error('this plan was made without training: true, so it keeps nothing for a backward pass');
    return gradients;
  }

  /** Where the gradient of `output` must be before `backward`. */
  get dOutput(): Slice {
    return this.#training(this.#layers.length - 1).dOutput;
  }

  /** For each layer h [D,N,F] and then its further states [D,N,H]: before `backward` dL/d of the final ones, afterwards of the initial ones (see `initialStateGradients`). */
  get dStates(): readonly (readonly Slice[])[] {
    return this.#layers.map((_, l) => [this.#training(l).dHidden, ...this.#training(l).dStates]);
  }

  /** Every buffer that belongs to this window alone. */
  buffers(): BufferProxy[] {
    const slices = this.#layers.flatMap(({ merged, dropped, zeroBias, gradients: g }) => [
      merged,
      dropped?.output ?? null,
      zeroBias,
      ...(g ? [g.dOutput, g.dHidden, ...g.dStates, g.dNorm, g.dInputNorm, ...g.first, g.initial] : []),
    ]);
    return [
      ...this.#layers.flatMap(({ history, gradients }) => [...historyBuffers(history), ...(gradients?.projection ? projectionBuffers(gradients.projection) : [])]),
      ...slices.flatMap((s) => (s ? [s.buffer] : [])),
      ...(this.#tokens?.buffers() ?? []),
    ];
  }

  #parameter(kind: ParameterKind, l: number, direction: number, of: 'stored' | 'gradient' = 'stored'): Slice {
    return this.#parameters[of](parameterName(kind, l, this.#layers[l]!.shape, direction));
  }

  /** That parameter, or its gradient, of every direction of layer l. */
  #each(kind: ParameterKind, l: number, of: 'stored' | 'gradient' = 'stored'): Slice[] {
    return Array.from({ length: directionsOf(this.#layers[l]!.shape) }, (_, d) => this.#parameter(kind, l, d, of));
  }

  #weights(l: number): RecurrentWeights {
    const { shape, zeroBias } = this.#layers[l]!;
    const each = (kind: ParameterKind): Slice[] => this.#each(kind, l);
    const input = each('weight_ih');
    const recurrent = recurrentGates(shape.cell) > 0;
    return {
      weight_hh: recurrent ? each('weight_hh') : input,
      bias_hh: !recurrent ? input : zeroBias ? input.map(() => zeroBias) : each('bias_hh'),
      diagonal: shape.cell.diagonal ? each(shape.cell.diagonal.name) : input,
      norm: shape.cell.norm ? this.#norm(l) : { spans: input, cell: 0, cellBias: 0 },
      weight_hr: shape.projSize > 0 ? each('weight_hr') : [],
    };
  }

  /** The gains of layer l from norm_hh on, which follow one another. */
  #norm(l: number): NormWeights {
    const first = this.#each('norm_hh', l);
    if (!this.#layers[l]!.shape.cell.states.includes('c')) return { spans: first, cell: 0, cellBias: 0 };
    const [cell, last] = [this.#parameter('norm_c', l, 0), this.#each('norm_c_bias', l)];
    const spans = first.map((slice, d): Slice => ({ ...slice, shape: [last[d]!.offset - slice.offset + elements(last[d]!.shape)] }));
    return { spans, cell: cell.offset - first[0]!.offset, cellBias: last[0]!.offset - first[0]!.offset };
  }

  #outputGradient(l: number): OutputGradient {
    const { shape } = this.#layers[l]!;
    return { columns: outputColumns(shape), direction: shape.merge === 'concat' ? featuresOf(shape) : 0, scale: shape.merge === 'mean' ? 1 / directionsOf(shape) : 1 };
  }

  /** The input side of layer l at times from .. from+count: gates = W_ih·x + b_ih, W_ih·x normalized or not. What needs no state leaves the time loop. */
  #project(recording: Recording, l: number, from: number, count: number): void {
    const { shape, history } = this.#layers[l]!;
    const { cell, inputSize, hiddenSize, bias } = shape;
    const rows = count * this.batchSize;
    const row = history.directions * cell.saved * hiddenSize;
    const columns = cell.gateOrder.length * hiddenSize;
    for (let d = 0; d < history.directions; d++) {
      const start = (d * cell.saved + inputBlock(cell)) * hiddenSize;
      const gates: Slice = { ...history.gates, offset: history.gates.offset + from * this.batchSize * row + start, shape: [rows * row - start] };
      const bias_ih = bias && !cell.norm ? this.#parameter('bias_ih', l, d) : undefined;
      if (l === 0 && this.#tokens) {
        this.#tokens.project(recording, d, { first: from * this.batchSize, count: rows, gates, stride: row, bias: bias_ih });
        continue;
      }
      const source = l === 0 ? this.#values! : this.#given(l - 1);
      const part: Slice = { ...source, offset: source.offset + from * this.batchSize * inputSize, shape: [rows, inputSize] };
      matmul(recording, {
        form: 'nt',
        a: matrix(part, rows, inputSize),
        b: matrix(this.#parameter('weight_ih', l, d), columns, inputSize),
        c: matrix(gates, rows, columns, row),
        bias: bias_ih,
      });
    }
    if (cell.norm) normalizeInput(recording, cell, history, { norm_ih: this.#each('norm_ih', l), bias_ih: bias ? this.#each('bias_ih', l) : null }, from, count);
  }

  /** What a window needs once, before its first step. */
  prepare(recording: Recording): void {
    this.#tokens?.prepare(recording);
  }

  /** Record the forward pass, layer after layer: for each, one product for all inputs, then its steps in time. */
  forward(recording: Recording): void {
    this.prepare(recording);
    this.#layers.forEach(({ shape, history, merged, dropped }, l) => {
      this.#project(recording, l, 0, this.timeSteps);
      unfold(recording, shape.cell, history, this.#weights(l));
      if (merged) {
        mergeDirections(recording, history.output, merged, { rows: this.timeSteps * this.batchSize, hiddenSize: featuresOf(shape), scale: shape.merge === 'mean' ? 0.5 : 1 });
      }
      if (dropped) dropout(recording, dropped.options, this.#output(l), dropped.output);
    });
  }

  /** Record step t through all layers: the order in which a stream must go, forward only. `prepare` comes before the first. */
  forwardStep(recording: Recording, t: number): void {
    this.#layers.forEach(({ shape, history }, l) => {
      this.#project(recording, l, t, 1);
      step(recording, shape.cell, history, this.#weights(l), t);
    });
  }

  /**
   * Record the backward pass from `dOutput` and `dStates`. Parameters' gradients accumulate.
   * `dInput` receives dL/dx [T,N,I] of a dense input; token inputs need the window's `index` instead. `segment` says whether this is
   * the last and whether it is the first in time of the segments of a longer window: gains' gradients are summed by row over all.
   */
  backward(recording: Recording, options: { dInput?: Slice; index?: TokenIndex; segment?: { readonly last: boolean; readonly first: boolean } }): void {
    const { segment = { last: true, first: true } } = options;
    const rows = this.timeSteps * this.batchSize;
    const top = this.#layers.at(-1)!.dropped;
    if (top) dropoutBackward(recording, top.options, this.dOutput);
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const { shape, history } = this.#layers[l]!;
      const { cell, inputSize, hiddenSize, bias } = shape;
      const g = this.#training(l);
      if (segment.last) for (const sums of [g.dNorm, g.dInputNorm]) if (sums) recording.clear(sums);
      bptt(recording, cell, history, this.#weights(l), g, this.#outputGradient(l));
      const gradient = (kind: ParameterKind, d: number): Slice => this.#parameter(kind, l, d, 'gradient');
      const recurrent = recurrentGates(cell) > 0;
      const alike = biasGradientsShared(cell);
      recurrentGradients(
        recording,
        cell,
        history,
        Array.from({ length: history.directions }, (_, d) => ({
          weight_hh: recurrent ? gradient('weight_hh', d) : null,
          bias_hh: recurrent && bias && !alike ? gradient('bias_hh', d) : null,
          diagonal: cell.diagonal ? gradient(cell.diagonal.name, d) : null,
        })),
        g.initial && { first: g.first, initial: g.initial },
      );
      if (g.projection) projectionWeightGradients(recording, history, g.projection, this.#each('weight_hr', l, 'gradient'));
      for (let d = 0; bias && d < history.directions; d++) {
        const secondTotal = alike ? gradient('bias_hh', d) : undefined;
        columnSum(recording, gateGradients(cell, history, d, 0, cell.gateOrder.length), gradient('bias_ih', d), { group: this.batchSize, secondTotal });
      }
      if (g.dInputNorm) normalizeInputBackward(recording, cell, history, this.#each('norm_ih', l), g.dInputNorm);
      if (segment.first) this.#sumGains(recording, l);
      const below = l === 0 ? options.dInput : this.#training(l - 1).dOutput;
      for (let d = 0; d < history.directions; d++) {
        const gates = gateGradients(cell, history, d, inputBlock(cell), cell.gateOrder.length);
        if (l === 0 && this.#tokens) {
          this.#tokens.gradients(recording, d, gates, gradient('weight_ih', d), options.index);
          continue;
        }
        const source = l === 0 ? this.#values! : this.#given(l - 1);
        const columns = cell.gateOrder.length * hiddenSize;
        matmul(recording, { form: 'tn', a: gates, b: matrix(source, rows, inputSize), c: matrix(gradient('weight_ih', d), columns, inputSize), accumulate: true });
        if (below) {
          const weight = matrix(this.#parameter('weight_ih', l, d), columns, inputSize);
          matmul(recording, { form: 'nn', a: gates, b: weight, c: matrix(reshape(below, [rows, inputSize]), rows, inputSize), accumulate: d > 0 });
        }
      }
      const dropped = this.#layers[l - 1]?.dropped;
      if (dropped && below) dropoutBackward(recording, dropped.options, below);
    }
  }

  /** Record the gradients of layer l's gains from those of its rows. */
  #sumGains(recording: Recording, l: number): void {
    const { shape: { cell, hiddenSize }, gradients } = this.#layers[l]!;
    if (!gradients?.dNorm || !gradients.dInputNorm) return;
    const [input, products] = [cell.gateOrder.length * hiddenSize, recurrentGates(cell) * hiddenSize];
    const inLoop: (readonly [ParameterKind, number])[] = [['norm_hh', products]];
    if (cell.states.includes('c')) inLoop.push(['norm_c', hiddenSize], ['norm_c_bias', hiddenSize]);
    for (let d = 0; d < directionsOf(this.#layers[l]!.shape); d++) {
      sumRows(recording, gradients.dInputNorm, d, [input], [this.#parameter('norm_ih', l, d, 'gradient')]);
      sumRows(recording, gradients.dNorm, d, inLoop.map(([, count]) => count), inLoop.map(([kind]) => this.#parameter(kind, l, d, 'gradient')));
    }
  }

  /** For each layer [T,N,D*F]: dL/dh[t] after a traced backward pass. */
  get dOutputs(): readonly Slice[] {
    return this.#layers.map((_, l) => this.#training(l).dOutput);
  }

  /** The cell of each layer. */
  get cells(): readonly Cell[] {
    return this.#layers.map(({ shape }) => shape.cell);
  }

  /** Record dL/d of the initial h into the first of each layer's `dStates`, after `backward`; those of further states are there already. */
  initialStateGradients(recording: Recording): void {
    this.#layers.forEach(({ shape, history }, l) => {
      const { first, dHidden } = this.#training(l);
      initialStateGradient(recording, shape.cell, history, this.#weights(l), first, dHidden);
    });
  }

  /** Where each layer's initial h [D,N,F] must be kept for the backward pass of ragged reverse rows; null where it is not needed. */
  get initialStates(): readonly (Slice | null)[] {
    return this.#layers.map(({ gradients }) => gradients?.initial ?? null);
  }
}

/** Streams of random numbers: a layer's zoneout uses two, its dropout one far from all of those. */
const zoneoutStream = (index: number): number => 16 * index + 1;
const dropoutStream = (index: number): number => 0x10000 + index;

function allocateLayer(given: LayerShape, index: number, window: StackShape, isTop: boolean, elementBytes: ElementBytes, tokens: TokenRows | null): Layer {
  const { timeSteps, batchSize, training, lengths, ragged, trace = false, hasHead = false, continued = false } = window;
  const zonesOut = given.cell.constants.ZONEOUT_H !== undefined || given.cell.constants.ZONEOUT_C !== undefined;
  const { RECURRENT_DROPOUT, ...always } = given.cell.constants;
  const constants = {
    ...always,
    ...(training && RECURRENT_DROPOUT && { RECURRENT_DROPOUT }),
    ...(zonesOut && !training && { TRAINING: 0 }),
    // A layer-normalized step reads its own gates again.
    ...(!training && !given.cell.norm && { KEEP: 0 }),
    ...(trace && { TRACE: 1 }),
  };
  const shape: LayerShape = { ...given, cell: { ...given.cell, constants } };
  const { cell, hiddenSize, direction, merge, bias } = shape;
  const directions = directionsOf(shape);
  const features = featuresOf(shape);
  const name = `l${index}`;
  const extents = { timeSteps, batchSize, hiddenSize, features, directions, reverse: direction === 'reverse' };
  const history = allocateHistory(cell, name, extents, lengths, zoneoutStream(index), { continued, elementBytes, tokens });
  // What is summed over the steps, or goes in and out, stays f32.
  const array = (what: string, extents: readonly number[], bytes: ElementBytes = 4): Slice => allocateProxy(`${name}.${what}`, extents, 'activations', bytes);
  const state = (width: number): readonly number[] => [directions, batchSize, width];
  return {
    shape,
    history,
    merged: directions === 2 && merge !== 'concat' ? array('merged', [timeSteps, batchSize, features], elementBytes) : null,
    dropped: training && shape.dropout > 0 && (!isTop || hasHead)
      ? {
          output: array('dropped', [timeSteps, batchSize, outputColumns(shape)], elementBytes),
          options: { probability: shape.dropout, stream: dropoutStream(index), lengths, step: batchSize * outputColumns(shape) },
        }
      : null,
    zeroBias: bias ? null : allocateProxy(`${name}.zero_bias`, [Math.max(1, recurrentGates(cell)) * hiddenSize], 'scratch'),
    gradients: training
      ? {
          dOutput: array('d_output', [timeSteps, batchSize, outputColumns(shape)], isTop && !hasHead ? 4 : elementBytes),
          dHidden: array('d_h', state(features)),
          dStates: cell.states.map((s) => array(`d_${s}`, state(hiddenSize))),
          dNorm: cell.norm ? array('d_norm', [directions, batchSize, cell.norm.blocks, hiddenSize]) : null,
          dInputNorm: cell.norm ? allocateInputNormGradient(cell, name, history) : null,
          projection: history.made && allocateProjectionGradients(name, history),
          first: allocateFirstGradients(cell, name, history),
          initial: ragged && direction !== 'forward' ? array('initial h', state(features)) : null,
        }
      : null,
  };
}

