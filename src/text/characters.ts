// A text, or documents → a vocabulary of their characters, and all of it as tokens.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { among, wholeNumber, wholeOrInfinite } from '../checks/values.ts';
import { isVocabulary, normalizeText, NORMALIZATIONS, UNKNOWN, Vocabulary, type Normalization } from './vocabulary.ts';

export interface CharactersOptions {
  /** Default 'NFC': Hangul by syllable. 'NFD': Hangul by jamo, letters and accents apart. 'none': as it is. */
  readonly normalize?: Normalization;
  /** Encode with this vocabulary (of a saved model, of the training text) instead of the text's own; its normal form applies. */
  readonly vocabulary?: Vocabulary;
  /** Symbols seen fewer times than this become U+FFFD. Default 1: none. */
  readonly minimumCount?: number;
  /** V at most, U+FFFD included where it is needed: the most frequent symbols stay, the others become U+FFFD. */
  readonly maximumSize?: number;
}

export interface Corpus {
  readonly vocabulary: Vocabulary;
  /** The whole text, one token a character; of several documents one after the other. */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** Where each of several documents begins in `tokens`. */
  readonly documents?: Uint32Array<ArrayBuffer>;
  readonly normalize: Normalization;
  /** [V] how often each symbol occurs. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** Nats per character that a model reaches which knows the counts and nothing else; the uniform baseline is `Math.log(vocabulary.size)`. */
  readonly unigramEntropy: number;
}

/**
 * Cut a text into characters (code points) and number them. A list of texts is a list of documents: training and evaluation read
 * each from a zero state, and predict nothing across their borders. Where a document ends is learnt only if it ends with a
 * character that says so, such as a line feed.
 * @throws TypeError where a text is not a string; RangeError for an empty text, an option out of range, or, with a given
 *   vocabulary that lacks U+FFFD, a character that it does not hold.
 */
export function characters(text: string | readonly string[], options: CharactersOptions = {}): Corpus {
  checkOptions(options, 'characters', {
    normalize: among(...NORMALIZATIONS), vocabulary: isVocabulary, minimumCount: wholeNumber, maximumSize: (size, name) => wholeOrInfinite(size, `${name} (one symbol and U+FFFD)`, 2),
  }, []);
  if (typeof text !== 'string' && !Array.isArray(text)) throw new TypeError(`the text must be a string, or a list of strings; ${shown(text)} was given`);
  const texts: readonly string[] = typeof text === 'string' ? [text] : text;
  const vocabulary = options.vocabulary ?? vocabularyOf(texts, options);
  if (options.vocabulary) refuseOptionsBeside(options.vocabulary, options);
  const parts = texts.map((each) => vocabulary.encode(each));
  const empty = parts.findIndex((part) => part.length === 0);
  if (empty >= 0 && parts.length > 1) throw new RangeError(`document ${empty} is empty: leave it out`);
  if (empty >= 0 || parts.length === 0) throw emptyError();
  const { tokens, documents } = joined(parts);
  const counts = new Uint32Array(vocabulary.size);
  for (const token of tokens) counts[token]!++;
  const of = texts === text ? { documents } : {};
  return { vocabulary, tokens, ...of, normalize: vocabulary.normalize, counts, unigramEntropy: entropy(counts, tokens.length) };
}

/** Parts in one array, and where each begins. */
function joined(parts: readonly Uint32Array<ArrayBuffer>[]): { tokens: Uint32Array<ArrayBuffer>; documents: Uint32Array<ArrayBuffer> } {
  const documents = new Uint32Array(parts.length);
  for (let d = 1; d < parts.length; d++) documents[d] = documents[d - 1]! + parts[d - 1]!.length;
  if (parts.length === 1) return { tokens: parts[0]!, documents };
  const tokens = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.forEach((part, d) => tokens.set(part, documents[d]));
  return { tokens, documents };
}

function vocabularyOf(texts: readonly string[], options: CharactersOptions): Vocabulary {
  const { normalize = 'NFC', minimumCount = 1, maximumSize = Infinity } = options;
  const counts = new Map<string, number>();
  for (const text of texts) for (const symbol of normalizeText(text, normalize)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  if (counts.size === 0) throw emptyError();
  return new Vocabulary(mostFrequent(counts, minimumCount, maximumSize), normalize);
}

/** The symbols that stay; ties go to the lower code point. U+FFFD joins as soon as one is left out, or where the text has it. */
function mostFrequent(counts: ReadonlyMap<string, number>, minimumCount: number, maximumSize: number): string[] {
  const frequent = [...counts].filter(([symbol, count]) => count >= minimumCount && symbol !== UNKNOWN);
  const isWhole = frequent.length === counts.size && frequent.length <= maximumSize;
  if (isWhole) return frequent.map(([symbol]) => symbol);
  frequent.sort(([a, m], [b, n]) => n - m || a.codePointAt(0)! - b.codePointAt(0)!);
  return [...frequent.slice(0, maximumSize - 1).map(([symbol]) => symbol), UNKNOWN];
}

function refuseOptionsBeside(vocabulary: Vocabulary, options: CharactersOptions): void {
  if (options.minimumCount !== undefined || options.maximumSize !== undefined) {
    throw new RangeError('minimumCount and maximumSize choose the symbols of a new vocabulary; leave them out where one is given');
  }
  if (options.normalize !== undefined && options.normalize !== vocabulary.normalize) {
    throw new RangeError(`normalize is ${options.normalize} but the given vocabulary is ${vocabulary.normalize}; leave normalize out`);
  }
}

/** Nats per token, of the distribution that the counts make. */
function entropy(counts: Uint32Array, total: number): number {
  let sum = 0;
  for (const count of counts) if (count > 0) sum -= (count / total) * Math.log(count / total);
  return sum;
}

function emptyError(): RangeError {
  return new RangeError('the text is empty: there is nothing to learn from. Give at least a few thousand characters');
}
