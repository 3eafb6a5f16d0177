// Back-propagation through time: the window's steps in reverse, then what can be summed over all of them at once.
import type { Cell, StepGradients } from '../cells/cell.ts';
import { reshape, subslice, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { matmul, matrix, type Matrix } from '../kernels/matmul.ts';
import type { LayerHistory } from './history.ts';
import { backwardTile } from './stepwise.ts';
import { stepAt, type RecurrentWeights } from './unfold.ts';

/** Record the reverse-time pass: afterwards `gates` hold the gradients of the gates' pre-activations. */
export function bptt(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights, gradients: StepGradients): void {
  for (let t = history.steps - 1; t >= 0; t--) {
    cell.backward(recording, stepAt(history, weights, t), gradients, backwardTile(history));
  }
}

/** The gate gradients of a layer as one [T·N, columns] matrix, after `bptt`. */
export function gateGradients(cell: Cell, history: LayerHistory, side: 'input' | 'recurrent'): Matrix {
  const { steps, batch, hidden, gates } = history;
  return matrix(gates, steps * batch, cell.gates[side] * hidden, cell.gates.saved * hidden);
}

/** Record dW_hh [R*H,H] += Σ_t dgates[t]ᵀ·h[t-1] and, where there is a bias, db_hh [R*H] += Σ_t dgates[t]. */
export function recurrentGradients(recording: Recording, cell: Cell, history: LayerHistory, into: { weight_hh: Slice; bias_hh: Slice | null }): void {
  const { steps, batch, hidden, h } = history;
  const d = gateGradients(cell, history, 'recurrent');
  const before = subslice(h, 0, [steps, batch, hidden]);
  matmul(recording, {
    form: 'tn',
    a: d,
    b: matrix(before, steps * batch, hidden),
    c: matrix(into.weight_hh, d.columns, hidden),
    accumulate: true,
  });
  if (into.bias_hh) columnSum(recording, d, into.bias_hh);
}

/** Record dh0 [N,H]: `dHidden` holds what bypassed W_hh; add dgates[0]·W_hh. */
export function initialStateGradient(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights, dHidden: Slice): void {
  const { batch, hidden, gates } = history;
  const columns = cell.gates.recurrent * hidden;
  const saved = cell.gates.saved * hidden;
  matmul(recording, {
    form: 'nn',
    a: matrix(subslice(gates, 0, [batch, saved]), batch, columns, saved),
    b: matrix(weights.weight_hh, columns, hidden),
    c: matrix(reshape(dHidden, [batch, hidden]), batch, hidden),
    accumulate: true,
  });
}
