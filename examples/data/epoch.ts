// Which examples go together into a batch, and in what order an epoch takes the batches.
import { createRandom } from './random.ts';

export interface EpochOptions {
  /** N: examples of a batch. */
  readonly batchSize: number;
  readonly seed: number;
  /** From 0; each has an order of its own, which no other needs to be drawn for. Default 0. */
  readonly epoch?: number;
  /** Put examples of like length together, so that little is padded; the batches themselves come in random order. Default false. */
  readonly bucketed?: boolean;
  /** What becomes of fewer than N examples at the end: left out (a plan has a fixed N), or a batch of their own. Default 'drop'. */
  readonly last?: 'drop' | 'keep';
}

/**
 * The batches of one epoch, as indices of examples.
 * @param lengths [count] of the examples.
 * @throws RangeError where a batch would have no example, or none is full and `last` is 'drop'.
 */
export function epochBatches(lengths: ArrayLike<number>, options: EpochOptions): number[][] {
  const { batchSize, seed, epoch = 0, bucketed = false, last = 'drop' } = options;
  const count = lengths.length;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new RangeError(`batchSize is ${batchSize}; it must be a whole number of at least 1`);
  if (count === 0 || (last === 'drop' && count < batchSize)) {
    throw new RangeError(`${count} examples do not fill a batch of ${batchSize}; use a smaller batchSize, or last: 'keep'`);
  }
  const random = createRandom(seed, epoch);
  const order = random.shuffled(Array(count).keys());
  // A full epoch differs from the next in which examples of equal length meet: the sort is stable and the order was shuffled.
  const used = last === 'drop' ? order.slice(0, count - (count % batchSize)) : order;
  if (bucketed) used.sort((a, b) => lengths[a]! - lengths[b]!);
  const batches: number[][] = [];
  for (let i = 0; i < used.length; i += batchSize) batches.push(used.slice(i, i + batchSize));
  return bucketed ? random.shuffled(batches) : batches;
}

/** Full batches of items without end, epoch after epoch. @param length of an item, for buckets. */
export function endlessBatches<T>(items: readonly T[], length: (item: T) => number, options: Omit<EpochOptions, 'epoch' | 'last'>): () => T[] {
  const lengths = items.map(length);
  let epoch = 0;
  let waiting: number[][] = [];
  return () => {
    if (waiting.length === 0) waiting = epochBatches(lengths, { ...options, epoch: epoch++ });
    return waiting.shift()!.map((i) => items[i]!);
  };
}
