// An n-gram model of tokens: what counting alone knows of the next token, the baseline of models that generate.
//
// Witten & Bell 1991, interpolated: with h the n-1 tokens before, h' the same without the first of them, and d(h) the number of different
// tokens seen after h, P(x | h) = (count(hx) + d(h)·P(x | h')) / (count(h) + d(h)). Below the unigram lies the uniform 1/V. No number to choose.

export class NgramModel {
  readonly #order: number;
  readonly #vocabulary: number;
  /** By context, from the empty one to n-1 tokens, as a number in base V+1. */
  readonly #contexts = new Map<number, { total: number; readonly followers: Map<number, number> }>();

  /**
   * @param order n, from 1: the tokens of an n-gram.
   * @param vocabulary V: tokens go from 0 to V-1.
   * @throws RangeError where a context would be no exact number.
   */
  constructor(order: number, vocabulary: number) {
    if (!Number.isSafeInteger(order) || order < 1) throw new RangeError(`order is ${order}; it must be a whole number of at least 1`);
    if (!Number.isSafeInteger(vocabulary) || vocabulary < 1) throw new RangeError(`vocabulary is ${vocabulary}; it must be a whole number of at least 1`);
    if ((vocabulary + 1) ** (order - 1) > Number.MAX_SAFE_INTEGER) throw new RangeError(`order ${order} over ${vocabulary} tokens has too many contexts; use a lower order`);
    this.#order = order;
    this.#vocabulary = vocabulary;
  }

  /** Add a sequence's n-grams. Its first tokens have as many tokens before them as there are. */
  count(tokens: ArrayLike<number>): void {
    for (let i = 0; i < tokens.length; i++) {
      const token = this.#checked(tokens[i]!);
      for (const context of this.#contextsAt(tokens, i)) {
        let seen = this.#contexts.get(context);
        if (!seen) this.#contexts.set(context, (seen = { total: 0, followers: new Map() }));
        seen.total++;
        seen.followers.set(token, (seen.followers.get(token) ?? 0) + 1);
      }
    }
  }

  /** Nats of the tokens from index `from` on, given those before them. */
  surprise(tokens: ArrayLike<number>, from = 0): number {
    let nats = 0;
    for (let i = from; i < tokens.length; i++) {
      const token = this.#checked(tokens[i]!);
      let probability = 1 / this.#vocabulary;
      for (const context of this.#contextsAt(tokens, i)) {
        const seen = this.#contexts.get(context);
        if (!seen) break; // a longer context was not seen either
        const different = seen.followers.size;
        probability = ((seen.followers.get(token) ?? 0) + different * probability) / (seen.total + different);
      }
      nats -= Math.log(probability);
    }
    return nats;
  }

  /** Of the token at `i`, the shortest first. */
  * #contextsAt(tokens: ArrayLike<number>, i: number): Generator<number, void, void> {
    let context = 0;
    let unit = 1;
    yield context;
    for (let back = 1; back < this.#order && back <= i; back++) {
      // Digits from 1, so that contexts of different lengths are different numbers.
      context += (tokens[i - back]! + 1) * unit;
      unit *= this.#vocabulary + 1;
      yield context;
    }
  }

  #checked(token: number): number {
    if (token >= this.#vocabulary) throw new RangeError(`${token} is no token; tokens go from 0 to ${this.#vocabulary - 1}`);
    return token;
  }
}
