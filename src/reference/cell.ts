// What a recurrent cell is to the reference: gate counts and pointwise functions over one hidden unit of one row at one
// step. The matrix products and time belong to unfold.ts. A new cell is one file that makes a `Cell`, and a line in cells.ts.
//
// A step has two phases with an exchange between the units in the middle of it:
//   forward: x, r, w, previous → middle, saved     finish: middleOut, saved, … → next, saved
// The exchange turns the units' `middle` [H] into `middleOut` [H]: the product with the late gates' rows of W_hh for a cell
// that has late gates, the layer normalization of c for a normalized cell with c, and else nothing is changed.
// Back-propagation runs the same in reverse: finishBackward gives dMiddleOut, the exchange dMiddle, backward the rest.

import type { ActivationOption } from './activation.ts';

/** One hidden unit of one batch row at one timestep. All writes assign. */
export interface Unit {
  /** [inputGates] input side of each gate, W_ih·x[t] + b_ih. Meaningful in `forward` and `finish` only. */
  readonly x: Float64Array;
  /** [recurrentGates - lateGates] recurrent side, W_hh·h[t-1] + b_hh. Meaningful in `forward` and `finish` only. */
  readonly r: Float64Array;
  /** [peepholes] this unit's entries of the peephole weights. */
  readonly w: Float64Array;
  /** [states] the unit's state before the step: h, then c. h is not meaningful in a projected layer. */
  readonly previous: Float64Array;
  /** What the unit gives into the exchange, and what it gets out of it. */
  middle: number;
  middleOut: number;
  /** [states] the unit's state after the step (before projection and zoneout). */
  readonly next: Float64Array;
  /** [saved] what the backward functions need of the forward ones; gates are kept after their activation. */
  readonly saved: Float64Array;
  /** [states] gradient of the loss by `next`. */
  readonly dNext: Float64Array;
  /** Gradients by `middleOut` (written by `finishBackward`) and by `middle` (read by `backward`). */
  dMiddleOut: number;
  dMiddle: number;
  /** [inputGates] gradient by `x`. */
  readonly dX: Float64Array;
  /** [recurrentGates - lateGates] gradient by `r`. */
  readonly dR: Float64Array;
  /** [peepholes] gradient by `w`. */
  readonly dW: Float64Array;
  /** [states] gradient by `previous`, without what flows through `r` and the exchange. */
  readonly dPrevious: Float64Array;
}

export interface Cell {
  readonly name: string;
  /** Gates with an input side: weight_ih is [inputGates*H, I]. */
  readonly inputGates: number;
  /** Gates with a recurrent side: weight_hh is [recurrentGates*H, H]. */
  readonly recurrentGates: number;
  /** The last of these whose product takes `middle` in the place of h[t-1]. */
  readonly lateGates: 0 | 1;
  /** The recurrent weight is a vector, weight_hh [recurrentGates*H], and there is no bias_hh. */
  readonly diagonal: boolean;
  /** States a unit carries: 1 for h alone, 2 for h and c. h is the output. */
  readonly states: 1 | 2;
  /** Values a unit keeps for the backward pass. */
  readonly saved: number;
  /** Diagonal weights of the gates on c: the parameter is [peepholes*H]. */
  readonly peepholes: number;
  /** Layer normalization of W_ih·x, of W_hh·h and, for a cell with it, of c (layer_norm.ts). */
  readonly layerNorm: boolean;
  forward(unit: Unit): void;
  finish(unit: Unit): void;
  finishBackward(unit: Unit): void;
  backward(unit: Unit): void;
}

/** What can be chosen of a cell; each cell's file says which of these it takes. */
export interface CellOptions {
  /** `gate` is sigmoid, `candidate` and `output` (of c, LSTM only) are tanh where not given. */
  readonly activations?: { readonly gate?: ActivationOption; readonly candidate?: ActivationOption; readonly output?: ActivationOption };
  /** Clamps every gate's summed pre-activation, peephole included, to ±clipGates. */
  readonly clipGates?: number;
  /** The c that the output gate's peephole sees; 'new' where not given. */
  readonly peepholeOutput?: 'new' | 'previous';
  /** GRU: the reset gate scales the recurrent side of n (true, the default) or h[t-1] inside it. */
  readonly resetAfter?: boolean;
  /** IndRNN: relu where not given. */
  readonly activation?: ActivationOption;
  readonly layerNorm?: boolean;
}

/** The options of a cell. Throws a RangeError for one that the cell does not take, or that has no sense. */
export function takeOptions<K extends keyof CellOptions>(name: string, options: CellOptions, taken: readonly K[]): Pick<CellOptions, K> {
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined && !(taken as readonly string[]).includes(key)) {
      throw new RangeError(`the cell ${name} takes no option ${key}; it takes ${taken.length ? taken.join(', ') : 'none'}`);
    }
  }
  if (options.clipGates !== undefined && !(options.clipGates > 0)) throw new RangeError(`clipGates is ${options.clipGates}, but must be above 0`);
  return options;
}
