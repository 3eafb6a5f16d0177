// Where a contender runs: a page of a browser, a process of Node, or Python. Each answers the calls of bench/page.ts.

import type { Bench } from '../page.ts';

export interface Host {
  /** A place for one contender. */
  open(): Promise<Place>;
  /** A place where nothing was compiled before: a browser of its own. */
  openCold(): Promise<Place>;
  close(): Promise<void>;
}

/** What `call` throws when there was no answer in time. The place is closed. */
export class NoAnswer extends Error {}

export abstract class Place {
  /** What went wrong beside a call that failed. */
  readonly problems: string[] = [];

  protected abstract ask(method: string, args: readonly unknown[]): Promise<unknown>;
  abstract close(): Promise<void>;

  /** Calls a function of bench/page.ts. Rejects with what it threw, or with NoAnswer after `limit` milliseconds. */
  async call<M extends keyof Bench>(method: M, args: Parameters<Bench[M]>, limit: number): Promise<Awaited<ReturnType<Bench[M]>>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new NoAnswer(`no answer from ${method} within ${limit / 1000} s`));
        void this.close();
      }, limit);
    });
    const answer = this.ask(method, args);
    answer.catch(() => {}); // a place that is closed on a late answer rejects this too
    try {
      return (await Promise.race([answer, late])) as Awaited<ReturnType<Bench[M]>>;
    } finally {
      clearTimeout(timer);
    }
  }
}
