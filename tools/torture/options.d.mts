export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly host: 'chromium' | 'node';
  /** The name of a kind. */
  readonly only: string | null;
  /** The number of a case. */
  readonly one: number | null;
  readonly short: boolean;
}

export const HELP: string;

/** @throws UsageError */
export function parseOptions(words: string[]): TortureOptions | 'help';
