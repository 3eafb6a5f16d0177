// How generated names compare with the names they were learnt from: new or repeated, and how name-like.
import { ngrams } from './ngrams.ts';

export interface NoveltyReport {
  /** Share of the generated names that no training name equals. */
  readonly new: number;
  /** Share that a training name equals: 1 - new. */
  readonly inTraining: number;
  /** Different names among the generated, by their number: low where the network always says the same. */
  readonly distinct: number;
}

/** @throws RangeError where nothing was generated. Empty names count as new. */
export function novelty(generated: readonly string[], training: Iterable<string>): NoveltyReport {
  requireNames('generated', generated);
  const known = new Set(training);
  const inTraining = generated.filter((name) => known.has(name)).length / generated.length;
  return { new: 1 - inTraining, inTraining, distinct: new Set(generated).size / generated.length };
}

export interface BigramModel {
  /** Nats of one name, its end included. */
  surprise(name: string): number;
  /** exp of the mean nats per symbol, each name's end included. Held-out names give what real names have; random letters far more. */
  perplexity(names: readonly string[]): number;
}

/**
 * A bigram model of characters with add-k smoothing, start and end of a name included.
 * P(b | a) = (count of ab + k) / (count of a + k · V), V the characters of the names, the end and one for any other character.
 * @throws RangeError where there are no names or k is not above 0.
 */
export function createBigramModel(names: readonly string[], smoothing = 0.1): BigramModel {
  requireNames('training', names);
  if (!(smoothing > 0 && Number.isFinite(smoothing))) throw new RangeError(`k is ${smoothing}; it must be above 0, such as 0.1`);
  const pairs = new Map<string, number>();
  const firsts = new Map<string, number>();
  const characters = new Set(names.flatMap((name) => [...name]));
  const choices = characters.size + 2;
  for (const name of names) {
    for (const pair of ngrams(name, 2)) {
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      firsts.set(firstOf(pair), (firsts.get(firstOf(pair)) ?? 0) + 1);
    }
  }
  const probability = (pair: string): number =>
    ((pairs.get(pair) ?? 0) + smoothing) / ((firsts.get(firstOf(pair)) ?? 0) + smoothing * choices);
  const surprise = (name: string): number => ngrams(name, 2).reduce((nats, pair) => nats - Math.log(probability(pair)), 0);
  return {
    surprise,
    perplexity(list) {
      requireNames('measured', list);
      const symbols = list.reduce((sum, name) => sum + [...name].length + 1, 0);
      return Math.exp(list.reduce((nats, name) => nats + surprise(name), 0) / symbols);
    },
  };
}

const firstOf = (pair: string): string => String.fromCodePoint(pair.codePointAt(0)!);

function requireNames(which: string, names: readonly string[]): void {
  if (names.length === 0) throw new RangeError(`there are no ${which} names; give at least one`);
}
