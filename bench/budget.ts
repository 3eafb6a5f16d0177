// How long a contender may take, so that the run ends in time.

/** M is by far the largest configuration. */
const WEIGHTS: Readonly<Record<string, number>> = { M: 3 };
const MOST = 45_000, LEAST = 5000;
/** Most contenders need a fraction of their share, and leave it to the slow ones. */
const GENEROSITY = 2;

const weightOf = (config: string): number => WEIGHTS[config] ?? 1;

/**
 * Milliseconds for each of `contenders` in a configuration, with `remaining` milliseconds left for it and for the configurations
 * that come `after` it. Never less than what shows whether a fast contender is right.
 */
export function budgetFor(config: string, after: readonly string[], contenders: number, remaining: number): number {
  const weights = [config, ...after].reduce((sum, name) => sum + weightOf(name), 0);
  const share = (remaining * weightOf(config)) / weights;
  return Math.round(Math.max(LEAST, Math.min(MOST * weightOf(config), (GENEROSITY * share) / contenders)));
}
