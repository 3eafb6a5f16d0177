// Minimal GRU (Feng et al. 2024): gates z n see the input alone; the state passes through z.
import shader from '../../shaders/cells/min_gru.wgsl';
import type { Cell } from './cell.ts';

export const minGru: Cell = {
  name: 'min_gru',
  gateOrder: ['z', 'n'],
  linear: ['n'],
  saved: 2,
  products: [],
  states: [],
  scratch: [],
  diagonal: null,
  constants: {},
  forward(recording, { buffers: { gates, h, lengths, masked }, ...step }) {
    recording.dispatch(shader, 'forward', { bindings: { gates, h, lengths, masked }, ...step });
  },
  backward(recording, { buffers: { weight_hh, gates, h, lengths }, ...step }, { dOutput, dHidden }) {
    recording.dispatch(shader, 'backward', { bindings: { weight_hh, gates, h, lengths, d_output: dOutput, d_hidden: dHidden }, ...step });
  },
};
