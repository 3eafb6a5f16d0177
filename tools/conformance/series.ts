// An array for every step of a training case.
import { elements, MalformedCase, type Tensor } from './tensor.ts';

export class Series {
  /** Of one step, time first. */
  readonly shape: readonly number[];
  readonly #name: string;
  readonly #values: Float64Array;
  readonly #count: number;
  readonly #swap: boolean;

  /**
   * `tensor` is [S,...], or [1,...] for the same at every step.
   * @param batchFirst [S,N,T,...]: a step's first two extents are exchanged
   * @throws MalformedCase for another number of steps
   */
  constructor(name: string, { shape: [count = 1, ...rest], values }: Tensor, steps: number, batchFirst: boolean) {
    if (count !== 1 && count !== steps) throw new MalformedCase(`inputs.${name} has ${count} arrays; it must have one for each of the ${steps} steps, or one for all`);
    this.#name = name;
    this.#values = values;
    this.#count = count;
    this.#swap = batchFirst && rest.length > 1;
    this.shape = this.#swap ? [rest[1]!, rest[0]!, ...rest.slice(2)] : rest;
  }

  /** The numbers of step s, from 0. */
  at(s: number): Float64Array {
    const size = elements(this.shape);
    const from = (this.#count === 1 ? 0 : s) * size;
    const own = this.#values.subarray(from, from + size);
    if (!this.#swap) return own;
    const [T, N, ...rest] = this.shape as [number, number, ...number[]];
    const width = elements(rest);
    const swapped = new Float64Array(size);
    for (let n = 0; n < N; n++) for (let t = 0; t < T; t++) swapped.set(own.subarray((n * T + t) * width, (n * T + t + 1) * width), (t * N + n) * width);
    return swapped;
  }

  /** Whole numbers of step s below `limit`. @throws MalformedCase for others */
  tokens(s: number, limit: number): Uint32Array {
    const values = this.at(s);
    const bad = values.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= limit);
    if (bad >= 0) throw new MalformedCase(`inputs.${this.#name} holds ${values[bad]} in step ${s}; it must be whole numbers from 0 to ${limit - 1}`);
    return Uint32Array.from(values);
  }
}
