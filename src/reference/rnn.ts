// The plain recurrent cells:
//   rnn_tanh, rnn_relu (Elman; with ReLU Le et al. 2015)  h[t] = f(W x[t] + b_ih + U h[t-1] + b_hh)
//   ind_rnn (Li et al. 2018)                              h[t] = f(W x[t] + b_ih + u * h[t-1]),  u [H]
// Options: `clipGates`; ind_rnn takes `activation` too.

import { activation, clampSlope, clampTo, type ActivationOption } from './activation.ts';
import { takeOptions, type Cell, type CellOptions } from './cell.ts';

export const rnnTanh = (options: CellOptions = {}): Cell => plain('rnn_tanh', 'tanh', takeOptions('rnn_tanh', options, ['clipGates']).clipGates);
export const rnnRelu = (options: CellOptions = {}): Cell => plain('rnn_relu', 'relu', takeOptions('rnn_relu', options, ['clipGates']).clipGates);

export function indRnn(options: CellOptions = {}): Cell {
  const { activation: option = 'relu', clipGates } = takeOptions('ind_rnn', options, ['activation', 'clipGates']);
  return { ...plain('ind_rnn', option, clipGates), diagonal: true };
}

function plain(name: string, option: ActivationOption, clip = Infinity): Cell {
  const { f, d } = activation(option);
  return {
    name,
    inputGates: 1,
    recurrentGates: 1,
    lateGates: 0,
    diagonal: false,
    states: 1,
    saved: 1,
    peepholes: 0,
    layerNorm: false,

    forward(unit) {
      unit.middle = unit.x[0]! + unit.r[0]!;
    },

    finish({ middleOut, next, saved }) {
      next[0] = f(clampTo(clip, middleOut));
      saved[0] = clampSlope(clip, middleOut);
    },

    finishBackward(unit) {
      unit.dMiddleOut = unit.dNext[0]! * d(unit.next[0]!) * unit.saved[0]!;
    },

    backward({ dMiddle, dX, dR, dPrevious }) {
      dX[0] = dMiddle;
      dR[0] = dMiddle;
      dPrevious[0] = 0;
    },
  };
}
