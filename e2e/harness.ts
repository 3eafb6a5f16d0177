// What every spec imports: Playwright's `test` with `inPage`, which runs a function of a page module in Chromium.

import { test as base } from 'playwright/test';
import type { Page } from 'playwright/test';
import { installDeviceGuard } from './device_guard.ts';

export { expect } from 'playwright/test';

/** What a call gives that expects errors. */
export interface Observed<Result> {
  /** Null when the function threw; its message is then the first of `errors`. */
  readonly result: Result | null;
  /** Thrown, validation, out-of-memory, internal, uncaptured, console and page errors. */
  readonly errors: readonly string[];
}

/**
 * Imports `module` (a path from the repository's root, `/e2e/gpu/x.page.ts`) in a page and calls its export `name` with
 * `args`, one JSON value. Result: JSON or typed arrays, which come back as typed arrays of the same kind, also nested.
 *
 * The page is kept for the tests of a worker, so a module is evaluated once and must hold no state. Devices do not
 * outlive the call. Any GPU error, console error or exception fails the test, unless `expectErrors` asks for them.
 */
export interface InPage {
  <Result>(module: string, name: string, args?: unknown): Promise<Result>;
  <Result>(module: string, name: string, args: unknown, options: { readonly expectErrors: true }): Promise<Observed<Result>>;
}

class EnginePage {
  readonly #open: () => Promise<Page>;
  #page: Page | null = null;
  #reported: string[] = [];

  constructor(open: () => Promise<Page>) {
    this.#open = open;
  }

  async call<Result>(module: string, name: string, args: unknown): Promise<Observed<Result>> {
    const page = await this.#ready();
    this.#reported = [];
    const { result, thrown, messages } = await page.evaluate(async (call) => {
      window.deviceGuard.begin();
      let result: unknown = null;
      let thrown: string | null = null;
      try {
        const exports = (await import(call.module)) as Record<string, unknown>;
        const callee = exports[call.name];
        if (typeof callee !== 'function') throw new Error(`${call.module} exports no function ${call.name}; it has ${Object.keys(exports).join(', ')}.`);
        result = await callee(call.args);
      } catch (error) {
        // Chrome's stack begins with name and message.
        thrown = error instanceof Error ? error.stack ?? String(error) : `Thrown, but no Error: ${String(error)}`;
      }
      return { result, thrown, messages: await window.deviceGuard.end() };
    }, { module, name, args });
    const errors = [...(thrown === null ? [] : [thrown]), ...messages, ...this.#reported];
    return { result: thrown === null ? (result as Result) : null, errors };
  }

  async close(): Promise<void> {
    await this.#page?.close();
  }

  async #ready(): Promise<Page> {
    if (this.#page && !this.#page.isClosed()) return this.#page;
    const page = await this.#open();
    page.on('crash', () => {
      if (this.#page === page) this.#page = null;
    });
    page.on('pageerror', (error) => this.#reported.push(`Page error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#reported.push(`Console: ${message.text()} (${message.location().url})`);
    });
    await page.addInitScript(installDeviceGuard);
    await page.goto(`${serverUrl()}/e2e/blank.html`);
    this.#page = page;
    return page;
  }
}

/** Address of the dev server of this run, `http://127.0.0.1:PORT`. */
export function serverUrl(): string {
  const url = process.env.UNFOLD_URL;
  if (!url) throw new Error('UNFOLD_URL is not set: the dev server of e2e/server.ts is not running. Start tests with `npx playwright test`.');
  return url;
}

export const test = base.extend<{ inPage: InPage }, { enginePage: EnginePage }>({
  enginePage: [async ({ browser }, use) => {
    const page = new EnginePage(() => browser.newPage());
    await use(page);
    await page.close();
  }, { scope: 'worker' }],

  inPage: async ({ enginePage }, use) => {
    const call = async (module: string, name: string, args?: unknown, options?: { readonly expectErrors: true }): Promise<unknown> => {
      const observed = await enginePage.call(module, name, args);
      if (options?.expectErrors) return observed;
      if (observed.errors.length > 0) throw new Error(`${module} ${name}:\n${observed.errors.join('\n')}`);
      return observed.result;
    };
    await use(call as InPage);
  },
});
