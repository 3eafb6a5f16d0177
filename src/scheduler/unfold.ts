// Unfolding: the recurrence laid out over a window, one dispatch after another with the same weights.
import type { Cell, StepDispatch } from '../cells/cell.ts';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import type { RecurrentOp } from '../gpu/tiles.ts';
import type { LayerHistory } from './history.ts';
import { cellBuffers, cellConstants, projectState } from './projection.ts';
import { executionMode, forwardLaunch, rowWorkgroups, type LaunchConfig } from './launch.ts';

/** The recurrent side's parameters, one of each for each direction. */
export interface RecurrentWeights {
  /** [R*H, F]; where the cell has no recurrent product, any buffer to bind. */ readonly weight_hh: readonly Slice[];
  /** [R*H] */ readonly bias_hh: readonly Slice[];
  /** [count*H]; where the cell has none, any buffer to bind. */ readonly diagonal: readonly Slice[];
  /** Of a layer-normalized cell; where it is not, any buffers to bind. */ readonly norm: NormWeights;
  /** [P,H] of a projected layer; else empty. */ readonly weight_hr: readonly Slice[];
}

/** The gains inside the time loop, and where they lie. */
export interface NormWeights {
  /** From norm_hh [R*H] to the end of norm_c_bias [H], or of norm_hh for a cell without c. */ readonly spans: readonly Slice[];
  /** Elements from norm_hh to norm_c, and to norm_c_bias. */ readonly cell: number;
  readonly cellBias: number;
}

/** Slices of one buffer as one: from the first of them to the end of the last, and the elements from each to the next. */
export function span(slices: readonly Slice[]): { slice: Slice; stride: number } {
  const [first, second] = [slices[0]!, slices[1]];
  if (!second || second.offset === first.offset) return { slice: first, stride: 0 };
  if (second.buffer !== first.buffer || second.offset < first.offset) throw new Error(`${second.buffer.name} does not follow ${first.buffer.name}`);
  const stride = second.offset - first.offset;
  return { slice: { ...first, shape: [stride + elements(second.shape)] }, stride };
}

/** How the output's gradient lies: a column block for each direction, or one for all of a merged output. */
export interface OutputGradient {
  /** Elements of a row of it. */ readonly columns: number;
  /** Elements from one direction's columns to the other's. */ readonly direction: number;
  /** A merged output's share of each direction: 1 of a sum, 1/2 of a mean. */ readonly scale: number;
}

/** What step `step` binds; step 0 is the first that each direction takes. */
export function stepAt(cell: Cell, history: LayerHistory, weights: RecurrentWeights, step: number, launch: LaunchConfig, output?: OutputGradient): StepDispatch {
  const { timeSteps, batchSize, hiddenSize, features, directions, reverse, gates, states, scratch, lengths, stream, continued } = history;
  const [weight, bias, diagonal, norm] = [span(weights.weight_hh), span(weights.bias_hh), span(weights.diagonal), span(weights.norm.spans)];
  return {
    buffers: { weight_hh: weight.slice, bias_hh: bias.slice, diagonal: diagonal.slice, norm: norm.slice, gates, states, scratch, lengths, ...cellBuffers(history) },
    params: {
      step,
      steps: timeSteps,
      batch: batchSize,
      hidden: hiddenSize,
      features,
      directions,
      reverse: Number(reverse),
      weight_stride: weight.stride,
      bias_stride: bias.stride,
      diagonal_stride: diagonal.stride,
      norm_stride: norm.stride,
      norm_cell: weights.norm.cell,
      norm_cell_bias: weights.norm.cellBias,
      d_output_columns: output?.columns ?? 0,
      d_output_direction: output?.direction ?? 0,
      d_output_scale: output?.scale ?? 0,
      stream,
      continued: Number(continued),
      tokens: 0,
      vocabulary: 0,
    },
    constants: { ...cellConstants(cell.constants, history), ...launch.constants },
    folded: launch.folded,
    workgroups: launch.workgroups,
    rows: rowWorkgroups(history),
  };
}

/** A step forward; where tokens name rows of a table, it reads its input side there. */
function forwardAt(cell: Cell, history: LayerHistory, weights: RecurrentWeights, step: number, launch: LaunchConfig): StepDispatch {
  const dispatch = stepAt(cell, history, weights, step, launch);
  const { gates, table, lengths } = history;
  if (!table) return dispatch;
  const words = span([lengths, table.tokens]);
  return {
    ...dispatch,
    buffers: { ...dispatch.buffers, gates: span([gates, table.rows]).slice, lengths: words.slice },
    params: { ...dispatch.params, tokens: words.stride, vocabulary: table.vocabulary },
    constants: { ...dispatch.constants, TOKENS: 1 },
  };
}

/** Record one step: `gates` there, or the table, hold W_ih·x + b_ih; the next slot of every state is made. */
export function step(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights, index: number): void {
  const tile = recording.tileOf(opOf('forward', cell, history));
  cell.forward(recording, forwardAt(cell, history, weights, index, forwardLaunch(tile, 'step', cell, history)));
  if (history.made) projectState(recording, cell, history, weights.weight_hr, index);
}

/** Record all steps of the window, each direction in its own order: one dispatch after another, or one for all. */
export function unfold(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights): void {
  const tile = recording.tileOf(opOf('forward', cell, history));
  const mode = executionMode(tile, cell, history);
  const launch = forwardLaunch(tile, mode, cell, history);
  const dispatches = mode === 'sequence' ? 1 : history.timeSteps;
  for (let index = 0; index < dispatches; index++) {
    cell.forward(recording, forwardAt(cell, history, weights, index, launch));
    if (history.made) projectState(recording, cell, history, weights.weight_hr, index);
  }
}

/** A pass of a layer over its window, as schedules know it. */
export const opOf = (kind: 'forward' | 'backward', cell: Cell, { timeSteps, batchSize, hiddenSize, directions }: LayerHistory): RecurrentOp =>
  ({ kind, cell: cell.name, timeSteps, batchSize, hiddenSize, directions });
