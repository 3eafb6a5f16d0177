// @ts-check
// Runs the cases of a kind on pages of a host, and kills what is to be killed meanwhile.
import { createHash } from 'node:crypto';
import { within } from '../calls.mjs';

/** What a page may take for a turn before it is given up, beyond the time it was given. */
const PATIENCE_MS = 240_000;
/** A turn gives its results after so long, that the command can tell of them. */
const TURN_MS = 10_000;
/** Steps of a run whose page is killed, and of each of its parts. */
const RUN = { steps: 24, part: 6 };
/** A page may be killed so often in one run. */
const KILLS = 2;

/** @typedef {import('./host.mjs').TortureHost} TortureHost */
/** @typedef {import('./host.mjs').HostPage} HostPage */
/** @typedef {import('./kinds.mjs').Kind} Kind */
/** @typedef {import('./tally.mjs').RunTally} RunTally */

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A number from 0 to below 1 that follows from these words. @param {(string | number)[]} words */
const drawn = (...words) => createHash('sha256').update(words.join(' ')).digest().readUInt32LE(0) / 2 ** 32;

/** When a blow falls, in milliseconds: as often early as late. @param {(string | number)[]} words */
const moment = (...words) => 30 * 300 ** drawn(...words);

export class Runner {
  /** @type {HostPage | null} */
  #page = null;
  /** A scene of the page has begun. */
  #ready = () => {};
  #host;
  #seed;
  #tally;

  /** @param {TortureHost} host @param {number} seed @param {RunTally} tally */
  constructor(host, seed, tally) {
    this.#host = host;
    this.#seed = seed;
    this.#tally = tally;
  }

  /** Why the kind cannot run on this host, or null. @param {Kind} kind */
  missing({ by }) {
    return by === 'gpu' && !this.#host.crashGpu ? 'the host has no GPU process of its own' : null;
  }

  /**
   * Cases from `first` on, until the time is over or there were `most`.
   * @param {Kind} kind @param {{ first: number, most: number, milliseconds: number, told: (cases: number) => void }} options
   */
  async run(kind, { first, most, milliseconds, told }) {
    const end = performance.now() + milliseconds;
    let next = first;
    do {
      const turn = { seed: this.#seed, first: next, most: kind.by === 'page' ? first + most - next : 1, milliseconds: Math.max(1, Math.min(TURN_MS, end - performance.now())) };
      try {
        if (kind.by === 'host') await this.#killPages(kind, next);
        else this.#tally.add(kind.name, await within(turn.milliseconds + PATIENCE_MS, this.#turn(kind, turn), `case ${next} or one after it`).then((result) => ((next = result.next - 1), result)));
      } catch (error) {
        this.#tally.lose(kind.name, { fault: kind.name, case: next, what: /** @type {Error} */ (error).message });
        await this.close();
      }
      next++;
      told(next - first);
    } while (next < first + most && performance.now() < end);
  }

  async close() {
    const page = this.#page;
    this.#page = null;
    await page?.close();
  }

  /** @param {Kind} kind @param {import('./turn.ts').Turn} turn @returns {Promise<import('./turn.ts').TurnResult>} */
  async #turn(kind, turn) {
    this.#page ??= await this.#host.open(() => this.#ready());
    let ended = false;
    const result = this.#page.call(kind.call, turn).finally(() => (ended = true));
    if (kind.by === 'gpu') {
      result.catch(() => {});
      // One in four falls wherever it may, the others where a scene has begun.
      const begun = drawn(this.#seed, kind.name, turn.first, 'anywhere') < 0.25 ? null : new Promise((/** @type {(value?: undefined) => void} */ resolve) => (this.#ready = resolve));
      await Promise.race([begun, result.catch(() => {})]);
      await Promise.race([pause(moment(this.#seed, kind.name, turn.first)), result.catch(() => {})]);
      if (!ended) await this.#host.crashGpu?.();
    }
    return result;
  }

  /**
   * A run in parts, each from the checkpoint of the part before it, and its page killed at random moments in between.
   * @param {Kind} kind @param {number} index
   */
  async #killPages({ name, call }, index) {
    const fault = 'the page or process of a run is killed';
    await this.close();
    let page = await this.#host.open(() => {});
    try {
      const part = (/** @type {number} */ steps, /** @type {Uint8Array | null} */ checkpoint) => within(PATIENCE_MS, page.call(call, { run: index, steps, checkpoint }), 'a part of a run');
      const expected = await part(RUN.steps, null);
      /** @type {number[]} */
      const losses = [];
      /** @type {Uint8Array | null} */
      let checkpoint = null;
      for (let attempt = 0; losses.length < RUN.steps; attempt++) {
        const going = part(RUN.part, checkpoint);
        if (attempt < KILLS) {
          going.catch(() => {}); // it ends with its page
          await Promise.race([pause(moment(this.#seed, name, index, attempt)), going.catch(() => {})]);
          await page.close();
          this.#tally.add(name, { next: 0, injected: { [fault]: 1 }, lost: [], counts: {} });
          page = await this.#host.open(() => {});
          const kept = await Promise.race([going.catch(() => null), pause(0).then(() => null)]);
          if (kept === null) continue;
          losses.push(...kept.losses);
          checkpoint = kept.checkpoint;
          continue;
        }
        const done = await going;
        losses.push(...done.losses);
        checkpoint = done.checkpoint;
      }
      const same = losses.every((loss, i) => loss === expected.losses[i]) && Buffer.compare(Buffer.from(/** @type {Uint8Array} */ (checkpoint)), Buffer.from(expected.checkpoint)) === 0;
      if (!same) this.#tally.lose(name, { fault, case: index, what: 'a run whose page was killed went on from its checkpoint, and gave other losses or another checkpoint than undisturbed' });
    } finally {
      await page.close();
    }
  }
}
