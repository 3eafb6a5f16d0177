// Training, validation and test parts of examples.
import { createRandom, hashUniform } from './random.ts';

export interface Shares {
  /** Above 0; what is left over by both shares is for training. */
  readonly validation: number;
  /** Above 0. */
  readonly test: number;
}

export interface Split<T> {
  readonly training: readonly T[];
  readonly validation: readonly T[];
  readonly test: readonly T[];
}

/** Shuffle by the seed, then cut: the parts have the shares to within one example. */
export function shuffledSplit<T>(items: Iterable<T>, { seed, ...shares }: Shares & { seed: number }): Split<T> {
  requireShares(shares);
  const order = createRandom(seed).shuffled(items);
  const test = Math.round(order.length * shares.test);
  const validation = Math.round(order.length * shares.validation);
  return requireFilled({
    test: order.slice(0, test),
    validation: order.slice(test, test + validation),
    training: order.slice(test + validation),
  });
}

/** By a hash of each item's key, in the given order: items with one key stay together, whatever other items there are. */
export function hashedSplit<T>(items: Iterable<T>, key: (item: T) => string, { seed, ...shares }: Shares & { seed: number }): Split<T> {
  requireShares(shares);
  const parts: Record<keyof Split<T>, T[]> = { training: [], validation: [], test: [] };
  for (const item of items) {
    const place = hashUniform(key(item), seed);
    parts[place < shares.test ? 'test' : place < shares.test + shares.validation ? 'validation' : 'training'].push(item);
  }
  return requireFilled(parts);
}

function requireShares({ validation, test }: Shares): void {
  if (!(validation > 0 && test > 0 && validation + test < 1)) {
    throw new RangeError(`validation is ${validation} and test is ${test}; both must be above 0 and their sum below 1, such as 0.1 and 0.1`);
  }
}

function requireFilled<T>(split: Split<T>): Split<T> {
  const empty = (['training', 'validation', 'test'] as const).filter((part) => split[part].length === 0);
  if (empty.length > 0) throw new RangeError(`the ${empty.join(' and ')} part is empty; give more examples or other shares`);
  return split;
}
