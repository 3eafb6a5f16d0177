// A turn: some cases of one kind, run in a page or a process, and what became of them.
import { Chance } from './chance.ts';

/** What the command asks for: cases from `first` on, until the time is over or `most` of them are done. */
export interface Turn {
  readonly seed: number;
  readonly first: number;
  readonly most: number;
  readonly milliseconds: number;
}

export interface LostCase {
  readonly fault: string;
  /** Its number: `--seed`, `--only` and `--case` run it again. */
  readonly case: number;
  readonly what: string;
}

export interface TurnResult {
  /** The case to go on with. */
  readonly next: number;
  /** How often each fault was injected. */
  readonly injected: Readonly<Record<string, number>>;
  readonly lost: readonly LostCase[];
  /** What else is counted, such as steps. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Something that must not happen: the case is lost, and the message says why. */
export class LostError extends Error {
  override readonly name = 'LostError';
}

export class Tally {
  readonly injected: Record<string, number> = {};
  readonly counts: Record<string, number> = {};
  readonly lost: LostCase[] = [];
  #fault: string;
  #case = 0;
  readonly #kind: string;

  constructor(kind: string) {
    this.#kind = kind;
    this.#fault = kind;
  }

  begin(index: number): void {
    this.#case = index;
    this.#fault = this.#kind;
  }

  /** A fault is about to be injected: what is lost from now on is lost to it. */
  attempt(fault: string): void {
    this.#fault = fault;
  }

  /** A fault was injected. */
  inject(fault: string, times = 1): void {
    this.#fault = fault;
    this.injected[fault] = (this.injected[fault] ?? 0) + times;
  }

  count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  /** The last value of something that is measured again and again. */
  measure(what: string, value: number): void {
    this.counts[`last ${what}`] = value;
  }

  lose(what: string): void {
    if (!(this.#fault in this.injected)) this.injected[this.#fault] = 1;
    this.lost.push({ fault: this.#fault, case: this.#case, what });
  }
}

/** Rejections that nobody has caught since they were last asked for. */
const uncaught: string[] = [];
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  const note = (reason: unknown): void => void uncaught.push(`a rejection that nobody caught: ${describe(reason)}`);
  const { process } = globalThis as { process?: { on?(event: string, listener: (reason: unknown) => void): void } };
  if (typeof addEventListener === 'function' && typeof window !== 'undefined') addEventListener('unhandledrejection', ({ reason }) => note(reason));
  else process?.on?.('unhandledRejection', note);
}

/** Name, message and where it was thrown. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `no Error but ${String(error)}`;
  const [where = ''] = /^\s+at .*$/m.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message}${where && ` (${where.trim()})`}`;
}

/** Run cases one after another. What a case throws makes it a lost one, and the next goes on. */
export async function takeTurn(kind: string, { seed, first, most, milliseconds }: Turn, body: (chance: Chance, tally: Tally, index: number) => Promise<void>): Promise<TurnResult> {
  listen();
  const tally = new Tally(kind);
  const end = performance.now() + milliseconds;
  let next = first;
  do {
    tally.begin(next);
    uncaught.length = 0;
    try {
      await body(new Chance(seed, kind, next), tally, next);
    } catch (error) {
      tally.lose(error instanceof LostError ? error.message : `an error that nobody expected: ${describe(error)}`);
    }
    for (let task = 0; task < 3; task++) await new Promise((resolve) => setTimeout(resolve, 0)); // rejections are told of between tasks
    for (const problem of uncaught.splice(0)) tally.lose(problem);
    next++;
  } while (next < first + most && performance.now() < end);
  return { next, injected: tally.injected, lost: tally.lost, counts: tally.counts };
}
