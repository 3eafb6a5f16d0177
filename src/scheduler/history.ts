// The arrays of one layer over a window of T steps. Histories have T+1 slots: slot 0 is the initial state, slot t+1 the
// state after step t, so no step is special, and the layer's output [T,N,H] is a slice of its history.
import type { Cell } from '../cells/cell.ts';
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';

export interface WindowShape {
  /** T */ readonly steps: number;
  /** N */ readonly batch: number;
  /** H */ readonly hidden: number;
}

export interface LayerHistory extends WindowShape {
  /** [T,N,S*H] pre-activations of the input side, then saved activations, then their gradients: one memory for the three. */
  readonly gates: Slice;
  /** [T+1,N,H] */
  readonly h: Slice;
  /** [T+1,N,H] for each further state of the cell. */
  readonly states: readonly Slice[];
  /** [T,N,H]: slots 1..T of h. */
  readonly output: Slice;
}

export function allocateHistory(cell: Cell, name: string, { steps, batch, hidden }: WindowShape): LayerHistory {
  const slots = [steps + 1, batch, hidden];
  const h = allocateProxy(`${name}.h`, slots, 'history');
  return {
    steps,
    batch,
    hidden,
    gates: allocateProxy(`${name}.gates`, [steps, batch, cell.gates.saved * hidden], 'history'),
    h,
    states: cell.states.map((state) => allocateProxy(`${name}.${state}`, slots, 'history')),
    output: subslice(h, batch * hidden, [steps, batch, hidden]),
  };
}

/** One slot [N,H] of a history array: 0 the initial state, T the final one. */
export function slot(history: Slice, index: number): Slice {
  const [, batch, hidden] = history.shape as [number, number, number];
  return subslice(history, index * batch * hidden, [batch, hidden]);
}

/** All state histories of a layer, h first. */
export const allStates = (layer: LayerHistory): readonly Slice[] => [layer.h, ...layer.states];

export const historyBuffers = (layer: LayerHistory): BufferProxy[] => [layer.gates.buffer, ...allStates(layer).map((s) => s.buffer)];
