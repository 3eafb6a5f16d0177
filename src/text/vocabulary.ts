// The symbols a model reads and writes: one code point each, numbered in code point order.

import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { among, oneOf } from '../checks/values.ts';

/** How text is normalised before it is cut into code points; 'none' takes it as it is. */
export type Normalization = 'NFC' | 'NFD' | 'NFKC' | 'NFKD' | 'none';

export const NORMALIZATIONS: readonly Normalization[] = ['NFC', 'NFD', 'NFKC', 'NFKD', 'none'];

/** Stands for every symbol outside the vocabulary: U+FFFD REPLACEMENT CHARACTER. */
export const UNKNOWN = '\uFFFD';

/** What `encode` does with a character that the vocabulary lacks. */
export type UnknownPolicy = 'error' | 'drop' | 'map';

export interface VocabularyJSON {
  readonly symbols: readonly string[];
  readonly normalize: Normalization;
}

/** Text in the given normal form. Half a surrogate pair is no character and becomes U+FFFD. */
export function normalizeText(text: string, normalize: Normalization): string {
  if (typeof text !== 'string') throw new TypeError(`the text must be a string; ${shown(text)} was given`);
  const whole = text.replace(/\p{Surrogate}/gu, UNKNOWN);
  return normalize === 'none' ? whole : whole.normalize(normalize);
}

/** A character as an error message shows it: itself where it prints, and its code point. */
export function describeCharacter(character: string): string {
  const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  const shown = /[\p{C}\p{Z}]/u.test(character) ? JSON.stringify(character) : `'${character}'`;
  return `${shown} (${code})`;
}

/** Symbols that a message about two vocabularies names. */
const NAMED = 5;

/** How the tokens of one vocabulary mean other symbols than those of `other`, in words; null where they mean the same. */
export function vocabularyDifference(vocabulary: Vocabulary, other: Vocabulary): string | null {
  if (!(vocabulary instanceof Vocabulary)) return 'what it has as vocabulary is no Vocabulary';
  const beside = (of: Vocabulary, than: Vocabulary): string[] => of.symbols.filter((symbol) => !than.has(symbol));
  const [more, less] = [beside(vocabulary, other), beside(other, vocabulary)];
  const shown = (symbols: string[]): string =>
    symbols.slice(0, NAMED).map(describeCharacter).join(', ') + (symbols.length > NAMED ? ` and ${symbols.length - NAMED} more` : '');
  const parts = [...(more.length > 0 ? [`it has ${shown(more)} besides`] : []), ...(less.length > 0 ? [`it lacks ${shown(less)}`] : [])];
  return parts.length > 0 ? parts.join(', and ') : null;
}

export class Vocabulary {
  /** [V] one code point each; a symbol's index is its token. */
  readonly symbols: readonly string[];
  /** V. */
  readonly size: number;
  /** Applied to every text that is encoded; decomposed forms (NFD, NFKD) are recomposed when decoded. */
  readonly normalize: Normalization;
  /** The token of U+FFFD, or null where the vocabulary does not hold it. */
  readonly unknown: number | null;
  readonly #tokens: ReadonlyMap<number, number>;

  /**
   * @param symbols one code point each, no two the same; put in code point order here.
   * @throws RangeError for none, for a repeated symbol, or for one that is not a single code point.
   */
  constructor(symbols: Iterable<string>, normalize: Normalization = 'NFC') {
    oneOf(normalize, 'normalize', NORMALIZATIONS);
    if (typeof (symbols as Iterable<string> | null)?.[Symbol.iterator] !== 'function') throw new TypeError(`the symbols must be a list of characters; ${shown(symbols)} was given`);
    const list = [...symbols];
    if (list.length === 0) throw new RangeError('a vocabulary needs at least one symbol, got none');
    for (const symbol of list) {
      if (typeof symbol !== 'string' || [...symbol].length !== 1 || /\p{Surrogate}/u.test(symbol)) {
        throw new RangeError(`vocabulary symbol ${shown(symbol)} is not one whole code point; give one character each`);
      }
    }
    this.symbols = Object.freeze(list.sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!));
    this.size = list.length;
    this.normalize = normalize;
    const tokens = new Map<number, number>();
    for (const [token, symbol] of this.symbols.entries()) {
      const code = symbol.codePointAt(0)!;
      if (tokens.has(code)) throw new RangeError(`vocabulary symbol ${describeCharacter(symbol)} is given twice; give each once`);
      tokens.set(code, token);
    }
    this.#tokens = tokens;
    this.unknown = tokens.get(UNKNOWN.codePointAt(0)!) ?? null;
  }

  has(symbol: string): boolean {
    return typeof symbol === 'string' && [...symbol].length === 1 && this.#tokens.has(symbol.codePointAt(0)!);
  }

  /**
   * The tokens of a text, normalised as the vocabulary's own text was.
   * @param options.unknown for characters outside the vocabulary: 'error', 'drop' them, or 'map' them to U+FFFD.
   *   Default: 'map' where the vocabulary holds U+FFFD, else 'error'.
   * @throws RangeError naming the first unknown character, under 'error'.
   */
  encode(text: string, options: { unknown?: UnknownPolicy } = {}): Uint32Array<ArrayBuffer> {
    checkOptions(options, 'encode', { unknown: among('error', 'drop', 'map') }, []);
    const policy = options.unknown ?? (this.unknown === null ? 'error' : 'map');
    if (policy === 'map' && this.unknown === null) {
      throw new RangeError(`unknown characters cannot be mapped: this vocabulary has no U+FFFD. Build it with minimumCount or maximumSize, or use 'drop'`);
    }
    const normal = normalizeText(text, this.normalize);
    // No text has more code points than UTF-16 units.
    const tokens = new Uint32Array(normal.length);
    let count = 0;
    let position = 0;
    for (let i = 0; i < normal.length; position++) {
      const code = normal.codePointAt(i)!;
      const token = this.#tokens.get(code) ?? (policy === 'map' ? this.unknown! : -1);
      if (token >= 0) tokens[count++] = token;
      else if (policy === 'error') throw this.#unknownError(normal, i, position);
      i += code > 0xffff ? 2 : 1;
    }
    return count === tokens.length ? tokens : tokens.slice(0, count);
  }

  #unknownError(text: string, index: number, position: number): RangeError {
    const character = String.fromCodePoint(text.codePointAt(index)!);
    const before = [...text.slice(Math.max(0, index - 32), index)].slice(-12).join('');
    const where = before === '' ? 'at the very start' : `at position ${position}, after ${JSON.stringify(before)}`;
    return new RangeError(
      `the vocabulary of ${this.size} symbols has no ${describeCharacter(character)}, found ${where}. ` +
        `Leave the character out, encode with { unknown: 'drop' }, or build the vocabulary from a text that has it`,
    );
  }

  /** The text of some tokens; a decomposed vocabulary's text is recomposed (NFC), so Hangul jamo come out as syllables. */
  decode(tokens: Iterable<number>): string {
    return this.compose(this.join(tokens));
  }

  /** The symbols of some tokens, one after the other, not recomposed. */
  join(tokens: Iterable<number>): string {
    if (typeof (tokens as Iterable<number> | null)?.[Symbol.iterator] !== 'function') throw new TypeError(`the tokens must be a list of numbers; ${shown(tokens)} was given`);
    let text = '';
    for (const token of tokens) {
      const symbol = typeof token === 'number' ? this.symbols[token] : undefined;
      if (symbol === undefined) throw new RangeError(`token ${shown(token)} is outside the vocabulary; tokens go from 0 to ${this.size - 1}`);
      text += symbol;
    }
    return text;
  }

  /** Text of this vocabulary's symbols as people read it. */
  compose(text: string): string {
    return this.isDecomposed ? text.normalize('NFC') : text;
  }

  /** Whether several symbols can make up one character on the screen (NFD, NFKD). */
  get isDecomposed(): boolean {
    return this.normalize === 'NFD' || this.normalize === 'NFKD';
  }

  toJSON(): VocabularyJSON {
    return { symbols: this.symbols, normalize: this.normalize };
  }

  /** @throws TypeError or RangeError where `value` is not what `toJSON` gives. */
  static fromJSON(value: unknown): Vocabulary {
    const { symbols, normalize } = (value ?? {}) as Partial<VocabularyJSON>;
    if (!Array.isArray(symbols) || typeof normalize !== 'string') {
      throw new TypeError('a stored vocabulary must be { symbols: string[], normalize: string }, as vocabulary.toJSON() gives it');
    }
    return new Vocabulary(symbols, normalize);
  }
}

/** @throws TypeError for what is no vocabulary */
export function isVocabulary(vocabulary: Vocabulary, name: string): void {
  if (!(vocabulary instanceof Vocabulary)) throw new TypeError(`${name} must be a Vocabulary, such as characters(text).vocabulary; ${shown(vocabulary)} was given`);
}
