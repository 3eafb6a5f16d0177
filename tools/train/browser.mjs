// @ts-check
// Headless Chrome with WebGPU on a page of our own dev server, its files exchanged over that server.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { findBrowser } from '../setup.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const START_MS = 60_000;
const CLOSE_MS = 10_000;

/**
 * @typedef {object} Exchange what passes between this process and the page, by name
 * @property {Record<string, () => string | Uint8Array>} give read by the page with GET
 * @property {Record<string, (bytes: Uint8Array) => void>} take written by the page with PUT
 * @property {(progress: import('./types.ts').Progress) => void} report
 */

/** An error thrown in the page, with its own name and message. */
export class PageError extends Error {
  /** @param {string} name @param {string} message */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/**
 * @param {'default' | 'swiftshader'} adapter
 * @param {Exchange} exchange
 * @param {(line: string) => void} warn
 */
export async function openPage(adapter, exchange, warn) {
  const browserPath = findBrowser();
  if (!browserPath) throw new Error('no Chrome or Chromium found; run node tools/setup.mjs, or set UNFOLD_CHROME to the path of one');
  // Only the page knows the folder's name, so no other page of this machine reads or writes here.
  const folder = `/${randomUUID()}/`;
  const server = await createServer({
    root: ROOT,
    configFile: resolve(ROOT, 'vite.config.ts'),
    logLevel: 'error',
    clearScreen: false,
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    plugins: [exchangePlugin(folder, exchange)],
  });
  /** @type {import('playwright').Browser | null} */
  let browser = null;
  const close = async () => {
    await Promise.allSettled([browser ? within(CLOSE_MS, browser.close(), 'closing the browser') : null,
      within(CLOSE_MS, server.close(), 'closing the server')]);
  };
  try {
    await server.listen();
    const origin = server.resolvedUrls?.local[0] ?? '';
    const start = async (/** @type {'default' | 'swiftshader'} */ kind) => {
      browser = await chromium.launch({
        executablePath: browserPath, headless: true, args: flags(kind), timeout: START_MS,
        // Ctrl-C is for this process, which saves first.
        handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
      });
      const page = await browser.newPage();
      await page.exposeFunction('report', exchange.report);
      await page.goto(new URL(folder.slice(1), origin).href, { timeout: START_MS });
      return page;
    };
    let page = await start(adapter);
    if (adapter === 'default' && !(await hasAdapter(page))) {
      warn('Chrome finds no GPU on this machine; starting it again with its software adapter');
      await /** @type {any} */ (browser).close();
      page = await start('swiftshader');
    }
    return { call: caller(page), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param {'default' | 'swiftshader'} kind */
function flags(kind) {
  const list = ['--enable-unsafe-webgpu'];
  if (kind === 'swiftshader') list.push('--use-webgpu-adapter=swiftshader');
  else if (process.platform === 'linux') list.push('--enable-features=Vulkan', '--ignore-gpu-blocklist');
  if (process.getuid?.() === 0) list.push('--no-sandbox');
  return list;
}

/** @param {import('playwright').Page} page */
function hasAdapter(page) {
  return within(START_MS, page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter())), 'asking the browser for a GPU');
}

/**
 * Call a function that tools/train/page.ts exports.
 * @param {import('playwright').Page} page
 */
function caller(page) {
  /** @type {Promise<never>} */
  const crash = new Promise((_, reject) => {
    page.on('crash', () => reject(new Error('the page crashed: the browser or its GPU process ran out of memory, perhaps. Try a smaller model or batch')));
    page.on('close', () => reject(new Error('the browser was closed')));
  });
  crash.catch(() => {});
  return async (/** @type {string} */ name, /** @type {unknown} */ argument = null) => {
    const answer = await Promise.race([crash, page.evaluate(async ({ name, argument }) => {
      try {
        const module = await import(/** @type {any} */ ('/tools/train/page.ts'));
        return { value: await module[name](argument) };
      } catch (error) {
        return { error: error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) } };
      }
    }, { name, argument })]);
    if (answer.error) throw new PageError(answer.error.name, answer.error.message);
    return answer.value;
  };
}

/**
 * @param {string} folder @param {Exchange} exchange
 * @returns {import('vite').Plugin}
 */
function exchangePlugin(folder, { give, take }) {
  return {
    name: 'train-exchange',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (!request.url?.startsWith(folder)) return next();
        const name = request.url.slice(folder.length);
        const source = give[name];
        const sink = take[name];
        if (request.method === 'GET' && name === '') {
          response.setHeader('content-type', 'text/html; charset=utf-8');
          response.end('<!doctype html><title>Training</title>');
        } else if (request.method === 'GET' && source) {
          response.setHeader('content-type', 'application/octet-stream');
          response.end(source());
        } else if (request.method === 'PUT' && sink) {
          /** @type {Buffer[]} */
          const chunks = [];
          request.on('data', (chunk) => chunks.push(chunk));
          request.on('end', () => {
            try {
              sink(Buffer.concat(chunks));
              response.end();
            } catch (error) {
              response.statusCode = 500;
              response.end(/** @type {Error} */ (error).message);
            }
          });
        } else {
          response.statusCode = 404;
          response.end(`nothing is called ${name}`);
        }
      });
    },
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
