// Every cell, by name. The specs loop over it.
import type { Cell } from './cell.ts';
import { lstm } from './lstm.ts';

export const cells = { lstm } as const satisfies Record<string, Cell>;

export type CellName = keyof typeof cells;

/** @throws RangeError naming the cells there are. */
export function cellNamed(name: string): Cell {
  if (!Object.hasOwn(cells, name)) {
    throw new RangeError(`there is no cell "${name}"; there is ${Object.keys(cells).map((c) => `"${c}"`).join(', ')}`);
  }
  return cells[name as CellName];
}
