// Where the functions of page modules run: a page of Chromium or of Firefox, or a process of Node or Deno.

import type { Browser } from 'playwright/test';
import { missingFor as missing, type HostName } from '../tools/hosts/open.mjs';
import { openProcess } from '../tools/hosts/processes.mjs';
import { adapterKind } from '../tools/setup.mjs';
import type { PageCall, PageResult } from './pages.ts';

export type { HostName };

/** The module that every host loads. */
export const PAGES = '/e2e/pages.ts';

/** One page or process, kept for many calls. */
export interface HostPage {
  /** Whether it can be called; one that crashed cannot. */
  readonly alive: boolean;
  /** `problems` are console errors, and exceptions that nobody caught. */
  call(given: PageCall): Promise<PageResult & { readonly problems: readonly string[] }>;
  close(): Promise<void>;
}

/** Why a host cannot run on this machine, or null. */
export const missingFor = (host: HostName): string | null => missing(host, adapterKind());

/** `launch` starts Chromium. */
export async function openHostPage(host: HostName, launch: () => Promise<Browser>): Promise<HostPage> {
  if (host === 'chromium') return chromiumPage(await launch());
  if (host === 'firefox') return firefoxPage();
  const program = required('UNFOLD_PAGES', 'the program of e2e/pages.ts, which e2e/server.ts builds');
  const process = await openProcess(host, { program, adapter: adapterKind() });
  return {
    get alive() {
      return process.alive;
    },
    async call(given) {
      const { value, error, problems } = await process.call('call', given);
      if (error) throw new Error(`${error.name}: ${error.message}\n${error.stack}`);
      return { ...(value as PageResult), problems };
    },
    close: () => process.close(),
  };
}

async function chromiumPage(browser: Browser): Promise<HostPage> {
  const page = await browser.newPage();
  let alive = true;
  let problems: string[] = [];
  page.on('crash', () => {
    alive = false;
  });
  page.on('pageerror', (error) => problems.push(`Page error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`Console: ${message.text()} (${message.location().url})`);
  });
  await page.goto(`${serverUrl()}/e2e/blank.html`);
  return {
    get alive() {
      return alive && !page.isClosed();
    },
    async call(given) {
      problems = [];
      const result = await page.evaluate(async ({ pages, given }) => {
        const { call } = (await import(pages)) as typeof import('./pages.ts');
        return call(given);
      }, { pages: PAGES, given });
      return { ...result, problems };
    },
    close: () => browser.close(),
  };
}

async function firefoxPage(): Promise<HostPage> {
  const { openFirefox } = await import('../tools/hosts/firefox.mjs');
  const firefox = await openFirefox();
  let problems: string[] = [];
  const page = await firefox.open({ url: `${serverUrl()}/e2e/blank.html`, module: PAGES, report: (problem) => problems.push(problem) });
  return {
    get alive() {
      return page.alive;
    },
    async call(given) {
      problems = [];
      const result = (await page.call('call', given)) as PageResult;
      return { ...result, problems };
    },
    close: () => firefox.close(),
  };
}

/** Address of the dev server of this run, `http://127.0.0.1:PORT`. */
export function serverUrl(): string {
  return required('UNFOLD_URL', 'the address of the dev server of e2e/server.ts');
}

function required(name: string, what: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: ${what}. Start tests with \`npx playwright test\`.`);
  return value;
}
