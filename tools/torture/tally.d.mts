import type { LostCase, TurnResult } from './turn.ts';

export type Lost = LostCase & { kind: string };

export interface Row {
  readonly fault: string;
  readonly injected: number;
  readonly survived: number;
  readonly lost: number;
}

/** What became of all cases of a run. */
export class RunTally {
  readonly injected: Map<string, number>;
  readonly lost: Lost[];
  readonly last: Map<string, number>;
  add(kind: string, result: TurnResult): void;
  lose(kind: string, one: LostCase): void;
  rows(): Row[];
  /** How often a fault of that name, or one that begins with it, was injected. */
  times(fault: string): number;
}
