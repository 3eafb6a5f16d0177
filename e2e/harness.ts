// What every spec imports: Playwright's `test` with `inPage`, which runs a function of a page module on the project's host.

import { chromium, test as base } from 'playwright/test';
import { missingFor, openHostPage, type HostName, type HostPage } from './hosts.ts';

export { expect } from 'playwright/test';
export { serverUrl } from './hosts.ts';

/** What a call gives that expects errors. */
export interface Observed<Result> {
  /** Null when the function threw; its message is then the first of `errors`. */
  readonly result: Result | null;
  /** Thrown, validation, out-of-memory, internal, uncaptured, console and page errors. */
  readonly errors: readonly string[];
}

/** A page module, named for `inPage`: its path, with the types of what it exports. */
export interface PageModule<Exports> {
  /** From the repository's root: `/e2e/gpu/x.page.ts`. */
  readonly path: string;
  /** For the types alone; never there. */
  readonly exports?: Exports;
}

/** `pageOf<typeof import('./x.page.ts')>('/e2e/gpu/x.page.ts')`; e2e/node/page_modules.spec.ts fails where the two are not one file. */
export const pageOf = <Exports>(path: string): PageModule<Exports> => ({ path });

/** A function of one argument, or of none. */
type PageFunction = (args: never) => unknown;
/** The names of those exports that a call can reach. */
type NameIn<Exports> = { [Name in keyof Exports]: Exports[Name] extends PageFunction ? Name : never }[keyof Exports] & string;
type ArgumentsOf<Exports, Name extends keyof Exports> = Parameters<Extract<Exports[Name], PageFunction>>;
type ResultOf<Exports, Name extends keyof Exports> = Awaited<ReturnType<Extract<Exports[Name], PageFunction>>>;

/**
 * Imports `module` in a page or process of the host and calls its export `name` with at most one argument, a JSON value. Result: JSON or
 * typed arrays, which come back as typed arrays of the same kind, also nested.
 *
 * The page is kept for the tests of a worker, so a module is evaluated once and must hold no state. Devices do not
 * outlive the call. Any GPU error, console error or exception fails the test, unless `expectErrors` asks for them.
 */
export interface InPage {
  <Exports, Name extends NameIn<Exports>>(
    module: PageModule<Exports>, name: Name, ...args: ArgumentsOf<Exports, Name>
  ): Promise<ResultOf<Exports, Name>>;
  <Exports, Name extends NameIn<Exports>>(
    module: PageModule<Exports>, name: Name, args: ArgumentsOf<Exports, Name>[0], options: { readonly expectErrors: true },
  ): Promise<Observed<ResultOf<Exports, Name>>>;
}

/** The page of a worker: opened at its first call, and again after a crash. */
class EnginePage {
  readonly #open: () => Promise<HostPage>;
  #page: HostPage | null = null;
  /** `module name` of the call that has not ended yet. */
  #running: string | null = null;

  constructor(open: () => Promise<HostPage>) {
    this.#open = open;
  }

  /** One at a time, since the end of a call destroys every device of the page. */
  async call(module: string, name: string, args: unknown): Promise<Observed<unknown>> {
    if (this.#running !== null) throw new Error(`${module} ${name} was called while ${this.#running} still runs in the same page; await one call before the next`);
    this.#running = `${module} ${name}`;
    try {
      return await this.#call(module, name, args);
    } finally {
      this.#running = null;
    }
  }

  async #call(module: string, name: string, args: unknown): Promise<Observed<unknown>> {
    if (!this.#page?.alive) {
      await this.close();
      this.#page = await this.#open();
    }
    const { result, thrown, messages, problems } = await this.#page.call({ module, name, args });
    return { result: thrown === null ? result : null, errors: [...(thrown === null ? [] : [thrown]), ...messages, ...problems] };
  }

  async close(): Promise<void> {
    await this.#page?.close();
  }
}

export const test = base.extend<{ inPage: InPage }, { host: HostName; enginePage: EnginePage }>({
  /** Set by the project. */
  host: ['chromium', { option: true, scope: 'worker' }],

  enginePage: [async ({ host, launchOptions }, use) => {
    const page = new EnginePage(() => openHostPage(host, () => chromium.launch(launchOptions)));
    await use(page);
    await page.close();
  }, { scope: 'worker' }],

  inPage: async ({ host, enginePage }, use, info) => {
    const missing = missingFor(host);
    // A host that was asked for by its name must be there.
    if (missing !== null && process.env.UNFOLD_HOST === host) throw new Error(missing);
    info.skip(missing !== null, missing ?? '');
    const call = async ({ path }: PageModule<unknown>, name: string, args?: unknown, options?: { readonly expectErrors: true }): Promise<unknown> => {
      const observed = await enginePage.call(path, name, args);
      if (options?.expectErrors) return observed;
      if (observed.errors.length > 0) throw new Error(`${path} ${name}:\n${observed.errors.join('\n')}`);
      return observed.result;
    };
    await use(call as InPage);
  },
});
