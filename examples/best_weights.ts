// The weights of the best step so far by a measure on held-out data: training goes on, and what is tested is what validation chose.
import type { GpuArray } from '../src/index.ts';

/** An operator's weights by name. */
interface Operator {
  readonly parameters: Readonly<Record<string, GpuArray>>;
}

export class BestWeights {
  /** Of the kept weights; -Infinity before the first. */
  score = -Infinity;
  /** At which they were kept. */
  step = 0;
  readonly #arrays: readonly GpuArray[];
  #kept: readonly Float32Array[] = [];

  constructor(operators: readonly Operator[]) {
    this.#arrays = operators.flatMap(({ parameters }) => Object.values(parameters));
  }

  /** Keep the weights as they are now, where `score` is above the best. */
  async offer(step: number, score: number): Promise<void> {
    if (score <= this.score) return;
    this.#kept = await Promise.all(this.#arrays.map((array) => array.read()));
    this.score = score;
    this.step = step;
  }

  /** Go back to them. @throws Error where none were kept. */
  restore(): void {
    if (this.#kept.length === 0) throw new Error('no weights were kept; offer() some with a score first');
    this.#arrays.forEach((array, i) => array.write(this.#kept[i]!));
  }
}
