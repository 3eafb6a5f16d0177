// Greedy and beam search over a network that is known only by its step: states and last tokens in, log-probabilities out.

export interface StepResult<State> {
  /** [K] a handle for each hypothesis' new state. */
  readonly states: readonly State[];
  /** [K,V] natural logarithms; -Infinity for what cannot come. */
  readonly logProbabilities: ArrayLike<number>;
}

/**
 * One step for K hypotheses at once. K changes from call to call, and a handle may be given several times: its hypothesis branched.
 * The handles are those that the call before gave, so the memory of older ones can be used again.
 */
export type Step<State> = (states: readonly State[], tokens: Uint32Array) => StepResult<State> | Promise<StepResult<State>>;

export interface DecodingOptions {
  readonly start: number;
  /** Ends a hypothesis. */
  readonly end: number;
  /** Tokens of a hypothesis at most, the end not counted. */
  readonly maximumLength: number;
  readonly signal?: AbortSignal;
}

export interface BeamOptions extends DecodingOptions {
  /** Hypotheses kept for each source. */
  readonly width: number;
  /**
   * α of Wu et al. 2016 (arXiv:1609.08144, section 7): a hypothesis of n tokens, its end counted, is ranked by
   * log-probability / ((5 + n) / 6)^α. Default 0, the plain log-probability, which favours short ones.
   */
  readonly lengthPenalty?: number;
}

export interface Hypothesis {
  /** Neither start nor end. */
  readonly tokens: readonly number[];
  /** Of the tokens, and of the end where it has one. */
  readonly logProbability: number;
  /** What it is ranked by. */
  readonly score: number;
  /** False where `maximumLength` came before the end symbol, or nothing could follow. */
  readonly ended: boolean;
}

/**
 * The most probable token at every step, for many sources side by side.
 * @param states a handle for each source's state before the start symbol.
 * @throws RangeError for an option or a result of a step that does not fit; the signal's reason where it is aborted.
 */
export async function decodeGreedy<State>(step: Step<State>, states: readonly State[], options: DecodingOptions): Promise<Hypothesis[]> {
  const found = await decodeBeam(step, states, { ...options, width: 1 });
  return found.map(([first]) => first!);
}

/**
 * The `width` most probable hypotheses of each source that the beam meets, best first; ended ones come before others.
 * At every step, of all continuations of a source's hypotheses the best `width` that go on are kept; those that end among the
 * best `width` of all are set aside. A source is done once no hypothesis that goes on can still rank above its `width`-th ended one.
 * With width 1 the first end decides: greedy search.
 * @param states a handle for each source's state before the start symbol.
 * @throws RangeError for an option or a result of a step that does not fit; the signal's reason where it is aborted.
 */
export async function decodeBeam<State>(step: Step<State>, states: readonly State[], options: BeamOptions): Promise<Hypothesis[][]> {
  requireOptions(options);
  const searches = states.map((state) => new Search(state, options));
  for (let length = 0; length <= options.maximumLength; length++) {
    options.signal?.throwIfAborted();
    const open = searches.filter((search) => !search.isDone);
    const parents = open.flatMap((search) => search.live);
    if (parents.length === 0) break;
    const result = await step(parents.map(({ state }) => state), Uint32Array.from(parents, ({ last }) => last));
    const V = vocabularyOf(result, parents.length, options);
    let row = 0;
    for (const search of open) {
      const rows = search.live.length;
      search.advance(result, row, V, length === options.maximumLength);
      row += rows;
    }
  }
  return searches.map((search) => search.best());
}

interface Live<State> {
  readonly state: State;
  readonly last: number;
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

interface Continuation {
  readonly parent: number;
  readonly token: number;
  readonly logProbability: number;
}

/** The hypotheses of one source. */
class Search<State> {
  live: readonly Live<State>[];
  #ended: Hypothesis[] = [];
  /** Live ones that ran into the maximum length, or that nothing can follow. */
  #cut: Hypothesis[] = [];
  readonly #options: BeamOptions;

  constructor(state: State, options: BeamOptions) {
    this.#options = options;
    this.live = [{ state, last: options.start, tokens: [], logProbability: 0 }];
  }

  get isDone(): boolean {
    return this.live.length === 0;
  }

  /** Take the rows of a step from `firstRow` on. At the maximum length only the end may follow. */
  advance({ states, logProbabilities }: StepResult<State>, firstRow: number, V: number, isLast: boolean): void {
    const { width, end } = this.#options;
    const ranked = this.#continuations(logProbabilities, firstRow, V);
    const ends = ranked.slice(0, width).filter(({ token }) => token === end);
    const ended = ends.map(({ parent, logProbability }) => this.#hypothesis(this.live[parent]!.tokens, logProbability, true));
    this.#ended = [...this.#ended, ...ended].sort(byScore).slice(0, width);
    if (isLast || ranked.length === 0) {
      const cut = this.live.filter((_, parent) => !ends.some((found) => found.parent === parent));
      this.#cut = cut.map(({ tokens, logProbability }) => this.#hypothesis(tokens, logProbability, false)).sort(byScore);
      this.live = [];
      return;
    }
    this.live = ranked.filter(({ token }) => token !== end).slice(0, width).map(({ parent, token, logProbability }) => ({
      state: states[firstRow + parent]!, last: token, tokens: [...this.live[parent]!.tokens, token], logProbability,
    }));
    // With width 1 an end that is the best continuation is the answer, whatever a longer one would come to.
    if ((width === 1 && ended.length === 1) || !this.#canImprove()) this.live = [];
  }

  best(): Hypothesis[] {
    return [...this.#ended, ...this.#cut].slice(0, this.#options.width);
  }

  /** At most 2·width of them, best first: of equal ones the earlier parent's, then the lower token. */
  #continuations(logProbabilities: ArrayLike<number>, firstRow: number, V: number): Continuation[] {
    const all: Continuation[] = [];
    this.live.forEach(({ logProbability }, parent) => {
      for (let token = 0; token < V; token++) {
        const nats = logProbabilities[(firstRow + parent) * V + token]!;
        if (!(nats <= 1e-3)) throw new RangeError(`the step gave log-probability ${nats} for token ${token}; it must be 0 or below`);
        if (nats > -Infinity) all.push({ parent, token, logProbability: logProbability + nats });
      }
    });
    // One parent gives one end, so of the best 2·width at least `width` go on, where there are that many.
    return all.sort((a, b) => b.logProbability - a.logProbability).slice(0, 2 * this.#options.width);
  }

  /** A log-probability only falls, so a live hypothesis ranks at best as it is now with the greatest length. */
  #canImprove(): boolean {
    const { width, maximumLength } = this.#options;
    const worst = this.#ended[width - 1];
    if (!worst) return true;
    return this.live.some(({ logProbability }) => logProbability / this.#penalty(maximumLength + 1) > worst.score);
  }

  #hypothesis(tokens: readonly number[], logProbability: number, ended: boolean): Hypothesis {
    return { tokens, logProbability, score: logProbability / this.#penalty(tokens.length + (ended ? 1 : 0)), ended };
  }

  #penalty(length: number): number {
    return ((5 + length) / 6) ** (this.#options.lengthPenalty ?? 0);
  }
}

const byScore = (a: Hypothesis, b: Hypothesis): number => b.score - a.score;

/** V of a step's result. */
function vocabularyOf<State>({ states, logProbabilities }: StepResult<State>, K: number, { start, end }: BeamOptions): number {
  if (states.length !== K) throw new RangeError(`the step gave ${states.length} states for ${K} hypotheses; it must give one for each`);
  const V = logProbabilities.length / K;
  if (!Number.isInteger(V) || V <= end) {
    throw new RangeError(`the step gave ${logProbabilities.length} log-probabilities for ${K} hypotheses with start ${start} and end ${end}; expected [K,V] with V above the end`);
  }
  return V;
}

function requireOptions({ start, end, maximumLength, width, lengthPenalty = 0 }: BeamOptions): void {
  for (const [name, value, least] of [['start', start, 0], ['end', end, 0], ['maximumLength', maximumLength, 1], ['width', width, 1]] as const) {
    if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${name} is ${value}; it must be a whole number of at least ${least}`);
  }
  if (!(lengthPenalty >= 0 && Number.isFinite(lengthPenalty))) throw new RangeError(`lengthPenalty is ${lengthPenalty}; it must be 0 or more, such as 0.6`);
}
