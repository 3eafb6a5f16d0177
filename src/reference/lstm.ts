// LSTM, gates in PyTorch's order i f g o:
//   c[t] = f·c[t-1] + i·g,  h[t] = o·tanh(c[t]),  i, f, o = sigmoid(x + r),  g = tanh(x + r)

import { sigmoid } from './arithmetic.ts';
import type { Cell } from './cell.ts';

export const lstm: Cell = {
  name: 'lstm',
  inputGates: 4,
  recurrentGates: 4,
  states: 2,
  saved: 4,
  diagonals: 0,

  forward({ x, r, previous, next, saved }) {
    const i = sigmoid(x[0]! + r[0]!);
    const f = sigmoid(x[1]! + r[1]!);
    const g = Math.tanh(x[2]! + r[2]!);
    const o = sigmoid(x[3]! + r[3]!);
    const c = f * previous[1]! + i * g;
    next[0] = o * Math.tanh(c);
    next[1] = c;
    saved.set([i, f, g, o]);
  },

  backward({ previous, next, saved, dNext, dX, dR, dPrevious }) {
    const i = saved[0]!, f = saved[1]!, g = saved[2]!, o = saved[3]!;
    const tanhC = Math.tanh(next[1]!);
    const dC = dNext[1]! + dNext[0]! * o * (1 - tanhC * tanhC);
    dX[0] = dC * g * i * (1 - i);
    dX[1] = dC * previous[1]! * f * (1 - f);
    dX[2] = dC * i * (1 - g * g);
    dX[3] = dNext[0]! * tanhC * o * (1 - o);
    dR.set(dX);
    dPrevious[0] = 0;
    dPrevious[1] = dC * f;
  },
};
