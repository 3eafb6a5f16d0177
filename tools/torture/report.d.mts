import type { Lost, RunTally } from './tally.mjs';

export interface Circumstances {
  readonly seed: number;
  readonly minutes: number;
  readonly host: string;
  readonly adapter: string;
  /** The machine's, at the beginning and at the end. */
  readonly load: readonly number[];
  readonly skipped: readonly string[];
}

export function table(tally: RunTally): string[];
export function counts(tally: RunTally): string[];
export function again(lost: Lost, seed: number, host: string): string;
export function renderTorture(tally: RunTally, circumstances: Circumstances): string;
