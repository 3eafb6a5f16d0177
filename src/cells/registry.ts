// Every cell, by name. The specs loop over it.
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

/** A cell with its options. @throws RangeError naming the cells there are, or the option that does not fit. */
export function cellNamed(name: string, options: CellOptions = {}): Cell {
  if (typeof name !== 'string' || !Object.hasOwn(cells, name)) {
    throw new RangeError(`there is no cell "${name}"; there is ${Object.keys(cells).map((c) => `"${c}"`).join(', ')}`);
  }
  const { layerNorm, peepholeOutput, zoneout, recurrentDropout } = options;
  if (layerNorm !== undefined && typeof layerNorm !== 'boolean') throw new RangeError(`layerNorm must be true or false; ${String(layerNorm)} was given`);
  if (peepholeOutput !== undefined && peepholeOutput !== 'new' && peepholeOutput !== 'previous') {
    throw new RangeError(`peepholeOutput must be "new" or "previous"; ${String(peepholeOutput)} was given`);
  }
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
