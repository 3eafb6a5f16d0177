// What a decoder reads and what it should answer: the sequence behind a start symbol, and the sequence before an end symbol.
import { padTimeFirst, type PaddedTokens } from './padding.ts';

/** A target that the softmax cross-entropy leaves out of the loss. */
export const IGNORED = 0xffffffff;

export interface DecoderArrays {
  /** T: the longest sequence and one more, or what was asked for. */
  readonly timeSteps: number;
  /** N. */
  readonly batchSize: number;
  /** [T,N] the start symbol, then the sequence; token 0 beyond a row's length. */
  readonly inputs: Uint32Array<ArrayBuffer>;
  /** [T,N] the sequence, then the end symbol; IGNORED beyond a row's length. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** [T,N] 1 where a target counts, 0 beyond a row's length. */
  readonly mask: Float32Array<ArrayBuffer>;
  /** [N] tokens of the sequence and one more. */
  readonly lengths: Uint32Array<ArrayBuffer>;
}

export interface DecoderOptions {
  /** The first input: one token for all rows, or one for each [N]. */
  readonly start: number | ArrayLike<number>;
  /** The last target. */
  readonly end: number;
  /** T where a plan has a fixed one; at least the longest sequence and one more. */
  readonly timeSteps?: number;
}

/** @throws RangeError where there is no sequence, one is too long for `timeSteps`, or the start symbols are not one a row. */
export function teacherForcing(sequences: readonly ArrayLike<number>[], { start, end, timeSteps }: DecoderOptions): DecoderArrays {
  if (typeof start !== 'number' && start.length !== sequences.length) {
    throw new RangeError(`there are ${start.length} start symbols for ${sequences.length} sequences; give one for all, or one for each`);
  }
  const startOf = (n: number): number => (typeof start === 'number' ? start : start[n]!);
  const size = timeSteps === undefined ? {} : { timeSteps };
  const inputs = padTimeFirst(sequences.map((sequence, n) => [startOf(n), ...Array.from(sequence)]), size);
  const targets = padTimeFirst(sequences.map((sequence) => [...Array.from(sequence), end]), size);
  const mask = maskOf(inputs);
  mask.forEach((counts, i) => {
    if (counts === 0) targets.tokens[i] = IGNORED;
  });
  return { timeSteps: inputs.timeSteps, batchSize: inputs.batchSize, inputs: inputs.tokens, targets: targets.tokens, mask, lengths: inputs.lengths };
}

/** [T,N] 1 within a row's length, 0 beyond it. */
export function maskOf({ timeSteps, batchSize, lengths }: Pick<PaddedTokens, 'timeSteps' | 'batchSize' | 'lengths'>): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: timeSteps * batchSize }, (_, i) => (Math.floor(i / batchSize) < lengths[i % batchSize]! ? 1 : 0));
}
