// The registry: a cell's name, as the engine spells it, and its reference.

import type { Cell, CellOptions } from './cell.ts';
import { gru, gruResetBefore } from './gru.ts';
import { coupledLstm, coupledPeepholeLstm, lstm, peepholeLstm } from './lstm.ts';
import { minGru } from './min_gru.ts';
import { indRnn, rnnRelu, rnnTanh } from './rnn.ts';

const makers = {
  lstm,
  peephole_lstm: peepholeLstm,
  coupled_lstm: coupledLstm,
  coupled_peephole_lstm: coupledPeepholeLstm,
  gru,
  gru_reset_before: gruResetBefore,
  rnn_tanh: rnnTanh,
  rnn_relu: rnnRelu,
  ind_rnn: indRnn,
  min_gru: minGru,
} as const;

export type CellName = keyof typeof makers;

/** The named cell with options. Throws a RangeError for an option that the cell does not take. */
export const makeCell = (name: CellName, options: CellOptions = {}): Cell => makers[name](options);

/** Every cell as it is without options. */
export const cells = Object.fromEntries(Object.keys(makers).map((name) => [name, makeCell(name as CellName)])) as Readonly<Record<CellName, Cell>>;
