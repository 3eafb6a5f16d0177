// @ts-check
// Headless Chrome on tools/conformance/page.ts. A page that crashes or gives no answer is replaced by another.
import { resolve } from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { browserFlags, findBrowser } from '../setup.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const START_MS = 60_000;
const CASE_MS = 180_000;
const CLOSE_MS = 10_000;

/** @typedef {import('./page.ts').Verdict} Verdict */

/** @param {'default' | 'swiftshader'} adapter */
export async function openRunner(adapter) {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chrome or Chromium found; run node tools/setup.mjs, or set UNFOLD_CHROME to the path of one');
  process.env.UNFOLD_ADAPTER = adapter;
  const server = await createServer({
    root: ROOT,
    configFile: resolve(ROOT, 'vite.config.ts'),
    logLevel: 'error',
    clearScreen: false,
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  /** @type {import('playwright').Browser | null} */
  let browser = null;
  /** @type {ReturnType<typeof watched> | null} */
  let page = null;
  const close = async () => {
    await Promise.allSettled([browser ? within(CLOSE_MS, browser.close(), 'closing the browser') : null,
      within(CLOSE_MS, server.close(), 'closing the server')]);
  };

  const open = async () => {
    if (!browser?.isConnected()) browser = await chromium.launch({ executablePath, headless: true, args: browserFlags(), timeout: START_MS });
    page = watched(await browser.newPage());
    await page.goto(new URL('tools/conformance/page.html', server.resolvedUrls?.local[0]).href);
    return within(START_MS, page.call('open', null), 'opening the device');
  };

  try {
    await server.listen();
    /** @type {string} */
    const adapterName = await open();
    return {
      adapterName,
      close,
      /**
       * @param {import('./case.ts').CaseJSON} given @param {boolean} raw whether the tensors are wanted
       * @returns {Promise<Verdict>}
       */
      async run(given, raw) {
        try {
          if (!page) await open();
          return await within(CASE_MS, /** @type {ReturnType<typeof watched>} */ (page).call('run', { given, raw }), 'the case');
        } catch (error) {
          void page?.close();
          page = null;
          return { status: 'failed', reason: /** @type {Error} */ (error).message };
        }
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * A page whose calls end when it crashes.
 * @param {import('playwright').Page} page
 */
function watched(page) {
  /** @type {Promise<never>} */
  const crash = new Promise((_, reject) => {
    page.on('crash', () => reject(new Error('the page crashed: the browser or its GPU process ran out of memory, perhaps')));
    page.on('close', () => reject(new Error('the page was closed')));
  });
  crash.catch(() => {});
  return {
    goto: (/** @type {string} */ address) => page.goto(address, { timeout: START_MS }),
    close: () => page.close().catch(() => {}),
    /**
     * Call a function that tools/conformance/page.ts exports.
     * @param {string} name @param {unknown} argument
     * @returns {Promise<any>}
     */
    call: (name, argument) => Promise.race([crash, page.evaluate(async ({ name, argument }) => {
      const module = await import(/** @type {any} */ ('/tools/conformance/page.ts'));
      return module[name](argument);
    }, { name, argument })]),
  };
}

/**
 * @template T
 * @param {number} ms @param {Promise<T>} promise @param {string} what
 * @returns {Promise<T>}
 */
async function within(ms, promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} seconds`)), ms);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
