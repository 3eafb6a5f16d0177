// Truncated BPTT: the state carries over a window's border, the gradient does not.
import type { Recording } from '../gpu/recording.ts';
import { allStates, slot, type LayerHistory } from './history.ts';

/** Record the carry: the final state of the last window starts the next one. */
export function carryState(recording: Recording, layers: readonly LayerHistory[]): void {
  for (const layer of layers) {
    for (const history of allStates(layer)) recording.copy(slot(history, layer.steps), slot(history, 0));
  }
}

/** Record the reset: the next window starts from zero. */
export function resetState(recording: Recording, layers: readonly LayerHistory[]): void {
  for (const layer of layers) {
    for (const history of allStates(layer)) recording.clear(slot(history, 0));
  }
}
