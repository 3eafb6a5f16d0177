// Tokens per second over the last steps.

/** Steps that count. */
const WINDOW = 16;

export class Throughput {
  readonly #ticks: { at: number; tokens: number }[] = [];

  /** Begin anew: time spent paused counts for nothing. */
  start(): void {
    this.#ticks.length = 0;
    this.#ticks.push({ at: performance.now(), tokens: 0 });
  }

  /** A step of so many tokens has just ended; the rate over the last steps. */
  tick(tokens: number): number {
    this.#ticks.push({ at: performance.now(), tokens });
    if (this.#ticks.length > WINDOW + 1) this.#ticks.shift();
    const seconds = (this.#ticks.at(-1)!.at - this.#ticks[0]!.at) / 1000;
    const counted = this.#ticks.slice(1).reduce((sum, tick) => sum + tick.tokens, 0);
    return seconds > 0 ? counted / seconds : 0;
  }
}
