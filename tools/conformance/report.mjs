// @ts-check
// What `npm run conformance` prints: failures and gaps as they come, a line a file, a line in all.

/** @typedef {import('./page.ts').Verdict} Verdict */

/** @param {number} value */
const short = (value) => (Number.isFinite(value) ? value.toExponential(1) : 'infinite');

export class Tally {
  passed = 0;
  failed = 0;
  /** Cases by the reason for which they could not run. @type {Map<string, number>} */
  unsupported = new Map();
  /** @type {{ error: number, where: string } | null} */
  worst = null;

  /** @param {string} id @param {Verdict} verdict @returns {string[]} lines to print: none for a case that passed */
  add(id, verdict) {
    if (verdict.status === 'unsupported') {
      this.unsupported.set(verdict.reason, (this.unsupported.get(verdict.reason) ?? 0) + 1);
      return [`unsupported  ${id}: ${verdict.reason}`];
    }
    this[verdict.status]++;
    if (!('scores' in verdict)) return [`failed       ${id}: ${verdict.reason}`];
    for (const { field, error } of verdict.scores) {
      if (!this.worst || error > this.worst.error) this.worst = { error, where: `${id} ${field}` };
    }
    return verdict.scores.filter(({ error, tolerance }) => !(error <= tolerance))
      .map(({ field, error, tolerance }) => `failed       ${id}: ${field} error ${short(error)}, tolerance ${short(tolerance)}`);
  }

  /** @param {Tally} other */
  include(other) {
    this.passed += other.passed;
    this.failed += other.failed;
    for (const [reason, count] of other.unsupported) this.unsupported.set(reason, (this.unsupported.get(reason) ?? 0) + count);
    if (other.worst && (!this.worst || other.worst.error > this.worst.error)) this.worst = other.worst;
  }

  get total() {
    return this.passed + this.failed + this.gaps;
  }

  /** Cases that are unsupported. */
  get gaps() {
    return [...this.unsupported.values()].reduce((sum, count) => sum + count, 0);
  }

  toString() {
    const worst = this.worst ? `, worst relative error ${short(this.worst.error)} (${this.worst.where})` : '';
    return `${this.passed}/${this.total} passed, ${this.failed} failed, ${this.gaps} unsupported${worst}`;
  }
}
