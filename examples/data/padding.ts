// Sequences of different lengths → one array, time first.

export interface PaddedTokens {
  /** T: the longest sequence, or what was asked for. */
  readonly timeSteps: number;
  /** N. */
  readonly batchSize: number;
  /** [T,N] token 0 beyond a row's length. */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** [N] from 1 to T. */
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/**
 * Lay sequences side by side.
 * @param options.timeSteps T, where a plan has a fixed one; default the longest sequence.
 * @throws RangeError where there is no sequence, one is empty, or one is longer than `timeSteps`.
 */
export function padTimeFirst(sequences: readonly ArrayLike<number>[], options: { timeSteps?: number } = {}): PaddedTokens {
  const batchSize = sequences.length;
  if (batchSize === 0) throw new RangeError('there are no sequences; a batch needs at least one');
  const lengths = Uint32Array.from(sequences, ({ length }) => length);
  const empty = lengths.indexOf(0);
  if (empty >= 0) throw new RangeError(`sequence ${empty} is empty; each needs at least one token`);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const timeSteps = options.timeSteps ?? longest;
  if (!Number.isSafeInteger(timeSteps) || timeSteps < longest) {
    throw new RangeError(`timeSteps is ${timeSteps}; sequence ${lengths.indexOf(longest)} has ${longest} tokens. Use at least ${longest}, or leave it out`);
  }
  const tokens = new Uint32Array(timeSteps * batchSize);
  sequences.forEach((sequence, n) => {
    for (let t = 0; t < sequence.length; t++) tokens[t * batchSize + n] = sequence[t]!;
  });
  return { timeSteps, batchSize, tokens, lengths };
}
