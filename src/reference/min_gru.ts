// minGRU (Feng et al. 2024, "Were RNNs All We Needed?"), gates z h~ (c in the code, the candidate):
//   z = sigmoid(W_z x[t] + b_z),  h~ = W_h x[t] + b_h,  h[t] = (1 - z)·h[t-1] + z·h~
// No gate sees h[t-1]: there are no weight_hh and no bias_hh. It takes no options.

import { sigmoid } from './arithmetic.ts';
import { takeOptions, type Cell, type CellOptions } from './cell.ts';

export function minGru(options: CellOptions = {}): Cell {
  takeOptions('min_gru', options, []);
  return {
    name: 'min_gru',
    inputGates: 2,
    recurrentGates: 0,
    lateGates: 0,
    diagonal: false,
    states: 1,
    saved: 2,
    peepholes: 0,
    layerNorm: false,

    forward(unit) {
      const { x, previous, saved } = unit;
      const z = sigmoid(x[0]!);
      const c = x[1]!;
      unit.middle = (1 - z) * previous[0]! + z * c;
      saved.set([z, c]);
    },

    finish({ middleOut, next }) {
      next[0] = middleOut;
    },

    finishBackward(unit) {
      unit.dMiddleOut = unit.dNext[0]!;
    },

    backward({ previous, saved, dMiddle, dX, dPrevious }) {
      const z = saved[0]!, c = saved[1]!;
      dX[0] = dMiddle * (c - previous[0]!) * z * (1 - z);
      dX[1] = dMiddle * z;
      dPrevious[0] = dMiddle * (1 - z);
    },
  };
}
