// The registry: a cell's name, as the engine spells it, and its reference.

import { lstm } from './lstm.ts';
import { rnnTanh } from './rnn_tanh.ts';

export const cells = { lstm, rnn_tanh: rnnTanh } as const;
