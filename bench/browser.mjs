// @ts-check
// Where contenders run: the peers' packages, a Vite server over the repository, and Chromium, with a page for each contender.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { createServer, runnerImport } from 'vite';
import { findBrowser } from '../tools/setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_LIMIT = 300_000;
const OPEN_LIMIT = 120_000;

/** `npm ci` in bench/ when its packages are missing or older than the lock file. */
export function installPeers() {
  const installed = statSync(`${HERE}node_modules/.package-lock.json`, { throwIfNoEntry: false });
  if (installed && installed.mtimeMs >= statSync(`${HERE}package-lock.json`).mtimeMs) return;
  console.log('Installing the peers (npm ci in bench/) …');
  const { status, error } = spawnSync('npm', ['ci', '--prefix', HERE, '--no-audit', '--no-fund'], {
    stdio: 'inherit', timeout: INSTALL_LIMIT, shell: process.platform === 'win32',
  });
  if (status !== 0) {
    throw new Error(`npm ci in bench/ failed (${error?.message ?? `exit status ${status}`}); check the network, or run with --peers none`);
  }
}

/**
 * Serves the repository, so that a page can import /bench and /src. Nothing is watched: an edit does not disturb a run.
 * @returns {Promise<{ origin: string, close: () => Promise<void> }>}
 */
export async function serve() {
  const { module } = await runnerImport('./src/wgsl/plugin.ts', { root: ROOT, configFile: false, logLevel: 'error' });
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    publicDir: false,
    cacheDir: `${HERE}node_modules/.vite`,
    plugins: [/** @type {any} */ (module).wgsl()],
    optimizeDeps: { entries: ['bench/page.html'] },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      watch: null,
      // The threaded build of the wasm backend wants shared memory.
      headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
    },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === 'string') throw new Error('the benchmark server has no port on the loopback interface');
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

/** @param {'swiftshader' | 'default'} adapter */
export async function launch(adapter) {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const software = ['--use-webgpu-adapter=swiftshader', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
  const hardware = ['--ignore-gpu-blocklist', '--enable-features=Vulkan'];
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chrome or Chromium was found; run npm run bench, which sets one up, or set UNFOLD_CHROME to its path');
  return chromium.launch({
    executablePath,
    args: ['--enable-unsafe-webgpu', ...sandbox, ...adapter === 'swiftshader' ? software : hardware],
  });
}

/** Thrown by `call` when its page gave no answer in time. The page is closed. */
export class NoAnswer extends Error {}

/** A page that holds one contender. */
export class BenchPage {
  /** What went wrong in the page beside a call that failed. @type {string[]} */
  problems = [];
  #page;

  /** @param {import('playwright').Page} page */
  constructor(page) {
    this.#page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('crash', () => this.problems.push('the page crashed'));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  /** @param {import('playwright').Browser} browser @param {string} origin */
  static async open(browser, origin) {
    const page = await browser.newPage();
    const opened = new BenchPage(page);
    await page.goto(`${origin}/bench/page.html`, { timeout: OPEN_LIMIT });
    try {
      await page.waitForFunction(() => 'bench' in globalThis, undefined, { timeout: OPEN_LIMIT });
    } catch (error) {
      throw new Error(`bench/page.ts did not load: ${opened.problems.join('; ') || /** @type {Error} */ (error).message}`);
    }
    return opened;
  }

  /**
   * Calls a function of bench/page.ts. Rejects with what it threw, or with NoAnswer after `limit` milliseconds.
   * @template {keyof import('./page.ts').Bench} M
   * @param {M} method
   * @param {Parameters<import('./page.ts').Bench[M]>} args
   * @param {number} limit
   * @returns {Promise<Awaited<ReturnType<import('./page.ts').Bench[M]>>>}
   */
  async call(method, args, limit) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        reject(new NoAnswer(`no answer from ${method} within ${limit / 1000} s`));
        void this.close();
      }, limit);
    });
    const answer = this.#page.evaluate(([name, values]) => /** @type {any} */ (globalThis).bench[name](...values), /** @type {const} */ ([method, args]));
    // A page that is closed on a late answer rejects this too.
    answer.catch(() => {});
    try {
      return /** @type {any} */ (await Promise.race([answer, late]));
    } finally {
      clearTimeout(timer);
    }
  }

  async close() {
    await this.#page.close().catch(() => {});
  }
}
