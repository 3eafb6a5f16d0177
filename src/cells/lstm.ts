// The LSTM family, states h and c: gates i f g o as PyTorch has them, or i g o where the input gate is coupled (CIFG).
import plain from '../../shaders/cells/lstm.wgsl';
import peephole from '../../shaders/cells/peephole_lstm.wgsl';
import type { Cell, CellRows } from './cell.ts';

const full = { gateOrder: ['i', 'f', 'g', 'o'], saved: 4, products: [{ blocks: [0, 1, 2, 3], reads: 'h' }], constants: {} } as const;
const coupled = {
  gateOrder: ['i', 'g', 'o'],
  saved: 3,
  products: [{ blocks: [0, 1, 2], reads: 'h' }],
  constants: { COUPLED: 1, RECURRENT_GATES: 3, RECURRENT_SIZE: 3, SAVED_GATES: 3 },
} as const;

const plainRows: CellRows = {
  blocks: 2,
  forward(recording, { buffers: { bias_hh, gates, h, states, lengths, masked, norm }, params, constants, rows }) {
    const bindings = { bias_hh, gates, h, lengths, masked, c: states[0]!, norm };
    recording.dispatch(plain, 'normalized_forward', { bindings, params, workgroups: rows, constants: { ...constants, ROW_THREADS: recording.tiles.rowThreads } });
  },
  backward(recording, { buffers: { gates, states, lengths, norm }, params, constants, rows }, { dHidden, dStates, dNorm }) {
    const bindings = { gates, lengths, c: states[0]!, d_hidden: dHidden, d_cell: dStates[0]!, norm, d_norm: dNorm! };
    recording.dispatch(plain, 'normalized_backward', { bindings, params, workgroups: rows, constants: { ...constants, ROW_THREADS: recording.tiles.rowThreads } });
  },
};

const peepholeRows: CellRows = {
  blocks: 2,
  forward(recording, { buffers: { bias_hh, gates, h, states, lengths, masked, diagonal, norm }, params, constants, rows }) {
    const bindings = { bias_hh, gates, h, lengths, masked, diagonal, c: states[0]!, norm };
    recording.dispatch(peephole, 'normalized_forward', { bindings, params, workgroups: rows, constants: { ...constants, ROW_THREADS: recording.tiles.rowThreads } });
  },
  backward(recording, { buffers: { gates, states, lengths, diagonal, norm }, params, constants, rows }, { dHidden, dStates, dNorm }) {
    const bindings = { gates, lengths, diagonal, c: states[0]!, d_hidden: dHidden, d_cell: dStates[0]!, norm, d_norm: dNorm! };
    recording.dispatch(peephole, 'normalized_backward', { bindings, params, workgroups: rows, constants: { ...constants, ROW_THREADS: recording.tiles.rowThreads } });
  },
};

const withoutPeepholes: Pick<Cell, 'states' | 'scratch' | 'diagonal' | 'forward' | 'backward' | 'rows'> = {
  states: ['c'],
  scratch: [],
  diagonal: null,
  forward(recording, { buffers: { weight_hh, bias_hh, gates, h, states, lengths, masked }, ...step }) {
    recording.dispatch(plain, 'forward', { bindings: { weight_hh, bias_hh, gates, h, lengths, masked, c: states[0]! }, ...step });
  },
  backward(recording, { buffers: { weight_hh, gates, states, lengths }, ...step }, { dOutput, dHidden, dStates }) {
    const bindings = { weight_hh, gates, lengths, c: states[0]!, d_output: dOutput, d_hidden: dHidden, d_cell: dStates[0]! };
    recording.dispatch(plain, 'backward', { bindings, ...step });
  },
  rows: plainRows,
};

const withPeepholes: Pick<Cell, 'states' | 'scratch' | 'forward' | 'backward' | 'rows'> = {
  states: ['c'],
  scratch: [],
  forward(recording, { buffers: { weight_hh, bias_hh, gates, h, states, lengths, masked, diagonal }, ...step }) {
    recording.dispatch(peephole, 'forward', { bindings: { weight_hh, bias_hh, gates, h, lengths, masked, diagonal, c: states[0]! }, ...step });
  },
  backward(recording, { buffers: { weight_hh, gates, states, lengths, diagonal }, ...step }, { dOutput, dHidden, dStates }) {
    const bindings = { weight_hh, gates, lengths, diagonal, c: states[0]!, d_output: dOutput, d_hidden: dHidden, d_cell: dStates[0]! };
    recording.dispatch(peephole, 'backward', { bindings, ...step });
  },
  rows: peepholeRows,
};

export const lstm: Cell = { name: 'lstm', ...full, ...withoutPeepholes };

/** f = 1 - i (Greff et al. 2017). */
export const coupledLstm: Cell = { name: 'coupled_lstm', ...coupled, ...withoutPeepholes };

/** i and f see c[t-1], o sees c[t] (Gers & Schmidhuber 2000). */
export const peepholeLstm: Cell = {
  name: 'peephole_lstm',
  ...full,
  ...withPeepholes,
  diagonal: {
    name: 'peephole',
    gates: [{ block: 0, state: 0, sees: 'before' }, { block: 1, state: 0, sees: 'before' }, { block: 3, state: 0, sees: 'after' }],
  },
};

export const coupledPeepholeLstm: Cell = {
  name: 'coupled_peephole_lstm',
  ...coupled,
  ...withPeepholes,
  diagonal: { name: 'peephole', gates: [{ block: 0, state: 0, sees: 'before' }, { block: 2, state: 0, sees: 'after' }] },
};
