// The oracle's answers, from wherever they are kept.

import type { Oracle } from './contest.ts';
import type { StreamTruth, Truth } from './oracle.ts';

export interface Answers {
  readonly truth: Truth;
  readonly streamTruth: StreamTruth;
}

/** The answer of one kind for a configuration. */
export type Find = <K extends keyof Answers>(config: string, kind: K) => Answers[K];

export const answerFile = (config: string, kind: keyof Answers): string => `${config}-${kind}.json`;

/** Each answer is looked for once, and when it is needed. */
export function createOracle(config: string, find: Find): Oracle {
  const once = <K extends keyof Answers>(kind: K): (() => Promise<Answers[K]>) => {
    let answer: Answers[K] | null = null;
    return async () => (answer ??= find(config, kind));
  };
  return { losses: once('truth'), stream: once('streamTruth') };
}
