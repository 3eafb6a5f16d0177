// Symbols ↔ tokens where a symbol may be more than a character: phonemes, `<start>`, `<end>`.

export class Symbols {
  /** [V] a symbol's index is its token. */
  readonly list: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;

  /** @throws RangeError where `list` is empty, or holds an empty symbol or one twice. */
  constructor(list: Iterable<string>) {
    this.list = [...list];
    this.#tokens = new Map(this.list.map((symbol, token) => [symbol, token]));
    if (this.list.length === 0) throw new RangeError('there are no symbols; give at least one');
    if (this.#tokens.has('')) throw new RangeError('a symbol is the empty text; every symbol needs a name');
    if (this.#tokens.size < this.list.length) {
      const twice = this.list.find((symbol, token) => this.#tokens.get(symbol) !== token);
      throw new RangeError(`the symbol ${JSON.stringify(twice)} is given twice; give each once`);
    }
  }

  /** The different parts of all sequences in code point order, then `extra` as it is given. */
  static of(sequences: Iterable<Iterable<string>>, extra: readonly string[] = []): Symbols {
    const seen = new Set<string>();
    for (const sequence of sequences) for (const part of sequence) seen.add(part);
    return new Symbols([...[...seen].sort(byCodePoint), ...extra]);
  }

  /** V. */
  get size(): number {
    return this.list.length;
  }

  /** @throws RangeError where it is not one of the symbols. */
  token(symbol: string): number {
    const token = this.#tokens.get(symbol);
    if (token === undefined) {
      throw new RangeError(`${JSON.stringify(symbol)} is not one of the ${this.size} symbols, which are ${this.list.join(' ')}`);
    }
    return token;
  }

  /** Tokens of a text (by character) or of a list of symbols. */
  encode(parts: Iterable<string>): Uint32Array<ArrayBuffer> {
    return Uint32Array.from(parts, (part) => this.token(part));
  }

  /** @throws RangeError for a token of V or more. */
  decode(tokens: Iterable<number>): string[] {
    return Array.from(tokens, (token) => {
      const symbol = this.list[token];
      if (symbol === undefined) throw new RangeError(`${token} is no token; tokens go from 0 to ${this.size - 1}`);
      return symbol;
    });
  }
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
