// Unfolding: the recurrence laid out over a window, one dispatch after another with the same weights.
import type { Cell, StepDispatch } from '../cells/cell.ts';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import type { LayerHistory } from './history.ts';
import { forwardTile } from './stepwise.ts';

/** The recurrent side's parameters. */
export interface RecurrentWeights {
  /** [R*H, H] */ readonly weight_hh: Slice;
  /** [R*H] */ readonly bias_hh: Slice;
}

/** What step t binds and which slots it goes between. */
export function stepAt(history: LayerHistory, weights: RecurrentWeights, t: number): StepDispatch {
  const { steps, batch, hidden, gates, h, states } = history;
  return {
    bindings: { ...weights, gates, h, histories: states },
    params: { time: t, slot_from: t, slot_to: t + 1, next_time: Math.min(t + 1, steps - 1), has_next: Number(t + 1 < steps), batch, hidden },
  };
}

/** Record step t: `gates` at t hold W_ih·x + b_ih; slot t+1 of every state is made from slot t. */
export function step(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights, t: number): void {
  cell.forward(recording, stepAt(history, weights, t), forwardTile(history));
}

/** Record all steps of the window, in time. */
export function unfold(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights): void {
  for (let t = 0; t < history.steps; t++) step(recording, cell, history, weights, t);
}
