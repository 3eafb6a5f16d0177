// What a recurrent cell is to the reference: gate counts and two pointwise functions over one hidden unit of one row at one
// step. The matrix products and time belong to unfold.ts. A new cell is one file that exports a `Cell`, and a line in cells.ts.

/**
 * One hidden unit of one batch row at one timestep. `forward` reads x, r, w, previous and writes next, saved;
 * `backward` reads w, previous, next, saved, dNext and writes dX, dR, dW, dPrevious. All writes assign.
 */
export interface Unit {
  /** [inputGates] input side of each gate, W_ih·x[t] + b_ih. Meaningful in `forward` only. */
  readonly x: Float64Array;
  /** [recurrentGates] recurrent side, W_hh·h[t-1] + b_hh. Meaningful in `forward` only. */
  readonly r: Float64Array;
  /** [diagonals] this unit's entries of the diagonal weights. */
  readonly w: Float64Array;
  /** [states] the unit's state before the step: h, then c. */
  readonly previous: Float64Array;
  /** [states] and after it. */
  readonly next: Float64Array;
  /** [saved] what `backward` needs of `forward`; gates are kept after their activation. */
  readonly saved: Float64Array;
  /** [states] gradient of the loss by `next`. */
  readonly dNext: Float64Array;
  /** [inputGates] gradient by `x`. */
  readonly dX: Float64Array;
  /** [recurrentGates] gradient by `r`. */
  readonly dR: Float64Array;
  /** [diagonals] gradient by `w`. */
  readonly dW: Float64Array;
  /** [states] gradient by `previous`, without what flows through `r` (the driver adds W_hhᵀ·dR to h's). */
  readonly dPrevious: Float64Array;
}

export interface Cell {
  readonly name: string;
  /** Gates with an input side: weight_ih is [inputGates*H, I]. */
  readonly inputGates: number;
  /** Gates with a recurrent side: weight_hh is [recurrentGates*H, H]. */
  readonly recurrentGates: number;
  /** States a unit carries: 1 for h alone, 2 for h and c. h is the output. */
  readonly states: 1 | 2;
  /** Values a unit keeps for the backward pass. */
  readonly saved: number;
  /** Diagonal weights (peepholes): the parameter is [diagonals*H]. */
  readonly diagonals: number;
  forward(unit: Unit): void;
  backward(unit: Unit): void;
}
