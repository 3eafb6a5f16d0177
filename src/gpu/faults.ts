// Whose error is it? WebGPU tells of an error later than the call, and not to whom. Here it belongs to what it spoiled: a buffer
// knows what came of the work that wrote it, and that work of what it read. The first read of something that depends on refused work
// throws its error, once; a read of anything else does not, and goes on. What nobody has read, `gpu.check()` throws.
import { OutOfMemoryError, ShaderError } from './errors.ts';

interface Fault {
  readonly error: Error;
  /** Of the work that it is of, in the order of work. */
  readonly number: number;
  /** The moment at which somebody was told. */
  told: number | null;
}

/** Whether nobody had been told of it by that moment. */
const isNewsAt = ({ told }: Fault, moment: number): boolean => told === null || told > moment;

/** More of one piece of work would only be the consequences of these. */
const MOST_FAULTS = 16;

/** What came of a piece of work and of all that it was made from. */
class Outcome {
  /** The earliest first; complete when `settled` resolves. */
  faults: readonly Fault[] = [];
  readonly settled: Promise<void>;
  /** What stays wrong with what was made: memory that is not there, a shader that does not compile. */
  #lasting: Fault | null = null;
  #isSettled = false;

  constructor(number: number, reports: Iterable<Promise<Error | null>>, from: Iterable<Outcome>) {
    const sources = [...from];
    const own = Promise.all(Array.from(reports, (report) => report.catch(() => null))); // a lost device rejects its scopes, and says so itself
    this.settled = Promise.all([own, ...sources.map(({ settled }) => settled)]).then(([errors]) => {
      // Another read may be told while this work's own reports are still on their way.
      const faults = new Set(sources.flatMap((source) => source.faults.filter((fault) => isNewsAt(fault, number))));
      const cause = sources.map((source) => source.#lasting).find((lasting) => lasting !== null);
      for (const error of errors) {
        if (!error) continue;
        // An error that follows from a lasting one is that one again.
        const fault = cause && isNewsAt(cause, number) ? cause : { error: cause?.error ?? error, number, told: null };
        faults.add(fault);
        if (cause || fault.error instanceof OutOfMemoryError || fault.error instanceof ShaderError) this.#lasting ??= fault;
      }
      this.faults = [...faults].sort((a, b) => a.number - b.number).slice(0, MOST_FAULTS);
      this.#isSettled = true;
    });
  }

  /** Nothing is wrong that somebody has yet to be told, or that what follows must know. */
  get isClean(): boolean {
    return this.#isSettled && this.#lasting === null && this.faults.every(({ told }) => told !== null);
  }
}

/** A piece of work: what tells of its errors, what it reads, what it writes. Whatever has an identity can be read and written. */
export class Work {
  readonly reports = new Set<Promise<Error | null>>();
  readonly reads = new Set<object>();
  readonly writes = new Set<object>();
}

export class Faults {
  readonly #outcomes = new WeakMap<object, Outcome>();
  readonly #untold = new Set<Fault>();
  /** Errors that a call has thrown itself, before or after their work was settled. */
  readonly #known = new WeakSet<Error>();
  #pending: Promise<void> = Promise.resolve();
  #now = 0;

  /** The work is on its way: what it writes depends on it from now on. */
  add({ reports, reads, writes }: Work): void {
    const from = this.#of(reads);
    if (reports.size === 0 && from.size === 0) return;
    const number = ++this.#now;
    const outcome = new Outcome(number, reports, from);
    const joined = new Map<Outcome, Outcome>();
    for (const written of writes) {
      // What was wrong with it before is told, even where this work mends it.
      const before = this.#outcomes.get(written);
      if (before && !before.isClean && !from.has(before)) {
        const both = joined.get(before) ?? new Outcome(number, [], [before, outcome]);
        joined.set(before, both);
        this.#outcomes.set(written, both);
      } else this.#outcomes.set(written, outcome);
    }
    const settled = outcome.settled.then(() => {
      for (const fault of outcome.faults) this.#untold.add(fault);
      this.#tellKnown();
      for (const fault of this.#untold) if (fault.told !== null || this.#untold.size > MOST_FAULTS) this.#untold.delete(fault);
    });
    this.#pending = Promise.all([this.#pending, settled]).then(() => undefined);
  }

  #of(things: Iterable<object>): Set<Outcome> {
    const found = new Set<Outcome>();
    for (const thing of things) {
      const outcome = this.#outcomes.get(thing);
      if (outcome && !outcome.isClean) found.add(outcome);
    }
    return found;
  }

  /** The moment at which a read begins. */
  begin(): number {
    return ++this.#now;
  }

  /** Wait for the work that these depend on. @throws its first error, unless it was told before that moment */
  async tell(things: Iterable<object>, begun: number): Promise<void> {
    const outcomes = Array.from(things, (thing) => this.#outcomes.get(thing)).filter((outcome) => outcome !== undefined);
    await Promise.all(outcomes.map(({ settled }) => settled));
    this.#tell(outcomes.flatMap(({ faults }) => faults).sort((a, b) => a.number - b.number), begun);
  }

  /** Wait for all work so far. @throws the first error that nobody was told */
  async check(): Promise<void> {
    const begun = this.begin();
    await this.#pending;
    const first = [...this.#untold].sort((a, b) => a.number - b.number).find(({ told }) => told === null);
    if (first) this.#tell([first], begun);
  }

  /** A call throws this error at once. */
  know(error: Error): void {
    this.#known.add(error);
    this.#tellKnown();
  }

  #tellKnown(): void {
    for (const fault of this.#untold) if (this.#known.has(fault.error)) fault.told ??= ++this.#now;
  }

  #tell(faults: readonly Fault[], begun: number): void {
    const first = faults.find((fault) => isNewsAt(fault, begun));
    if (!first) return;
    const now = ++this.#now;
    for (const fault of faults) fault.told ??= now;
    throw first.error;
  }
}
