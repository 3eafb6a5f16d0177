// Phoneme and word error rates of spoken words that may have several right answers.

/** Levenshtein distance: the fewest insertions, deletions and substitutions from one sequence to the other. */
export function editDistance<T>(from: readonly T[], to: readonly T[]): number {
  // row[j]: from the part of `from` read so far to the first j of `to`.
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j]! + (from[i] === to[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

export interface Transcription<T> {
  /** What was decoded; may be empty. */
  readonly output: readonly T[];
  /** The right answers, at least one, none empty. */
  readonly references: readonly (readonly T[])[];
}

export interface ErrorRates {
  /** Σ edit distance / Σ reference length, each word against the variant it is nearest to, by distance / length. Above 1 where much is inserted. */
  readonly phoneme: number;
  /** Share of the words whose output is none of the variants. */
  readonly word: number;
}

/** @throws RangeError where there is no word, a word has no reference, or a reference is empty. */
export function errorRates<T>(words: readonly Transcription<T>[]): ErrorRates {
  if (words.length === 0) throw new RangeError('there are no words; error rates need at least one');
  let distances = 0;
  let lengths = 0;
  let wrong = 0;
  words.forEach(({ output, references }, index) => {
    const { distance, length } = nearest(output, references, index);
    distances += distance;
    lengths += length;
    if (distance > 0) wrong++;
  });
  return { phoneme: distances / lengths, word: wrong / words.length };
}

function nearest<T>(output: readonly T[], references: readonly (readonly T[])[], index: number): { distance: number; length: number } {
  if (references.length === 0 || references.some(({ length }) => length === 0)) {
    throw new RangeError(`word ${index} has ${references.length === 0 ? 'no reference' : 'an empty reference'}; give it at least one, none empty`);
  }
  return references
    .map((reference) => ({ distance: editDistance(output, reference), length: reference.length }))
    .reduce((best, next) => (next.distance / next.length < best.distance / best.length ? next : best));
}
