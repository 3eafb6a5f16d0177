// Moving states between arrays [D,N,H] and the slots of histories, by each row's own length.
import shader from '../../shaders/ops/state.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

export interface StateShape {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly hiddenSize: number;
  readonly directions: number;
  /** The only direction runs from the end. */
  readonly reverse: boolean;
}

const params = ({ timeSteps, batchSize, hiddenSize, directions, reverse }: StateShape) => ({
  steps: timeSteps, batch: batchSize, hidden: hiddenSize, directions, reverse: Number(reverse), rows_columns: 0, gates_stride: 0, gates_block: 0, short_only: 0,
});

const threads = ({ batchSize, hiddenSize, directions }: StateShape): [number, number, number] => grid(batchSize * hiddenSize * directions, 64);

/** Record: the slots from which each direction starts = state [D,N,H]. */
export function loadInitialState(recording: Recording, shape: StateShape, history: Slice, state: Slice): void {
  recording.dispatch(shader, 'load_initial', { bindings: { history, state }, params: params(shape), workgroups: threads(shape) });
}

/** Record: state [D,N,H] = each row's state after its own last step. */
export function takeFinalState(recording: Recording, shape: StateShape, history: Slice, state: Slice, lengths: Slice): void {
  recording.dispatch(shader, 'take_final', { bindings: { history, state, lengths }, params: params(shape), workgroups: threads(shape) });
}

/** Record state [D,N,H] = 0 in the rows that begin. `begins` [N]: 1 where a row does. */
export function forgetRows(recording: Recording, state: Slice, begins: Slice): void {
  const [directions, batch, hidden] = state.shape as [number, number, number];
  const shape: StateShape = { timeSteps: 0, batchSize: batch, hiddenSize: hidden, directions, reverse: false };
  recording.dispatch(shader, 'forget', { bindings: { state, begins }, params: params(shape), workgroups: threads(shape) });
}

/**
 * Record first [D,N,columns] = the gradients of `count` blocks from `block` at each row's first step in time.
 * `saved` blocks a direction and row in `gates`; `shortOnly`: rows that fill the window count as 0.
 */
export function takeFirstGradients(
  recording: Recording,
  shape: StateShape,
  options: { gates: Slice; saved: number; block: number; count: number; first: Slice; lengths: Slice; shortOnly: boolean },
): void {
  const { gates, saved, block, count, first, lengths, shortOnly } = options;
  const { hiddenSize, batchSize, directions } = shape;
  const columns = count * hiddenSize;
  recording.dispatch(shader, 'first_gradients', {
    bindings: { gates, first, lengths },
    params: { ...params(shape), rows_columns: columns, gates_stride: saved * hiddenSize, gates_block: block * hiddenSize, short_only: Number(shortOnly) },
    workgroups: grid(batchSize * directions * columns, 64),
  });
}

/** Record cleaned [T,N,I] = values with 0 past each row's length. */
export function cleanPadding(recording: Recording, shape: { timeSteps: number; batchSize: number; columns: number }, values: Slice, cleaned: Slice, lengths: Slice): void {
  const { timeSteps, batchSize, columns } = shape;
  recording.dispatch(shader, 'clean_padding', {
    bindings: { values, cleaned, lengths },
    params: params({ timeSteps, batchSize, hiddenSize: columns, directions: 1, reverse: false }),
    workgroups: grid(timeSteps * batchSize * columns, 64),
  });
}
