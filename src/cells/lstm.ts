// LSTM as PyTorch has it: gates i f g o, states h and c.
import shader from '../../shaders/cells/lstm.wgsl';
import type { Cell } from './cell.ts';

export const lstm: Cell = {
  name: 'lstm',
  gates: { input: 4, recurrent: 4, saved: 4 },
  gateOrder: ['i', 'f', 'g', 'o'],
  states: ['c'],

  forward(recording, { bindings: { histories, ...bindings }, params }, tile) {
    recording.dispatch(shader, 'forward', {
      bindings: { ...bindings, c: histories[0]! },
      params,
      workgroups: tile.workgroups,
      constants: { STEP_ROWS: tile.rows },
    });
  },

  backward(recording, { bindings: { histories, weight_hh, gates }, params }, { dOutput, dHidden, dStates }, tile) {
    recording.dispatch(shader, 'backward', {
      bindings: { weight_hh, gates, c: histories[0]!, d_output: dOutput, d_hidden: dHidden, d_cell: dStates[0]! },
      params,
      workgroups: tile.workgroups,
      constants: { BPTT_ROWS: tile.rows },
    });
  },
};
