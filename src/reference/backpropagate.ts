// The reverse-time pass over an unfolded layer: the steps of unfold.ts from the last to the first, each from its end to its start.

import { addOuterProduct, addTransposedProduct, addVector, expectShape } from './arithmetic.ts';
import type { Cell } from './cell.ts';
import { expectStates, featuresOf, lengthOf, timeOf, type LayerMasks, type LayerWeights } from './layer.ts';
import { normalizeBackward } from './layer_norm.ts';
import { dropped, inputSide, lateRows, loadState, newUnit, recurrentSide, type Unfolded } from './unfold.ts';

export interface LayerGradients {
  /** [T,N,I]; 0 beyond a row's length. */
  readonly dInput: Float64Array;
  /** h [N,F], c [N,H]. */
  readonly dInitial: readonly Float64Array[];
  /** Of every weight, in a fresh array: the sum over all steps and rows. */
  readonly gradients: LayerWeights;
}

/** Back-propagates through time: `dOutput` [T,N,F] (ignored beyond a row's length) and `dFinal` (h [N,F], c [N,H]). */
export function backpropagate(unfolded: Unfolded, dOutput: Float64Array, dFinal: readonly Float64Array[]): LayerGradients {
  const { options, weights, masks, input, history, results, middle, saved } = unfolded;
  const { cell, timeSteps: T, batchSize: N, inputSize: I, hiddenSize: H } = options;
  const F = featuresOf(options);
  const widths = [F, H];
  expectShape('dOutput', dOutput, [T, N, F]);
  expectStates('dFinal', dFinal, options);

  const dInput = new Float64Array(T * N * I);
  // Gradient by the state after the step at hand, h [N,F], c [N,H]; after the loop, by the initial state.
  const dState = dFinal.map((gradient) => gradient.slice());
  const gradients = Object.fromEntries(
    Object.entries(weights).map(([name, array]: [string, Float64Array | undefined]) => [name, array && new Float64Array(array.length)]),
  ) as unknown as LayerWeights;
  const units = Array.from({ length: H }, () => newUnit(cell));
  const dX = new Float64Array(cell.inputGates * H);
  const dR = new Float64Array((cell.recurrentGates - cell.lateGates) * H);

  for (let s = T - 1; s >= 0; s--) {
    for (let n = 0; n < N; n++) {
      if (s >= lengthOf(options, n)) continue;
      const t = timeOf(options, n, s);
      const row = s * N + n;
      const before = history.map((all, k) => all.subarray(row * widths[k]!, (row + 1) * widths[k]!));

      // By the state after the step; then its part that zoneout carries past the cell, and the cell's own.
      const dAfter: Float64Array[] = dState.map((all, k) => all.slice(n * widths[k]!, (n + 1) * widths[k]!));
      addVector(dAfter[0]!, 0, dOutput, (t * N + n) * F, F);
      const past = dAfter.map((gradient, k) => {
        const mask = k === 0 ? masks.zoneout_h : masks.zoneout_c;
        const kept = gradient.map((value, j) => (mask ? mask[(t * N + n) * widths[k]! + j]! * value : 0));
        for (let j = 0; j < kept.length; j++) gradient[j]! -= kept[j]!;
        return kept;
      });
      if (weights.weight_hr) {
        addOuterProduct(gradients.weight_hr!, F, H, dAfter[0]!, 0, results[0]!, row * H);
        dAfter[0] = transposedProduct(weights.weight_hr, F, H, dAfter[0]!);
      }

      units.forEach((unit, j) => {
        loadState(unit, j, weights, before, F === H);
        for (let k = 0; k < cell.states; k++) {
          unit.next[k] = results[k]![row * H + j]!;
          unit.dNext[k] = dAfter[k]![j]!;
        }
        unit.saved.set(saved.subarray((row * H + j) * cell.saved, (row * H + j + 1) * cell.saved));
        cell.finishBackward(unit);
      });
      const dMiddleOut = Float64Array.from(units, (unit) => unit.dMiddleOut);
      const dMiddle = exchangeBackward(cell, weights, gradients, masks, n, middle.subarray(row * H, (row + 1) * H), dMiddleOut);
      units.forEach((unit, j) => {
        unit.dMiddle = dMiddle[j]!;
        cell.backward(unit);
        for (let g = 0; g < unit.dX.length; g++) dX[g * H + j] = unit.dX[g]!;
        for (let g = 0; g < unit.dR.length; g++) dR[g * H + j] = unit.dR[g]!;
        for (let p = 0; p < unit.dW.length; p++) gradients.peephole![p * H + j]! += unit.dW[p]!;
        if (F === H) past[0]![j]! += unit.dPrevious[0]!;
        if (cell.states > 1) past[1]![j]! += unit.dPrevious[1]!;
      });

      const x = input.subarray((t * N + n) * I, (t * N + n + 1) * I);
      const h = dropped(before[0]!, masks, n);
      if (gradients.bias_ih) addVector(gradients.bias_ih, 0, dX, 0, dX.length);
      if (gradients.bias_hh) addVector(gradients.bias_hh, 0, dR, 0, dR.length);
      if (weights.norm_ih) normalizeBackward(inputSide(weights, x), weights.norm_ih, dX, gradients.norm_ih!);
      if (weights.norm_hh) normalizeBackward(recurrentSide(cell, weights, h, H), weights.norm_hh, dR, gradients.norm_hh!);
      addOuterProduct(gradients.weight_ih, dX.length, I, dX, 0, x, 0);
      addTransposedProduct(dInput, (t * N + n) * I, weights.weight_ih, dX.length, I, dX, 0);
      if (weights.weight_hh) {
        const dH = recurrentSideBackward(cell, weights.weight_hh, gradients.weight_hh!, h, dR);
        addVector(past[0]!, 0, dropped(dH, masks, n), 0, F);
      }
      past.forEach((gradient, k) => dState[k]!.set(gradient, n * widths[k]!));
    }
  }
  return { dInput, dInitial: dState, gradients };
}

/** The gradient by h [F] after its dropout for dR; adds that by W_hh. */
function recurrentSideBackward(cell: Cell, weight: Float64Array, gradient: Float64Array, h: Float64Array, dR: Float64Array): Float64Array {
  if (cell.diagonal) {
    const dH = new Float64Array(h.length);
    dR.forEach((value, k) => {
      const j = k % h.length;
      gradient[k]! += value * h[j]!;
      dH[j]! += value * weight[k]!;
    });
    return dH;
  }
  addOuterProduct(gradient, dR.length, h.length, dR, 0, h, 0);
  return transposedProduct(weight, dR.length, h.length, dR);
}

/** The gradient by what the units of row n gave into the exchange [H]; adds those by the parameters in it. */
function exchangeBackward(
  cell: Cell, weights: LayerWeights, gradients: LayerWeights, masks: LayerMasks, n: number, middle: Float64Array, dOut: Float64Array,
): Float64Array {
  const { weight_hh, norm_c } = weights;
  if (cell.lateGates > 0) {
    const size = middle.length;
    if (gradients.bias_hh) addVector(lateRows(cell, gradients.bias_hh), 0, dOut, 0, size);
    addOuterProduct(lateRows(cell, gradients.weight_hh!), size, size, dOut, 0, dropped(middle, masks, n), 0);
    return dropped(transposedProduct(lateRows(cell, weight_hh!), size, size, dOut), masks, n);
  }
  if (norm_c) {
    addVector(gradients.norm_c_bias!, 0, dOut, 0, dOut.length);
    normalizeBackward(middle, norm_c, dOut, gradients.norm_c!);
  }
  return dOut;
}

function transposedProduct(a: Float64Array, rows: number, columns: number, x: Float64Array): Float64Array {
  const y = new Float64Array(columns);
  addTransposedProduct(y, 0, a, rows, columns, x, 0);
  return y;
}
