// What is reached without a network: the entropy of the phonemes, and each letter said as it mostly is.

export interface SpokenWord {
  readonly word: string;
  readonly phonemes: readonly string[];
}

/** Nats a phoneme, ends counted, of knowing only how frequent each is. @throws RangeError where there is no word. */
export function unigramLoss(words: readonly SpokenWord[]): number {
  if (words.length === 0) throw new RangeError('there are no words; give at least one');
  const counts = new Map<string | null, number>([[null, words.length]]);
  for (const { phonemes } of words) for (const phoneme of phonemes) counts.set(phoneme, (counts.get(phoneme) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((nats, count) => nats - (count / total) * Math.log(count / total), 0);
}

/**
 * Each letter → the phoneme that most often stands in its place, over the words with as many phonemes as letters; of equal ones the first seen.
 * A letter of none of these is silent. @throws RangeError where no word has as many.
 */
export function letterByLetter(words: readonly SpokenWord[]): (word: string) => string[] {
  const even = words.filter(({ word, phonemes }) => word.length === phonemes.length);
  if (even.length === 0) throw new RangeError('no word has as many phonemes as letters; give more words');
  const counts = new Map<string, Map<string, number>>();
  for (const { word, phonemes } of even) {
    phonemes.forEach((phoneme, i) => {
      const of = counts.get(word[i]!) ?? new Map<string, number>();
      counts.set(word[i]!, of.set(phoneme, (of.get(phoneme) ?? 0) + 1));
    });
  }
  const said = new Map([...counts].map(([letter, of]) => [letter, [...of].reduce((best, next) => (next[1] > best[1] ? next : best))[0]]));
  return (word) => [...word].flatMap((letter) => said.get(letter) ?? []);
}
