// Every cell, by name. The specs loop over it.
import { shown } from '../checks/shown.ts';
import { optionConstants, type CellOptions } from './activation.ts';
import type { Cell } from './cell.ts';
import { gru, gruResetBefore } from './gru.ts';
import { indRnn } from './ind_rnn.ts';
import { coupledLstm, coupledPeepholeLstm, lstm, peepholeLstm } from './lstm.ts';
import { minGru } from './min_gru.ts';
import { normalized } from './normalized.ts';
import { rnnRelu, rnnTanh } from './rnn.ts';

export const cells = {
  rnn_tanh: rnnTanh,
  rnn_relu: rnnRelu,
  lstm,
  peephole_lstm: peepholeLstm,
  coupled_lstm: coupledLstm,
  coupled_peephole_lstm: coupledPeepholeLstm,
  gru,
  gru_reset_before: gruResetBefore,
  ind_rnn: indRnn,
  min_gru: minGru,
} as const satisfies Record<string, Cell>;

export type CellName = keyof typeof cells;

/** @throws RangeError naming the cells there are */
export function checkCell(name: CellName): void {
  if (typeof name === 'string' && Object.hasOwn(cells, name)) return;
  throw new RangeError(`there is no cell ${shown(name)}; there is ${Object.keys(cells).map((c) => `"${c}"`).join(', ')}`);
}

/** A cell with its options, whose values are checked already. @throws RangeError naming the cells there are, or the option that does not fit. */
export function cellNamed(name: string, options: CellOptions = {}): Cell {
  checkCell(name as CellName);
  const { layerNorm, peepholeOutput, zoneout, recurrentDropout } = options;
  const plain: Cell = cells[name as CellName];
  const cell = layerNorm ? normalized(plain) : plain;
  if (recurrentDropout && cell.products.length === 0 && !cell.diagonal) throw new RangeError(`recurrentDropout needs a cell that multiplies its state by weights; ${name} does not`);
  if (zoneout?.c && !cell.states.includes('c')) throw new RangeError(`zoneout.c needs a cell with a state c; ${name} has none`);
  if (zoneout?.c && cell.diagonal) throw new RangeError(`zoneout.c does not go with peepholes: they would see a cell state that the history does not keep`);
  const constants = { ...cell.constants, ...optionConstants(options) };
  if (peepholeOutput === undefined || peepholeOutput === 'new') return { ...cell, constants };
  if (cell.diagonal?.name !== 'peephole') throw new RangeError(`peepholeOutput is an option of cells with peepholes; ${name} has none`);
  const gates = cell.diagonal.gates.map((gate) => ({ ...gate, sees: 'before' as const }));
  return { ...cell, constants, diagonal: { ...cell.diagonal, gates } };
}
