// One contender in one configuration: checked against the oracle, then timed round by round inside its budget.

import type { Config, Measure } from './configs.ts';
import { canDo } from './contestants.ts';
import { NoAnswer, type Host, type Place } from './hosts/host.ts';
import type { StreamTruth, Truth } from './oracle.ts';
import type { Timed, TimedStream } from './page.ts';
import { stepsFor, summarize, type Round, type Summary } from './statistics.ts';

/** Losses and gradients of a right contender are this close to float64, relative; half precision is not so close. */
const TOLERANCE = 1e-4, HALF_TOLERANCE = 2e-2;
/**
 * A loss below this share of the first one counts as so large. A token's loss is the logarithm of a sum less one logit: what float32
 * rounds off it follows the size of the logits, which training makes larger, and not the loss, which goes to 0. After thousands of
 * steps on one window two right kernels differ by more than `TOLERANCE` of what is left. Weights that are wrong by so little show in
 * the first steps, whose losses are large.
 */
const SMALL_LOSS = 0.1;
export const CHECK_STEPS = 3;
/** The longest that one call may take, whatever the budget. */
const CALL_LIMIT = 300_000;
/** What takes less is checked whatever it has used of its budget: gradients where a forward pass does, every step where a step does. */
const QUICK = 5000;
/** Streams are timed in whole blocks of tokens, since the engine draws so many at once. */
const BLOCK = 16;
const CHECKED_TOKENS = 3 * BLOCK;

export interface ContestOptions {
  readonly measures: readonly Measure[];
  readonly rounds: number;
  /** 0: as many as fill a second. */
  readonly steps: number;
  /** Whether Unfold is timed on tiles that were measured for the configuration. */
  readonly tuned: boolean;
  /** Milliseconds. */
  readonly budget: number;
}

/** The right answers of a configuration, each computed once. */
export interface Oracle {
  losses(): Promise<Truth>;
  stream(): Promise<StreamTruth>;
}

/** What is kept of a contest. */
export interface Result {
  readonly config: string;
  readonly name: string;
  /** Why it is not timed, or not any further. */
  readonly failure: string | null;
  /** Whether `failure` says that its numbers are wrong, not that it could not run. */
  readonly wrong: boolean;
  /** What a reader of the table should know. */
  readonly notes: readonly string[];
  readonly times: Readonly<Partial<Record<Measure, Summary>>>;
  readonly bytes: { readonly bytes: number; readonly what: string } | null;
}

export class Contest {
  readonly name: string;
  readonly config: Config;
  readonly measures: readonly Measure[];
  #failure: string | null = null;
  #wrong = false;
  readonly #notes = new Set<string>();
  readonly #rounds = new Map<Measure, Round[]>();
  /** The latest call of each, and whether it was warm. */
  readonly #latest = new Map<Measure, Round & { warm: boolean }>();
  #bytes: Result['bytes'] = null;
  #spent = 0;
  #initialLoss = NaN;
  #stream: StreamTruth | null = null;
  #place: Place | null = null;
  readonly #host: Host;
  readonly #options: ContestOptions;

  constructor(name: string, config: Config, host: Host, options: ContestOptions) {
    this.name = name;
    this.config = config;
    this.measures = config.measures.filter((measure) => options.measures.includes(measure) && canDo(name, measure));
    this.#host = host;
    this.#options = options;
  }

  get failed(): boolean {
    return this.#failure !== null;
  }

  get #tolerance(): number {
    return this.name.endsWith('fp16') ? HALF_TOLERANCE : TOLERANCE;
  }

  /** Loads the contender and compares its first losses, gradients and logits with the oracle's. */
  async check(oracle: Oracle): Promise<void> {
    if (this.measures.every((measure) => measure === 'cold')) return;
    await this.#guard(async () => {
      const place = (this.#place = await this.#host.open());
      const { biases, tuning } = await place.call('prepare', [this.name, this.config.name, this.#options.tuned], CALL_LIMIT);
      if (tuning !== null) this.#notes.add(`tuned in ${tuning.toFixed(1)} s`);
      if (this.config.measures.includes('queued')) return this.#checkStream(await oracle.stream());
      const { losses, sketches } = await oracle.losses();
      this.#initialLoss = losses[biases][0]!;
      // The first pass compiles, the second says how long one takes.
      for (let pass = 0; pass < 2; pass++) {
        const timed = await this.#run('forward', 1);
        this.#expect('the loss of a forward pass', timed.losses[0], this.#initialLoss);
      }
      if (!this.measures.includes('train')) return;
      if (this.#perStep('forward') < QUICK) await this.#expectGradients(sketches);
      else this.#notes.add('gradients not checked');
      for (let step = 0; step < CHECK_STEPS; step++) {
        if (step > 0 && this.#perStep('train') > QUICK && this.#spent + this.#perStep('train') > this.#options.budget / 2) {
          this.#notes.add(`checked on ${step} of ${CHECK_STEPS} steps`);
          break;
        }
        const timed = await this.#run('train', 1);
        this.#expect(`the loss of training step ${step + 1}`, timed.losses[0], losses[biases][step]!);
      }
    });
  }

  async #checkStream(truth: StreamTruth): Promise<void> {
    this.#stream = truth;
    for (const measure of ['queued', 'readback'] as const) {
      if (!this.measures.includes(measure)) continue;
      for (let pass = 0; pass < 2; pass++) this.#expectStream(await this.#run(measure, CHECKED_TOKENS), CHECKED_TOKENS, truth);
    }
  }

  /** Times one round, unless the contender failed or has used up its budget. */
  async time(measure: Measure): Promise<void> {
    if (this.failed || !this.measures.includes(measure)) return;
    if (measure === 'cold') return this.#timeCold();
    const steps = this.#stepsOf(measure);
    const rounds = this.#rounds.get(measure) ?? [];
    if (this.#spent + steps * this.#perStep(measure) > this.#options.budget) {
      const { rounds: wanted, budget } = this.#options;
      if (rounds.length > 0) {
        this.#notes.add(`${measure}: ${rounds.length} of ${wanted} rounds fit the budget of ${Math.round(budget / 1000)} s`);
        return;
      }
      const { warm, ...latest } = this.#latest.get(measure)!;
      this.#notes.add(`${measure}: no round fits the budget of ${Math.round(budget / 1000)} s; its time is that of the last check${warm ? '' : ', compilation included'}`);
      this.#rounds.set(measure, [latest]);
      return;
    }
    await this.#guard(async () => {
      const timed = await this.#run(measure, steps);
      if ('logits' in timed) this.#expectStream(timed, steps, this.#stream!);
      else this.#expectTimed(measure, timed.losses);
      this.#rounds.set(measure, [...(this.#rounds.get(measure) ?? []), { steps: timed.steps, milliseconds: timed.milliseconds }]);
    });
  }

  #stepsOf(measure: Measure): number {
    const steps = this.#options.steps || stepsFor(this.#perStep(measure));
    return measure === 'queued' || measure === 'readback' ? Math.max(CHECKED_TOKENS, BLOCK * Math.ceil(steps / BLOCK)) : steps;
  }

  async #timeCold(): Promise<void> {
    if (this.#rounds.has('cold')) return;
    await this.#guard(async () => {
      const place = await this.#host.openCold();
      try {
        const { losses, steps, milliseconds } = await place.call('cold', [this.name, this.config.name], CALL_LIMIT);
        if (!Number.isNaN(this.#initialLoss)) this.#expect('the loss after a cold start', losses[0], this.#initialLoss);
        this.#rounds.set('cold', [{ steps, milliseconds }]);
      } finally {
        await place.close();
      }
    });
  }

  /** After timing: a forward pass and the next training step must see the same loss; and what it has allocated until then. */
  async verify(): Promise<void> {
    if (this.failed || !this.#place) return;
    const place = this.#place;
    await this.#guard(async () => {
      this.#bytes = await place.call('bytes', [], CALL_LIMIT);
    });
    if (this.failed || !this.measures.includes('train')) return;
    if (this.#spent + this.#perStep('forward') + this.#perStep('train') > this.#options.budget) {
      this.#notes.add('not verified after timing');
      return;
    }
    await this.#guard(async () => {
      const [forward] = (await this.#run('forward', 1)).losses;
      const [train] = (await this.#run('train', 1)).losses;
      this.#expect('the loss of a forward pass after timing', forward, train ?? NaN);
    });
  }

  async close(): Promise<void> {
    await this.#place?.call('dispose', [], 30_000).catch(() => {});
    await this.#place?.close();
  }

  result(): Result {
    // Of a contender that turned out wrong, no time counts.
    const times = Object.fromEntries([...this.#rounds].map(([measure, rounds]) => [measure, summarize(rounds)]));
    return {
      config: this.config.name, name: this.name, failure: this.#failure, wrong: this.#wrong, notes: [...this.#notes],
      times: this.#wrong ? {} : (times as Result['times']), bytes: this.#bytes,
    };
  }

  #perStep(measure: Measure): number {
    const latest = this.#latest.get(measure);
    return latest ? latest.milliseconds / latest.steps : 0;
  }

  async #run<M extends 'train' | 'forward' | 'queued' | 'readback'>(measure: M, steps: number): Promise<M extends 'train' | 'forward' ? Timed : TimedStream>;
  async #run(measure: Measure, steps: number): Promise<Timed | TimedStream>;
  async #run(measure: Measure, steps: number): Promise<Timed | TimedStream> {
    const place = this.#place!;
    const begun = performance.now();
    const timed = measure === 'queued' || measure === 'readback'
      ? await place.call('stream', [steps, measure === 'readback'], CALL_LIMIT)
      : await place.call(measure as 'train' | 'forward', [steps], CALL_LIMIT);
    this.#spent += performance.now() - begun;
    this.#latest.set(measure, { steps: timed.steps, milliseconds: timed.milliseconds, warm: this.#latest.has(measure) });
    return timed;
  }

  /** The weights stand still during forward passes, and training on one window again and again does not raise its loss. */
  #expectTimed(measure: Measure, losses: readonly number[]): void {
    for (const loss of losses) {
      if (measure === 'forward') this.#expect('the loss of a timed forward pass', loss, losses[0] ?? NaN);
      if (!(loss <= this.#initialLoss * (1 + this.#tolerance))) throw new Wrong(`the loss of a timed ${measure} step is ${loss}, was ${this.#initialLoss} at first`);
    }
  }

  async #expectGradients(expected: Truth['sketches']): Promise<void> {
    const gradients = await this.#place!.call('gradients', [], CALL_LIMIT);
    if (!gradients) {
      this.#notes.add('gradients not checked');
      return;
    }
    for (const [name, { norm, products }] of Object.entries(expected)) {
      const given = gradients[name];
      if (!given && name.includes('bias_hh')) continue;
      if (!given) throw new Wrong(`there is no gradient of ${name}`);
      const squares = products.map((product, k) => (product - (given.products[k] ?? NaN)) ** 2);
      const error = Math.sqrt(squares.reduce((a, b) => a + b) / squares.length) / norm;
      if (!(error <= this.#tolerance)) throw new Wrong(`the gradient of ${name} is off by ${error.toExponential(1)} in relative L2`);
    }
  }

  #expectStream({ logits, drawn }: TimedStream, tokens: number, truth: StreamTruth): void {
    if (drawn) {
      if (drawn.length !== tokens) throw new Wrong(`${drawn.length} tokens were drawn of ${tokens}`);
      const bad = truth.greedy.findIndex((token, k) => k < drawn.length && drawn[k] !== token);
      if (bad >= 0) throw new Wrong(`token ${bad} is ${drawn[bad]}, the likeliest is ${truth.greedy[bad]}`);
      return;
    }
    if (logits.length === 0) throw new Wrong('the stream gave no logits');
    // The window's tokens again and again; with one row, it is that of the last token.
    const window = truth.logits.length;
    logits.forEach((row, k) => {
      const expected = truth.logits[logits.length === 1 ? (tokens - 1) % window : k]!;
      const size = Math.hypot(...expected);
      const error = Math.hypot(...expected.map((value, v) => value - (row[v] ?? NaN))) / size;
      if (!(error <= this.#tolerance)) throw new Wrong(`the logits after token ${logits.length === 1 ? tokens - 1 : k} are off by ${error.toExponential(1)} in relative L2`);
    });
  }

  #expect(what: string, given: number | undefined, expected: number): void {
    const error = Math.abs((given ?? NaN) - expected) / Math.max(Math.abs(expected), SMALL_LOSS * this.#initialLoss);
    if (!(error <= this.#tolerance)) throw new Wrong(`${what} is ${given}, expected ${expected.toFixed(6)}`);
  }

  async #guard(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const message = (error as Error).message.replace(/^page\.evaluate: (Error: )?/, '').split('\n')[0]!;
      this.#failure = [message, ...(this.#place?.problems.slice(0, 1) ?? [])].join('; ');
      this.#wrong = error instanceof Wrong;
      if (error instanceof NoAnswer) this.#notes.add('its page was closed');
      await this.close();
      this.#place = null;
    }
  }
}

/** The contender ran, and its numbers are not right. */
class Wrong extends Error {}
