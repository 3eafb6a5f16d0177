// Elman's network: h[t] = tanh(x + r).

import type { Cell } from './cell.ts';

export const rnnTanh: Cell = {
  name: 'rnn_tanh',
  inputGates: 1,
  recurrentGates: 1,
  states: 1,
  saved: 0,
  diagonals: 0,

  forward({ x, r, next }) {
    next[0] = Math.tanh(x[0]! + r[0]!);
  },

  backward({ next, dNext, dX, dR, dPrevious }) {
    const h = next[0]!;
    dX[0] = dNext[0]! * (1 - h * h);
    dR[0] = dX[0]!;
    dPrevious[0] = 0;
  },
};
