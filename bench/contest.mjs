// @ts-check
// One contender in one configuration: checked against the oracle, then timed round by round inside its budget.

import { BenchPage } from './browser.mjs';

/** Losses and gradients of a right contender are this close to float64, relative. */
const TOLERANCE = 1e-4;
const CHECK_STEPS = 3;
const ROUND = 1000;
/** The longest that one call may take, whatever the budget. */
const CALL_LIMIT = 300_000;
/** Gradients are checked where a forward pass takes less. */
const QUICK = 5000;

/**
 * @typedef {'train' | 'forward'} Kind
 * @typedef {{ steps: number, milliseconds: number }} Round
 * @typedef {{ losses: number[], sketches: Record<string, import('./oracle.ts').Sketch> }} Truth
 */

/**
 * The oracle's answers by number of biases, each asked for once.
 * @param {import('playwright').Browser} browser @param {string} origin @param {string} config
 * @returns {(biases: 'one' | 'two') => Promise<Truth>}
 */
export function createOracle(browser, origin, config) {
  /** @type {Map<string, Promise<Truth>>} */
  const answers = new Map();
  return (biases) => {
    let answer = answers.get(biases);
    if (!answer) {
      answer = (async () => {
        const page = await BenchPage.open(browser, origin);
        try {
          return await page.call('truth', [config, biases, CHECK_STEPS], CALL_LIMIT);
        } finally {
          await page.close();
        }
      })();
      answers.set(biases, answer);
    }
    return answer;
  };
}

export class Contest {
  name;
  config;
  /** Why it is not timed (any further); undefined while all is well. @type {string | undefined} */
  failure;
  /** Whether `failure` says that its numbers are wrong, not that it could not run. */
  wrong = false;
  /** What a reader of the table should know. @type {string[]} */
  notes = [];
  /** @type {Record<Kind, Round[]>} */
  rounds = { train: [], forward: [] };
  /** Milliseconds a step of the latest call. @type {Record<Kind, number>} */
  #latest = { train: 0, forward: 0 };
  #spent = 0;
  #initialLoss = NaN;
  /** @type {BenchPage | undefined} */
  #page;
  #options;

  /** @param {string} name @param {string} config @param {import('./options.mjs').Options} options */
  constructor(name, config, options) {
    this.name = name;
    this.config = config;
    this.#options = options;
  }

  /**
   * Loads the contender and compares its first losses, forward pass and gradients with the oracle's.
   * @param {import('playwright').Browser} browser @param {string} origin @param {(biases: 'one' | 'two') => Promise<Truth>} oracle
   */
  async check(browser, origin, oracle) {
    await this.#guard(async () => {
      const page = this.#page = await BenchPage.open(browser, origin);
      const biases = await page.call('prepare', [this.name, this.config], CALL_LIMIT);
      const truth = await oracle(biases);

      this.#initialLoss = truth.losses[0] ?? NaN;
      // The first pass compiles, the second says how long one takes.
      for (let pass = 0; pass < 2; pass++) {
        const { losses } = await this.#run('forward', 1);
        this.#expectLoss('loss of a forward pass', losses[0], this.#initialLoss);
      }
      if (!this.#options.kinds.includes('train')) return;
      if (this.#latest.forward < QUICK) await this.#expectGradients(truth);
      else this.notes.push('gradients not checked');
      for (let step = 0; step < CHECK_STEPS; step++) {
        if (step > 0 && this.#spent + this.#latest.train > this.#options.budget / 2) {
          this.notes.push(`checked on ${step} of ${CHECK_STEPS} steps`);
          break;
        }
        const { losses } = await this.#run('train', 1);
        this.#expectLoss(`loss of training step ${step + 1}`, losses[0], truth.losses[step] ?? NaN);
      }
    });
  }

  /** Times one round, unless the contender failed or has used up its budget. @param {Kind} kind */
  async time(kind) {
    if (this.failure) return;
    const steps = this.#options.steps || Math.max(1, Math.ceil(ROUND / this.#latest[kind]));
    const done = this.rounds[kind].length;
    if (done > 0 && this.#spent + steps * this.#latest[kind] > this.#options.budget) {
      const note = `${kind}: cut after ${done} of ${this.#options.rounds} rounds (budget ${this.#options.budget / 1000} s)`;
      if (!this.notes.includes(note)) this.notes.push(note);
      return;
    }
    await this.#guard(async () => {
      const { milliseconds, losses } = await this.#run(kind, steps);
      for (const loss of losses) {
        // The weights stand still during forward passes, and training on one window again and again does not raise its loss.
        if (kind === 'forward') this.#expectLoss('loss of a timed forward pass', loss, losses[0] ?? NaN);
        if (!(loss <= this.#initialLoss * (1 + TOLERANCE))) throw new Wrong(`loss of a timed ${kind} step is ${loss}, was ${this.#initialLoss} at first`);
      }
      this.rounds[kind].push({ steps, milliseconds });
    });
  }

  /** After timing: a forward pass and the next training step must see the same loss. */
  async verify() {
    if (this.failure || !this.#options.kinds.includes('train')) return;
    if (this.#spent + this.#latest.forward + this.#latest.train > this.#options.budget) {
      this.notes.push('not verified after timing');
      return;
    }
    await this.#guard(async () => {
      const [forward] = (await this.#run('forward', 1)).losses;
      const [train] = (await this.#run('train', 1)).losses;
      this.#expectLoss('loss of a forward pass after timing', forward, train ?? NaN);
    });
  }

  async close() {
    await this.#page?.call('dispose', [], 30_000).catch(() => {});
    await this.#page?.close();
  }

  /** @param {Truth} truth */
  async #expectGradients(truth) {
    const page = /** @type {BenchPage} */ (this.#page);
    const gradients = await page.call('gradients', [], CALL_LIMIT);
    if (!gradients) {
      this.notes.push('gradients not checked');
      return;
    }
    for (const [name, expected] of Object.entries(truth.sketches)) {
      const given = gradients[name];
      if (!given && name.includes('bias_hh')) continue;
      if (!given) throw new Wrong(`no gradient of ${name}`);
      const squares = expected.products.map((product, k) => (product - (given.products[k] ?? NaN)) ** 2);
      const error = Math.sqrt(squares.reduce((a, b) => a + b) / squares.length) / expected.norm;
      if (!(error <= TOLERANCE)) throw new Wrong(`gradient of ${name} is off by ${error.toExponential(1)} in relative L2`);
    }
  }

  /** @param {string} what @param {number | undefined} given @param {number} expected */
  #expectLoss(what, given, expected) {
    const error = Math.abs((given ?? NaN) - expected) / Math.abs(expected);
    if (!(error <= TOLERANCE)) throw new Wrong(`${what} is ${given}, expected ${expected.toFixed(6)}`);
  }

  /** @param {Kind} kind @param {number} steps */
  async #run(kind, steps) {
    const page = /** @type {BenchPage} */ (this.#page);
    const start = performance.now();
    const timed = await page.call(kind, [steps], CALL_LIMIT);
    this.#spent += performance.now() - start;
    this.#latest[kind] = timed.milliseconds / steps;
    return timed;
  }

  /** @param {() => Promise<void>} run */
  async #guard(run) {
    try {
      await run();
    } catch (error) {
      const message = (error instanceof Error ? error.message : String(error)).replace(/^page\.evaluate: (Error: )?/, '').split('\n')[0];
      this.failure = [message, ...this.#page?.problems.slice(0, 1) ?? []].join('; ');
      this.wrong = error instanceof Wrong;
      await this.close();
    }
  }
}

/** The contender ran, and its numbers are not right. */
class Wrong extends Error {}
