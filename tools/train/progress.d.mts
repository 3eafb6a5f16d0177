import type { Progress } from './types.ts';

export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** `now` in milliseconds; default `performance.now`. */
export function createProgress(
  screen: Screen,
  run: { readonly steps: number; readonly vocabularySize: number; readonly unigramEntropy: number; readonly now?: () => number },
): { show(progress: Progress): void };
