// Seeded chance. What a case draws follows from the seed, its kind and its number alone, so that one case can be run again without those before it.

export class Chance {
  #state: number;

  constructor(...of: readonly (number | string)[]) {
    // FNV-1a over the text of all of them.
    let state = 0x811c9dc5;
    for (const character of of.join(' ')) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193);
    this.#state = state >>> 0;
  }

  /** From 0 on, below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }

  /** True with that probability. */
  often(probability: number): boolean {
    return this.next() < probability;
  }
}
