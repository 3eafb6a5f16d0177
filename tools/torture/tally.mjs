// @ts-check
// What became of all cases of a run.

/** @typedef {import('./turn.ts').TurnResult} TurnResult */
/** @typedef {import('./turn.ts').LostCase & { kind: string }} Lost */

export class RunTally {
  /** Times by fault. @type {Map<string, number>} */
  injected = new Map();
  /** @type {Lost[]} */
  lost = [];
  /** The last measurements, by what was measured. @type {Map<string, number>} */
  last = new Map();

  /** @param {string} kind @param {TurnResult} result */
  add(kind, { injected, lost, counts }) {
    for (const [fault, times] of Object.entries(injected)) this.injected.set(fault, (this.injected.get(fault) ?? 0) + times);
    for (const one of lost) this.lose(kind, one);
    for (const [what, value] of Object.entries(counts)) if (what.startsWith('last ')) this.last.set(what.slice(5), value);
  }

  /** @param {string} kind @param {import('./turn.ts').LostCase} one */
  lose(kind, one) {
    if (!this.injected.has(one.fault)) this.injected.set(one.fault, 1);
    this.lost.push({ ...one, kind });
  }

  /** Rows of the table. @returns {{ fault: string, injected: number, survived: number, lost: number }[]} */
  rows() {
    return [...this.injected].map(([fault, injected]) => {
      const lost = this.lost.filter((one) => one.fault === fault).length;
      return { fault, injected, survived: Math.max(0, injected - lost), lost };
    });
  }

  /** How often a fault of that name, or one that begins with it, was injected. @param {string} fault */
  times(fault) {
    return [...this.injected].reduce((sum, [name, times]) => sum + (name === fault || name.startsWith(`${fault} of `) ? times : 0), 0);
  }
}
