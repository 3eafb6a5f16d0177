// @ts-check
// Headless Chrome with WebGPU on pages of our own dev server, for the commands that run the engine: train, example, conformance.
import { resolve } from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { PageError, within } from './calls.mjs';
import { browserFlags, findBrowser } from './setup.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const START_MS = 60_000;
const CLOSE_MS = 10_000;

/** @typedef {'default' | 'swiftshader'} Adapter */
/** @typedef {Awaited<ReturnType<typeof openChrome>>} Chrome */
/** @typedef {Awaited<ReturnType<Chrome['open']>>} EnginePage */

/**
 * @typedef {object} ChromeOptions
 * @property {Adapter} adapter
 * @property {import('vite').Plugin[]} [plugins] of the server, besides the project's
 * @property {string[]} [flags] of Chrome, besides those for WebGPU
 * @property {boolean} [ownSignals] Ctrl-C is the command's, which ends in its own order; default false: it ends the browser
 * @property {(line: string) => void} [warn] with it, a machine without a GPU goes on with the software adapter, and is told so
 */

/**
 * @typedef {object} PageOptions
 * @property {string} path of the page, from the repository's root
 * @property {string} module whose exports are called, from the repository's root: `/tools/train/page.ts`
 * @property {Record<string, (argument: any) => void>} [functions] of this process, given to the page as global functions
 */

/** Vite as all commands use it: no file is watched, no dependency bundled, so several can run side by side. */
export const SERVER = /** @type {const} */ ({
  root: ROOT,
  configFile: resolve(ROOT, 'vite.config.ts'),
  logLevel: 'error',
  clearScreen: false,
  optimizeDeps: { noDiscovery: true },
});

/** @param {ChromeOptions} options */
export async function openChrome({ adapter, plugins = [], flags = [], ownSignals = false, warn }) {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chrome or Chromium found; run node tools/setup.mjs, or set UNFOLD_CHROME to the path of one');
  const server = await createServer({ ...SERVER, server: { host: '127.0.0.1', port: 0, hmr: false, watch: null }, plugins });
  let kind = adapter;
  /** @type {import('playwright').Browser | null} */
  let browser = null;
  const close = async () => {
    await Promise.allSettled([browser ? within(CLOSE_MS, browser.close(), 'closing the browser') : null,
      within(CLOSE_MS, server.close(), 'closing the server')]);
  };

  /** @param {PageOptions} options */
  const start = async ({ path, module, functions = {} }) => {
    if (!browser?.isConnected()) {
      const signals = ownSignals && { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
      browser = await chromium.launch({ executablePath, headless: true, args: [...browserFlags(kind), ...flags], timeout: START_MS, ...signals });
    }
    const page = await browser.newPage();
    const call = caller(page, module);
    for (const [name, body] of Object.entries(functions)) await page.exposeFunction(name, body);
    await page.goto(new URL(path, server.resolvedUrls?.local[0]).href, { timeout: START_MS });
    return { page, call, close: () => page.close().catch(() => {}) };
  };

  try {
    await server.listen();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    /**
     * A page whose calls end when it crashes. A browser that is gone is started again.
     * @param {PageOptions} options
     */
    async open(options) {
      let opened = await start(options);
      if (kind === 'default' && warn && !(await hasAdapter(opened.page))) {
        warn('Chrome finds no GPU on this machine; starting it again with its software adapter');
        kind = 'swiftshader';
        await browser?.close();
        opened = await start(options);
      }
      return { call: opened.call, close: opened.close };
    },
    /** End the GPU process as a driver would that crashes: every device of the browser is lost. */
    async crashGpu() {
      const session = await browser?.newBrowserCDPSession();
      await session?.send('Browser.crashGpuProcess').catch(() => {}); // it is gone before it has answered
      await session?.detach().catch(() => {});
    },
    close,
  };
}

/** @param {import('playwright').Page} page */
function hasAdapter(page) {
  return within(START_MS, page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter())), 'asking the browser for a GPU');
}

/** @param {import('playwright').Page} page @param {string} path of the module */
function caller(page, path) {
  /** @type {Promise<never>} */
  const crash = new Promise((_, reject) => {
    page.on('crash', () => reject(new Error('the page crashed: the browser or its GPU process ran out of memory, perhaps. Try smaller sizes or a smaller batch')));
    page.on('close', () => reject(new Error('the browser was closed')));
  });
  crash.catch(() => {});
  /**
   * Call a function that the module exports.
   * @param {string} name @param {unknown} argument
   * @returns {Promise<any>}
   * @throws {PageError} what the function throws
   */
  return async (name, argument = null) => {
    const answer = await Promise.race([crash, page.evaluate(async ({ path, name, argument }) => {
      try {
        const module = await import(/** @type {any} */ (path));
        return { value: await module[name](argument) };
      } catch (error) {
        return { error: error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) } };
      }
    }, { path, name, argument })]);
    if (answer.error) throw new PageError(answer.error.name, answer.error.message);
    return answer.value;
  };
}
