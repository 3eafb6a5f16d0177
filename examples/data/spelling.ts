// Spelling → phonemes as batches of an encoder–decoder.
import { padTimeFirst } from './padding.ts';
import type { Pronunciation } from './pronunciations.ts';
import { hashedSplit, type Shares, type Split } from './split.ts';
import { Symbols } from './symbols.ts';
import { teacherForcing, type DecoderArrays } from './teacher_forcing.ts';

export const START = '<start>';
export const END = '<end>';

export interface SpellingSymbols {
  /** What the encoder reads. */
  readonly letters: Symbols;
  /** What the decoder reads and writes: the phonemes, then END, then START. END is before START so that a decoder may leave the last out of its output. */
  readonly phonemes: Symbols;
}

export interface SpellingData extends Split<Pronunciation> {
  readonly symbols: SpellingSymbols;
}

/**
 * Split by a hash of the word, so that all variants of a word are on one side, and number the symbols.
 * @param options seed default 1; shares default a tenth for test and a fiftieth for validation.
 */
export function prepareSpelling(entries: readonly Pronunciation[], options: Partial<Shares> & { seed?: number } = {}): SpellingData {
  const { seed = 1, validation = 0.02, test = 0.1 } = options;
  return {
    ...hashedSplit(entries, ({ word }) => word, { seed, validation, test }),
    symbols: {
      letters: Symbols.of(entries.map(({ word }) => word)),
      phonemes: Symbols.of(entries.flatMap(({ variants }) => variants), [END, START]),
    },
  };
}

/** A word and one way to say it. */
export interface SpellingPair {
  readonly word: string;
  readonly phonemes: readonly string[];
}

/** Every variant of every word is an example of its own. */
export function spellingPairs(entries: readonly Pronunciation[]): SpellingPair[] {
  return entries.flatMap(({ word, variants }) => variants.map((phonemes) => ({ word, phonemes })));
}

export interface SpellingBatch {
  /** N. */
  readonly batchSize: number;
  readonly encoder: {
    /** T. */
    readonly timeSteps: number;
    /** [T,N] */
    readonly letters: Uint32Array<ArrayBuffer>;
    /** [N] */
    readonly lengths: Uint32Array<ArrayBuffer>;
  };
  /** Its T is one more than the longest list of phonemes, or what was asked for. */
  readonly decoder: DecoderArrays;
}

/** @param options T of the encoder and of the decoder, where plans have fixed ones. */
export function spellingBatch(
  pairs: readonly SpellingPair[], { letters, phonemes }: SpellingSymbols, options: { sourceTimeSteps?: number; timeSteps?: number } = {},
): SpellingBatch {
  const { sourceTimeSteps, timeSteps } = options;
  const source = padTimeFirst(pairs.map(({ word }) => letters.encode(word)), sourceTimeSteps === undefined ? {} : { timeSteps: sourceTimeSteps });
  const decoder = teacherForcing(pairs.map((pair) => phonemes.encode(pair.phonemes)), {
    start: phonemes.token(START),
    end: phonemes.token(END),
    ...(timeSteps === undefined ? {} : { timeSteps }),
  });
  return { batchSize: source.batchSize, encoder: { timeSteps: source.timeSteps, letters: source.tokens, lengths: source.lengths }, decoder };
}
