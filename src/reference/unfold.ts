// One layer in one direction over T steps, and the reverse-time pass over it. The loops are written for reading: one row of the
// batch at a time, one hidden unit at a time. Nothing is hoisted out of the time loop and no step is special.

import { addOuterProduct, addProduct, addTransposedProduct, addVector, expectIndices, expectShape } from './arithmetic.ts';
import type { Cell, Unit } from './cell.ts';

export interface UnfoldOptions {
  readonly cell: Cell;
  /** T */
  readonly steps: number;
  /** N */
  readonly batch: number;
  /** I */
  readonly inputSize: number;
  /** H */
  readonly hiddenSize: number;
  /** Each row runs from its own last element to its first. */
  readonly reverse?: boolean;
  /** [N] steps of each row, 0 to T; all T without it. */
  readonly lengths?: ArrayLike<number> | undefined;
}

/** The parameters of one layer in one direction; their gradients have the same form. */
export interface UnfoldWeights {
  /** [Gi*H, I] */
  readonly weight_ih: Float64Array;
  /** [Gr*H, H] */
  readonly weight_hh: Float64Array;
  /** [Gi*H] */
  readonly bias_ih?: Float64Array | undefined;
  /** [Gr*H] */
  readonly bias_hh?: Float64Array | undefined;
  /** [diagonals*H], for cells that have them. */
  readonly diagonal?: Float64Array | undefined;
}

/** What the forward pass leaves: its results, and all that the backward pass reads. */
export interface Unfolded {
  readonly options: UnfoldOptions;
  readonly weights: UnfoldWeights;
  /** [T,N,I] */
  readonly input: Float64Array;
  /** [T,N,H] by time; 0 beyond a row's length. */
  readonly output: Float64Array;
  /** Per state [N,H]: that of each row's own last step (the initial state where the length is 0). */
  readonly final: readonly Float64Array[];
  /** Per state [T+1,N,H] by steps taken: index 0 is the initial state. A row that has ended keeps its state. */
  readonly history: readonly Float64Array[];
  /** [T,N,H,saved] by steps taken. */
  readonly saved: Float64Array;
}

/** Shapes of one layer's parameters in one direction, those that the cell has. */
export function weightShapes(cell: Cell, inputSize: number, hiddenSize: number, bias: boolean): Record<keyof UnfoldWeights, number[] | null> {
  return {
    weight_ih: [cell.inputGates * hiddenSize, inputSize],
    weight_hh: [cell.recurrentGates * hiddenSize, hiddenSize],
    bias_ih: bias ? [cell.inputGates * hiddenSize] : null,
    bias_hh: bias ? [cell.recurrentGates * hiddenSize] : null,
    diagonal: cell.diagonals > 0 ? [cell.diagonals * hiddenSize] : null,
  };
}

/** Runs the layer over `input` [T,N,I] from `initial` (per state [N,H]). Throws a RangeError for an array of another size. */
export function unfold(options: UnfoldOptions, weights: UnfoldWeights, input: Float64Array, initial: readonly Float64Array[]): Unfolded {
  const { cell, steps: T, batch: N, inputSize: I, hiddenSize: H } = options;
  check(options, weights, input, initial);

  const output = new Float64Array(T * N * H);
  const history = initial.map((state) => {
    const all = new Float64Array((T + 1) * N * H);
    all.set(state);
    return all;
  });
  const saved = new Float64Array(T * N * H * cell.saved);
  const unit = newUnit(cell);
  const x = new Float64Array(cell.inputGates * H);
  const r = new Float64Array(cell.recurrentGates * H);

  for (let s = 0; s < T; s++) {
    for (let n = 0; n < N; n++) {
      const before = (s * N + n) * H;
      const after = before + N * H;
      if (s >= lengthOf(options, n)) {
        for (const all of history) all.copyWithin(after, before, before + H);
        continue;
      }
      const t = timeOf(options, n, s);
      x.fill(0);
      if (weights.bias_ih) x.set(weights.bias_ih);
      addProduct(x, 0, weights.weight_ih, x.length, I, input, (t * N + n) * I);
      r.fill(0);
      if (weights.bias_hh) r.set(weights.bias_hh);
      addProduct(r, 0, weights.weight_hh, r.length, H, history[0]!, before);

      for (let j = 0; j < H; j++) {
        for (let g = 0; g < cell.inputGates; g++) unit.x[g] = x[g * H + j]!;
        for (let g = 0; g < cell.recurrentGates; g++) unit.r[g] = r[g * H + j]!;
        for (let p = 0; p < cell.diagonals; p++) unit.w[p] = weights.diagonal![p * H + j]!;
        for (let k = 0; k < cell.states; k++) unit.previous[k] = history[k]![before + j]!;
        cell.forward(unit);
        for (let k = 0; k < cell.states; k++) history[k]![after + j] = unit.next[k]!;
        saved.set(unit.saved, (before + j) * cell.saved);
        output[(t * N + n) * H + j] = unit.next[0]!;
      }
    }
  }
  const final = history.map((all) => all.slice(T * N * H));
  return { options, weights, input, output, final, history, saved };
}

export interface UnfoldedGradients {
  /** [T,N,I]; 0 beyond a row's length. */
  readonly dInput: Float64Array;
  /** Per state [N,H]. */
  readonly dInitial: readonly Float64Array[];
  /** Of every weight, in a fresh array: the sum over all steps and rows. */
  readonly gradients: UnfoldWeights;
}

/** Back-propagates through time: `dOutput` [T,N,H] (ignored beyond a row's length) and `dFinal` (per state [N,H]). */
export function backpropagate(unfolded: Unfolded, dOutput: Float64Array, dFinal: readonly Float64Array[]): UnfoldedGradients {
  const { options, weights, input, history, saved } = unfolded;
  const { cell, steps: T, batch: N, inputSize: I, hiddenSize: H } = options;
  expectShape('dOutput', dOutput, [T, N, H]);
  expectStates('dFinal', dFinal, cell, N, H);

  const dInput = new Float64Array(T * N * I);
  // Gradient by the state after the step at hand, per state [N,H]; after the loop, by the initial state.
  const dState = dFinal.map((gradient) => gradient.slice());
  const gradients = {
    weight_ih: new Float64Array(weights.weight_ih.length),
    weight_hh: new Float64Array(weights.weight_hh.length),
    bias_ih: weights.bias_ih && new Float64Array(weights.bias_ih.length),
    bias_hh: weights.bias_hh && new Float64Array(weights.bias_hh.length),
    diagonal: weights.diagonal && new Float64Array(weights.diagonal.length),
  };
  const unit = newUnit(cell);
  const dX = new Float64Array(cell.inputGates * H);
  const dR = new Float64Array(cell.recurrentGates * H);

  for (let s = T - 1; s >= 0; s--) {
    for (let n = 0; n < N; n++) {
      if (s >= lengthOf(options, n)) continue;
      const t = timeOf(options, n, s);
      const before = (s * N + n) * H;
      const after = before + N * H;
      for (let j = 0; j < H; j++) {
        for (let p = 0; p < cell.diagonals; p++) unit.w[p] = weights.diagonal![p * H + j]!;
        for (let k = 0; k < cell.states; k++) {
          unit.previous[k] = history[k]![before + j]!;
          unit.next[k] = history[k]![after + j]!;
          unit.dNext[k] = dState[k]![n * H + j]!;
        }
        unit.dNext[0]! += dOutput[(t * N + n) * H + j]!;
        unit.saved.set(saved.subarray((before + j) * cell.saved, (before + j + 1) * cell.saved));
        cell.backward(unit);
        for (let k = 0; k < cell.states; k++) dState[k]![n * H + j] = unit.dPrevious[k]!;
        for (let g = 0; g < cell.inputGates; g++) dX[g * H + j] = unit.dX[g]!;
        for (let g = 0; g < cell.recurrentGates; g++) dR[g * H + j] = unit.dR[g]!;
        for (let p = 0; p < cell.diagonals; p++) gradients.diagonal![p * H + j]! += unit.dW[p]!;
      }
      addTransposedProduct(dState[0]!, n * H, weights.weight_hh, dR.length, H, dR, 0);
      addTransposedProduct(dInput, (t * N + n) * I, weights.weight_ih, dX.length, I, dX, 0);
      addOuterProduct(gradients.weight_ih, dX.length, I, dX, 0, input, (t * N + n) * I);
      addOuterProduct(gradients.weight_hh, dR.length, H, dR, 0, history[0]!, before);
      if (gradients.bias_ih) addVector(gradients.bias_ih, 0, dX, 0, dX.length);
      if (gradients.bias_hh) addVector(gradients.bias_hh, 0, dR, 0, dR.length);
    }
  }
  return { dInput, dInitial: dState, gradients };
}

const lengthOf = (options: UnfoldOptions, n: number): number => options.lengths?.[n] ?? options.steps;

/** The time that row n reads at its step s. */
const timeOf = (options: UnfoldOptions, n: number, s: number): number => (options.reverse ? lengthOf(options, n) - 1 - s : s);

function newUnit(cell: Cell): Unit {
  return {
    x: new Float64Array(cell.inputGates),
    r: new Float64Array(cell.recurrentGates),
    w: new Float64Array(cell.diagonals),
    previous: new Float64Array(cell.states),
    next: new Float64Array(cell.states),
    saved: new Float64Array(cell.saved),
    dNext: new Float64Array(cell.states),
    dX: new Float64Array(cell.inputGates),
    dR: new Float64Array(cell.recurrentGates),
    dW: new Float64Array(cell.diagonals),
    dPrevious: new Float64Array(cell.states),
  };
}

function check(options: UnfoldOptions, weights: UnfoldWeights, input: Float64Array, initial: readonly Float64Array[]): void {
  const { cell, steps, batch, inputSize, hiddenSize, lengths } = options;
  expectShape('input', input, [steps, batch, inputSize]);
  expectStates('initial', initial, cell, batch, hiddenSize);
  const shapes = weightShapes(cell, inputSize, hiddenSize, weights.bias_ih !== undefined);
  for (const [name, shape] of Object.entries(shapes) as [keyof UnfoldWeights, number[] | null][]) {
    const array = weights[name];
    if (shape && !array) throw new RangeError(`${name} is missing; the cell ${cell.name} has it, of shape [${shape.join(', ')}]`);
    if (!shape && array) throw new RangeError(`${name} is given, but this layer of the cell ${cell.name} has none`);
    if (shape && array) expectShape(name, array, shape);
  }
  if (lengths) {
    expectShape('lengths', lengths, [batch]);
    expectIndices('lengths', lengths, steps + 1);
  }
}

function expectStates(name: string, states: readonly Float64Array[], cell: Cell, batch: number, hiddenSize: number): void {
  if (states.length !== cell.states) throw new RangeError(`${name} holds ${states.length} states, but the cell ${cell.name} carries ${cell.states}`);
  states.forEach((state, k) => expectShape(`${name}[${k}]`, state, [batch, hiddenSize]));
}
