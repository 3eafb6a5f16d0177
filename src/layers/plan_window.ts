// What a plan records of its window: both passes between the states from which it starts and those with which it ends.
import { subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { takeFinalState } from '../kernels/state.ts';
import { allStates } from '../scheduler/history.ts';
import { startLayer } from '../scheduler/window.ts';
import type { Parameters } from './parameters.ts';
import { StackWindow, type StackShape } from './stack.ts';
import type { LayerShape } from './stack_parameters.ts';

/** State arrays [L*D,N,H] of a plan: h, and c for cells that have it. */
export interface PlanStates {
  readonly h: Slice;
  readonly c: Slice;
}

/** Layer `l`'s part [D,N,H] of a state array [L*D,N,H]; state 0 is h, 1 is c. */
export function layerState(states: PlanStates, state: number, l: number, layers: number): Slice {
  const all = state === 0 ? states.h : states.c;
  const [rows, batch, hidden] = all.shape as [number, number, number];
  const directions = rows / layers;
  return subslice(all, l * directions * batch * hidden, [directions, batch, hidden]);
}

export interface PlanWindow {
  /** The top layer's output [T,N,D*H], or [T,N,H] where its directions are merged. */
  readonly output: Slice;
  /** Where its gradient must be before the backward pass. */
  readonly dOutput: Slice;
  /** Every buffer that belongs to the window alone. */
  buffers(): BufferProxy[];
  /** Record the forward pass. */
  forward(recording: Recording, states: { initial: PlanStates; final: PlanStates }): void;
  /** Record the backward pass; parameters' gradients accumulate. `beforeInitial` records between BPTT and the gradients of the initial states. */
  backward(recording: Recording, gradients: { dFinal: PlanStates; dInitial: PlanStates; dInput: Slice }, beforeInitial?: () => void): void;
}

/** The window in one piece, everything kept for the backward pass. */
export class WholeWindow implements PlanWindow {
  readonly stack: StackWindow;

  constructor(layers: readonly LayerShape[], parameters: Parameters, input: Slice, shape: StackShape) {
    this.stack = new StackWindow(layers, parameters, { kind: 'dense', values: input }, shape);
  }

  get output(): Slice {
    return this.stack.output;
  }

  get dOutput(): Slice {
    return this.stack.dOutput;
  }

  buffers(): BufferProxy[] {
    return this.stack.buffers();
  }

  forward(recording: Recording, { initial, final }: { initial: PlanStates; final: PlanStates }): void {
    const { histories } = this.stack;
    histories.forEach((layer, l) => {
      const start = (state: number): Slice => layerState(initial, state, l, histories.length);
      startLayer(recording, layer, [start(0), start(1)]);
      const kept = this.stack.initialStates[l];
      if (kept) recording.copy(start(0), kept);
    });
    this.stack.forward(recording);
    histories.forEach((layer, l) => {
      allStates(layer).forEach((history, s) => takeFinalState(recording, layer, history, layerState(final, s, l, histories.length), layer.lengths));
    });
  }

  backward(recording: Recording, { dFinal, dInitial, dInput }: { dFinal: PlanStates; dInitial: PlanStates; dInput: Slice }, beforeInitial?: () => void): void {
    const { dStates } = this.stack;
    dStates.forEach((own, l) => own.forEach((d, s) => recording.copy(layerState(dFinal, s, l, dStates.length), d)));
    this.stack.backward(recording, { dInput });
    beforeInitial?.();
    this.stack.initialStateGradients(recording);
    dStates.forEach((own, l) => own.forEach((d, s) => recording.copy(d, layerState(dInitial, s, l, dStates.length))));
  }
}
