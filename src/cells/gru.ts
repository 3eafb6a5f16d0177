// GRU, gates r z n as PyTorch has them: the reset gate after n's recurrent product (PyTorch), or before it (ONNX's default).
import after from '../../shaders/cells/gru.wgsl';
import before from '../../shaders/cells/gru_reset_before.wgsl';
import { subslice } from '../gpu/memory.ts';
import type { Cell } from './cell.ts';

export const gru: Cell = {
  name: 'gru',
  gateOrder: ['r', 'z', 'n'],
  // A fourth block: n's recurrent side, whose gradient is not that of its input side.
  saved: 4,
  products: [{ blocks: [0, 1, 3], reads: 'h' }],
  states: [],
  scratch: [],
  diagonal: null,
  constants: {},
  forward(recording, { buffers: { weight_hh, bias_hh, gates, h, lengths, masked }, ...step }) {
    recording.dispatch(after, 'forward', { bindings: { weight_hh, bias_hh, gates, h, lengths, masked }, ...step });
  },
  backward(recording, { buffers: { weight_hh, gates, h, lengths }, ...step }, { dOutput, dHidden }) {
    recording.dispatch(after, 'backward', { bindings: { weight_hh, gates, h, lengths, d_output: dOutput, d_hidden: dHidden }, ...step });
  },
  rows: {
    blocks: 0,
    forward(recording, { buffers: { bias_hh, gates, h, lengths, masked, norm }, params, constants, rows }) {
      const bindings = { bias_hh, gates, h, lengths, masked, norm };
      recording.dispatch(after, 'normalized_forward', { bindings, params, workgroups: rows, constants: { ...constants, ROW_THREADS: recording.tiles.rowThreads } });
    },
    backward(recording, { buffers: { gates, h, lengths, norm }, params, constants, rows }, { dHidden, dNorm }) {
      const bindings = { gates, h, lengths, d_hidden: dHidden, norm, d_norm: dNorm! };
      recording.dispatch(after, 'normalized_backward', { bindings, params, workgroups: rows, constants: { ...constants, ROW_THREADS: recording.tiles.rowThreads } });
    },
  },
};

/** What the second phase has of a direction's weights: the rows of n. */
const CANDIDATE = { PHASE: 1, RECURRENT_GATES: 1, RECURRENT_SIZE: 1 } as const;

export const gruResetBefore: Cell = {
  name: 'gru_reset_before',
  gateOrder: ['r', 'z', 'n'],
  saved: 3,
  products: [{ blocks: [0, 1], reads: 'h' }, { blocks: [2], reads: { scratch: 0 } }],
  states: [],
  scratch: ['reset_h'],
  diagonal: null,
  constants: {},
  forward(recording, { buffers: { weight_hh, bias_hh, gates, h, lengths, masked, scratch }, constants, ...step }) {
    const { hidden } = step.params;
    const bindings = { gates, h, lengths, masked, reset_h: scratch[0]! };
    recording.dispatch(before, 'forward', { bindings: { ...bindings, weight_hh, bias_hh }, constants, ...step });
    recording.dispatch(before, 'forward', {
      bindings: { ...bindings, weight_hh: rest(weight_hh, 2 * hidden * hidden), bias_hh: rest(bias_hh, 2 * hidden) },
      constants: { ...constants, ...CANDIDATE },
      ...step,
    });
  },
  backward(recording, { buffers: { weight_hh, gates, h, lengths }, constants, ...step }, { dOutput, dHidden }) {
    const { hidden } = step.params;
    const bindings = { gates, h, lengths, d_output: dOutput, d_hidden: dHidden };
    recording.dispatch(before, 'backward', { bindings: { ...bindings, weight_hh }, constants, ...step });
    recording.dispatch(before, 'backward', {
      bindings: { ...bindings, weight_hh: rest(weight_hh, 2 * hidden * hidden) },
      constants: { ...constants, ...CANDIDATE, WITHIN_STEP: 1 },
      ...step,
    });
  },
};

/** A slice without its first elements. */
const rest = (slice: Parameters<typeof subslice>[0], from: number) =>
  subslice(slice, from, [slice.shape.reduce((a, b) => a * b, 1) - from]);
