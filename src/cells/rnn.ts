// The simple recurrent network, f tanh or ReLU.
import shader from '../../shaders/cells/rnn.wgsl';
import { activationKind } from './activation.ts';
import type { Cell } from './cell.ts';

const rnn: Omit<Cell, 'name' | 'constants'> = {
  gateOrder: ['h'],
  saved: 1,
  products: [{ blocks: [0], reads: 'h' }],
  states: [],
  scratch: [],
  diagonal: null,
  forward(recording, { buffers: { weight_hh, bias_hh, gates, h, lengths, masked }, ...step }) {
    recording.dispatch(shader, 'forward', { bindings: { weight_hh, bias_hh, gates, h, lengths, masked }, ...step });
  },
  backward(recording, { buffers: { weight_hh, gates, lengths }, ...step }, { dOutput, dHidden }) {
    recording.dispatch(shader, 'backward', { bindings: { weight_hh, gates, lengths, d_output: dOutput, d_hidden: dHidden }, ...step });
  },
};

export const rnnTanh: Cell = { name: 'rnn_tanh', ...rnn, constants: {} };
export const rnnRelu: Cell = { name: 'rnn_relu', ...rnn, constants: { CANDIDATE_KIND: activationKind('relu') } };
