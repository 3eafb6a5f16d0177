// Truncated BPTT: the state carries over a window's border, the gradient does not.
import { allocateProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { dropout } from '../kernels/dropout.ts';
import { forgetRows, loadInitialState, takeFinalState } from '../kernels/state.ts';
import { allStates, stateShape, type LayerHistory } from './history.ts';

/** The state between two windows: for each layer h [D,N,F], then its further states. */
export type CarriedState = readonly (readonly Slice[])[];

export function allocateCarriedState(layers: readonly LayerHistory[]): CarriedState {
  return layers.map((layer) =>
    allStates(layer).map((history, s) => allocateProxy(`carried ${history.buffer.name}`, [layer.directions, layer.batchSize, stateShape(layer, s).hiddenSize], 'history')),
  );
}

/** Record where a layer begins: its states, h first, from arrays [D,N,F] and [D,N,H]. */
export function startLayer(recording: Recording, layer: LayerHistory, states: readonly Slice[]): void {
  allStates(layer).forEach((history, s) => loadInitialState(recording, stateShape(layer, s), history, states[s]!));
  if (!layer.mask) return;
  dropout(recording, layer.mask.options, states[0]!, layer.mask.initial);
  loadInitialState(recording, stateShape(layer, 0), layer.masked, layer.mask.initial);
}

/** Record the start of a window: every state begins as it was carried. */
export function startFrom(recording: Recording, layers: readonly LayerHistory[], carried: CarriedState): void {
  layers.forEach((layer, l) => startLayer(recording, layer, carried[l]!));
}

/** Record the end of a window: keep every row's state after its own last step, or after the number of steps in `after` [N]. */
export function keepState(recording: Recording, layers: readonly LayerHistory[], carried: CarriedState, after?: Slice): void {
  layers.forEach((layer, l) =>
    allStates(layer).forEach((history, s) => takeFinalState(recording, stateShape(layer, s), history, carried[l]![s]!, after ?? layer.lengths)),
  );
}

/** Record forgetting: the rows that begin start from zero. `begins` [N]: 1 where a row does. */
export function forgetState(recording: Recording, carried: CarriedState, begins: Slice): void {
  for (const state of carried.flat()) forgetRows(recording, state, begins);
}
