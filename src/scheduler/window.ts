// Truncated BPTT: the state carries over a window's border, the gradient does not.
import { allocateProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { allStates, slot, type LayerHistory } from './history.ts';

/** The state between two windows: for each layer h [N,H], then its further states. */
export type CarriedState = readonly (readonly Slice[])[];

export function allocateCarriedState(layers: readonly LayerHistory[]): CarriedState {
  return layers.map((layer) =>
    allStates(layer).map((history) => allocateProxy(`carried ${history.buffer.name}`, [layer.batch, layer.hidden], 'history')),
  );
}

/** Record the end of a window: keep the state after its step number `steps`. */
export function keepState(recording: Recording, layers: readonly LayerHistory[], carried: CarriedState, steps: number): void {
  layers.forEach((layer, l) => allStates(layer).forEach((history, s) => recording.copy(slot(history, steps), carried[l]![s]!)));
}

/** Record the start of a window from the kept state. (WebGPU copies only between two buffers, hence the state's own.) */
export function carryState(recording: Recording, layers: readonly LayerHistory[], carried: CarriedState): void {
  layers.forEach((layer, l) => allStates(layer).forEach((history, s) => recording.copy(carried[l]![s]!, slot(history, 0))));
}

/** Record the start of a window from zero. */
export function resetState(recording: Recording, layers: readonly LayerHistory[]): void {
  for (const layer of layers) {
    for (const history of allStates(layer)) recording.clear(slot(history, 0));
  }
}
