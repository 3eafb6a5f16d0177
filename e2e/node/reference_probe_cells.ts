// Cells that only probe the reference's driver: each takes a form of the cell contract that LSTM does not.

import { sigmoid } from '../../src/reference/arithmetic.ts';
import type { Cell } from '../../src/reference/cell.ts';
import { lstm } from '../../src/reference/lstm.ts';

/** Gates r z n, n = tanh(x + r·(recurrent side)): the recurrent side's gradient is not the input side's. */
export const gru: Cell = {
  name: 'gru', inputGates: 3, recurrentGates: 3, states: 1, saved: 4, diagonals: 0,
  forward({ x, r: side, previous, next, saved }) {
    const r = sigmoid(x[0]! + side[0]!);
    const z = sigmoid(x[1]! + side[1]!);
    const n = Math.tanh(x[2]! + r * side[2]!);
    next[0] = (1 - z) * n + z * previous[0]!;
    saved.set([r, z, n, side[2]!]);
  },
  backward({ previous, saved, dNext, dX, dR, dPrevious }) {
    const r = saved[0]!, z = saved[1]!, n = saved[2]!, side = saved[3]!, d = dNext[0]!;
    dX[2] = d * (1 - z) * (1 - n * n);
    dX[1] = d * (previous[0]! - n) * z * (1 - z);
    dX[0] = dX[2]! * side * r * (1 - r);
    dR.set(dX);
    dR[2] = dX[2]! * r;
    dPrevious[0] = d * z;
  },
};

/** An LSTM whose forget gate sees the old c through one diagonal weight. */
export const peepholeLstm: Cell = {
  ...lstm, name: 'peephole_lstm', diagonals: 1,
  forward(unit) {
    const { x, w, previous } = unit;
    x[1]! += w[0]! * previous[1]!;
    lstm.forward(unit);
  },
  backward(unit) {
    lstm.backward(unit);
    const { w, previous, dX, dW, dPrevious } = unit;
    dW[0] = dX[1]! * previous[1]!;
    dPrevious[1]! += dX[1]! * w[0]!;
  },
};

/** h = tanh(x + w·h[t-1]): no matrix on the recurrent side. */
export const independentRnn: Cell = {
  name: 'ind_rnn', inputGates: 1, recurrentGates: 0, states: 1, saved: 0, diagonals: 1,
  forward({ x, w, previous, next }) {
    next[0] = Math.tanh(x[0]! + w[0]! * previous[0]!);
  },
  backward({ w, previous, next, dNext, dX, dW, dPrevious }) {
    dX[0] = dNext[0]! * (1 - next[0]! ** 2);
    dW[0] = dX[0]! * previous[0]!;
    dPrevious[0] = dX[0]! * w[0]!;
  },
};
