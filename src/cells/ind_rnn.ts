// Independently recurrent network: the recurrent weight is a vector, and there is no recurrent product.
import shader from '../../shaders/cells/ind_rnn.wgsl';
import { activationKind } from './activation.ts';
import type { Cell } from './cell.ts';

export const indRnn: Cell = {
  name: 'ind_rnn',
  gateOrder: ['h'],
  saved: 1,
  products: [],
  states: [],
  scratch: [],
  diagonal: { name: 'weight_hh', gates: [{ block: 0, state: 'h', sees: 'before' }] },
  constants: { CANDIDATE_KIND: activationKind('relu') },
  forward(recording, { buffers: { gates, h, lengths, masked, diagonal }, ...step }) {
    recording.dispatch(shader, 'forward', { bindings: { gates, h, lengths, masked, diagonal }, ...step });
  },
  backward(recording, { buffers: { weight_hh, gates, lengths, diagonal }, ...step }, { dOutput, dHidden }) {
    recording.dispatch(shader, 'backward', { bindings: { weight_hh, gates, lengths, diagonal, d_output: dOutput, d_hidden: dHidden }, ...step });
  },
};
