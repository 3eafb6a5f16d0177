// From rounds to figures.

export interface Round {
  /** Steps, passes or tokens. */
  readonly steps: number;
  /** Of all of them. */
  readonly milliseconds: number;
}

/** Milliseconds a step. The fastest round is the figure: on a shared machine noise only adds. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  /** The slowest round over the fastest, less one; null for a single round. */
  readonly spread: number | null;
  readonly rounds: number;
  /** Steps of each round: '12', or '12/11' where they differ. */
  readonly steps: string;
}

export function summarize(rounds: readonly Round[]): Summary | null {
  const times = rounds.map(({ milliseconds, steps }) => milliseconds / steps).sort((a, b) => a - b);
  const [min] = times;
  if (min === undefined) return null;
  const middle = times.length >> 1;
  return {
    min,
    median: times.length % 2 ? times[middle]! : (times[middle - 1]! + times[middle]!) / 2,
    spread: times.length > 1 ? times.at(-1)! / min - 1 : null,
    rounds: times.length,
    steps: [...new Set(rounds.map((round) => round.steps))].join('/'),
  };
}

/** How many steps fill a round. */
export const stepsFor = (millisecondsAStep: number, round = 1000): number => Math.min(4096, Math.max(1, Math.ceil(round / millisecondsAStep)));
