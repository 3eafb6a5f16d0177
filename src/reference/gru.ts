// GRU, gates in PyTorch's order r z n (Cho et al. 2014):
//   r, z = sigmoid(W x + b_ih + U h[t-1] + b_hh),  h[t] = (1 - z)·n + z·h[t-1]
//   resetAfter (PyTorch, cuDNN):     n = tanh(W_n x + b_in + r·(U_n h[t-1] + b_hn))
//   otherwise (version 3 of Cho's):  n = tanh(W_n x + b_in + U_n (r·h[t-1]) + b_hn), whose product waits for r: a late gate
// gru_reset_before is the second form under a name of its own.
// Options: `activations` (gate, candidate), `clipGates`; gru takes `resetAfter` and, with it true, `layerNorm` too.

import { activation, clampSlope, clampTo } from './activation.ts';
import { takeOptions, type Cell, type CellOptions } from './cell.ts';

export function gru(options: CellOptions = {}): Cell {
  const { activations = {}, clipGates = Infinity, resetAfter = true, layerNorm = false } =
    takeOptions('gru', options, ['activations', 'clipGates', 'resetAfter', 'layerNorm']);
  if (activations.output !== undefined) throw new RangeError('activations.output is given, but a GRU has only gate and candidate');
  if (layerNorm && !resetAfter) throw new RangeError('layerNorm is given with resetAfter false; a normalized GRU needs resetAfter true');
  const gate = activation(activations.gate ?? 'sigmoid');
  const candidate = activation(activations.candidate ?? 'tanh');
  return {
    name: 'gru',
    inputGates: 3,
    recurrentGates: 3,
    lateGates: resetAfter ? 0 : 1,
    diagonal: false,
    states: 1,
    saved: 7,
    peepholes: 0,
    layerNorm,

    forward(unit) {
      const { x, r: side, previous, saved } = unit;
      const preR = x[0]! + side[0]!;
      const preZ = x[1]! + side[1]!;
      const r = gate.f(clampTo(clipGates, preR));
      saved.set([r, gate.f(clampTo(clipGates, preZ)), 0, clampSlope(clipGates, preR), clampSlope(clipGates, preZ), 0, resetAfter ? side[2]! : 0]);
      unit.middle = resetAfter ? r * side[2]! : r * previous[0]!;
    },

    finish({ x, previous, middleOut, next, saved }) {
      const pre = x[2]! + middleOut;
      const n = candidate.f(clampTo(clipGates, pre));
      const z = saved[1]!;
      next[0] = (1 - z) * n + z * previous[0]!;
      saved[2] = n;
      saved[5] = clampSlope(clipGates, pre);
    },

    finishBackward(unit) {
      const { saved, dNext, dX } = unit;
      const z = saved[1]!, n = saved[2]!;
      dX[2] = dNext[0]! * (1 - z) * candidate.d(n) * saved[5]!;
      unit.dMiddleOut = dX[2];
    },

    backward({ previous, saved, dNext, dMiddle, dX, dR, dPrevious }) {
      const [r, z, n, slopeR, slopeZ, , side] = saved as unknown as [number, number, number, number, number, number, number];
      const h = previous[0]!;
      dX[0] = dMiddle * (resetAfter ? side : h) * gate.d(r) * slopeR;
      dX[1] = dNext[0]! * (h - n) * gate.d(z) * slopeZ;
      dR[0] = dX[0];
      dR[1] = dX[1];
      if (resetAfter) dR[2] = dMiddle * r;
      dPrevious[0] = dNext[0]! * z + (resetAfter ? 0 : dMiddle * r);
    },
  };
}

export function gruResetBefore(options: CellOptions = {}): Cell {
  const name = 'gru_reset_before';
  return { ...gru({ ...takeOptions(name, options, ['activations', 'clipGates']), resetAfter: false }), name };
}
