// LSTM and its relatives, gates in PyTorch's order i f g o (s is the gates' sigmoid; W x stands for both products and biases):
//   i = s(W x + p_i·c[t-1]),  f = s(W x + p_f·c[t-1]),  g = tanh(W x),  o = s(W x + p_o·c[t])
//   c[t] = f·c[t-1] + i·g,    h[t] = o·tanh(c[t])
// lstm has no p. peephole_lstm (Gers & Schmidhuber 2000) has peephole [3*H], p_i p_f p_o. coupled_lstm (Greff et al. 2017, CIFG)
// has f = 1 - i, gates i g o; coupled_peephole_lstm both, peephole [2*H], p_i p_o. With layerNorm h[t] = o·tanh(LN(c[t])).
// Options: `activations`, `clipGates`, `layerNorm`; with peepholes `peepholeOutput` too.

import { activation, clampSlope, clampTo } from './activation.ts';
import { takeOptions, type Cell, type CellOptions } from './cell.ts';

export const lstm = (options: CellOptions = {}): Cell => family('lstm', false, false, options);
export const peepholeLstm = (options: CellOptions = {}): Cell => family('peephole_lstm', false, true, options);
export const coupledLstm = (options: CellOptions = {}): Cell => family('coupled_lstm', true, false, options);
export const coupledPeepholeLstm = (options: CellOptions = {}): Cell => family('coupled_peephole_lstm', true, true, options);

function family(name: string, coupled: boolean, peephole: boolean, options: CellOptions): Cell {
  const { activations = {}, clipGates = Infinity, layerNorm = false, peepholeOutput = 'new' } =
    takeOptions(name, options, ['activations', 'clipGates', 'layerNorm', ...(peephole ? ['peepholeOutput' as const] : [])]);
  const gate = activation(activations.gate ?? 'sigmoid');
  const candidate = activation(activations.candidate ?? 'tanh');
  const output = activation(activations.output ?? 'tanh');
  const oSeesNew = peepholeOutput === 'new';
  // Places of the gates, and of their peepholes.
  const [I, F, G, O] = coupled ? [0, NaN, 1, 2] as const : [0, 1, 2, 3] as const;
  const [PI, PF, PO] = coupled ? [0, NaN, 1] as const : [0, 1, 2] as const;
  const gates = coupled ? 3 : 4;

  return {
    name,
    inputGates: gates,
    recurrentGates: gates,
    lateGates: 0,
    diagonal: false,
    states: 2,
    saved: 9,
    peepholes: peephole ? (coupled ? 2 : 3) : 0,
    layerNorm,

    forward(unit) {
      const { x, r, w, previous, next, saved } = unit;
      const before = previous[1]!;
      const peep = (place: number, c: number): number => (peephole ? w[place]! * c : 0);
      const preI = x[I]! + r[I]! + peep(PI, before);
      const i = gate.f(clampTo(clipGates, preI));
      const preF = coupled ? 0 : x[F]! + r[F]! + peep(PF, before);
      const f = coupled ? 1 - i : gate.f(clampTo(clipGates, preF));
      const preG = x[G]! + r[G]!;
      const g = candidate.f(clampTo(clipGates, preG));
      const c = f * before + i * g;
      const preO = x[O]! + r[O]! + peep(PO, oSeesNew ? c : before);
      const o = gate.f(clampTo(clipGates, preO));
      next[1] = c;
      saved.set([i, f, g, o, 0, clampSlope(clipGates, preI), clampSlope(clipGates, preF), clampSlope(clipGates, preG), clampSlope(clipGates, preO)]);
      unit.middle = c;
    },

    finish({ middleOut, next, saved }) {
      const y = output.f(middleOut);
      next[0] = saved[3]! * y;
      saved[4] = y;
    },

    finishBackward(unit) {
      const { saved, dNext, dX } = unit;
      const o = saved[3]!, y = saved[4]!;
      dX[O] = dNext[0]! * y * gate.d(o) * saved[8]!;
      unit.dMiddleOut = dNext[0]! * o * output.d(y);
    },

    backward({ w, previous, next, saved, dNext, dMiddle, dX, dR, dW, dPrevious }) {
      const i = saved[0]!, f = saved[1]!, g = saved[2]!, before = previous[1]!;
      let dC = dNext[1]! + dMiddle;
      if (peephole && oSeesNew) dC += dX[O]! * w[PO]!;
      dX[I] = dC * (coupled ? g - before : g) * gate.d(i) * saved[5]!;
      if (!coupled) dX[F] = dC * before * gate.d(f) * saved[6]!;
      dX[G] = dC * i * candidate.d(g) * saved[7]!;
      dR.set(dX);
      dPrevious[0] = 0;
      dPrevious[1] = dC * f;
      if (!peephole) return;
      dW[PI] = dX[I]! * before;
      dW[PO] = dX[O]! * (oSeesNew ? next[1]! : before);
      dPrevious[1] += dX[I]! * w[PI]!;
      if (!coupled) {
        dW[PF] = dX[F]! * before;
        dPrevious[1] += dX[F]! * w[PF]!;
      }
      if (!oSeesNew) dPrevious[1] += dX[O]! * w[PO]!;
    },
  };
}
