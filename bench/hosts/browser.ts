// Chromium, with a page for each contender, and a Vite server over the repository.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { findBrowser } from '../../tools/setup.mjs';
import { wgsl } from '../../src/wgsl/plugin.ts';
import { HERE, KEPT, ROOT } from '../folders.ts';
import { Place, type Host } from './host.ts';

const OPEN_LIMIT = 120_000;

export class BrowserHost implements Host {
  readonly version: string;
  readonly #server: ViteDevServer;
  readonly #origin: string;
  readonly #browser: Browser;
  readonly #flags: readonly string[];

  private constructor(server: ViteDevServer, origin: string, browser: Browser, flags: readonly string[]) {
    this.#server = server;
    this.#origin = origin;
    this.#browser = browser;
    this.#flags = flags;
    this.version = `Chromium ${browser.version()}`;
  }

  /** With `exactClock` the browser does not round the GPU's timestamps. */
  static async start(adapter: 'swiftshader' | 'default', { exactClock = false } = {}): Promise<BrowserHost> {
    const flags = [...flagsFor(adapter), ...(exactClock ? ['--enable-webgpu-developer-features'] : [])];
    const { server, origin } = await serve();
    try {
      return new BrowserHost(server, origin, await launch(flags), flags);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async open(): Promise<Place> {
    return BrowserPlace.open(await this.#browser.newPage(), this.#origin, null);
  }

  async openCold(): Promise<Place> {
    const browser = await launch(this.#flags);
    return BrowserPlace.open(await browser.newPage(), this.#origin, browser);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }
}

function flagsFor(adapter: 'swiftshader' | 'default'): string[] {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const software = ['--use-webgpu-adapter=swiftshader', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
  const hardware = ['--ignore-gpu-blocklist', '--enable-features=Vulkan'];
  return ['--enable-unsafe-webgpu', ...sandbox, ...(adapter === 'swiftshader' ? software : hardware)];
}

async function launch(flags: readonly string[]): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chrome or Chromium was found; run npm run bench, which sets one up, or set UNFOLD_CHROME to its path');
  return chromium.launch({ executablePath, args: [...flags] });
}

/** Serves the repository, so that a page can import /bench and /src. Nothing is watched: an edit does not disturb a run. */
async function serve(): Promise<{ server: ViteDevServer; origin: string }> {
  // Without the peers Vite would look for them in vain, and keep that it found none.
  const peers = existsSync(path.join(HERE, 'node_modules/.package-lock.json'));
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    publicDir: false,
    cacheDir: path.join(KEPT, peers ? '.vite' : '.vite-alone'),
    plugins: [wgsl()],
    // What finds its WebAssembly beside itself must stay where it is.
    optimizeDeps: { entries: peers ? ['bench/page.html'] : [], exclude: ['onnxruntime-web'] },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      watch: null,
      // Threads of WebAssembly want shared memory.
      headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
    },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === 'string') throw new Error('the benchmark server has no port on the loopback interface');
  return { server, origin: `http://127.0.0.1:${address.port}` };
}

class BrowserPlace extends Place {
  readonly #page: Page;
  /** The browser to close with it, where it has one of its own. */
  readonly #browser: Browser | null;

  private constructor(page: Page, browser: Browser | null) {
    super();
    this.#page = page;
    this.#browser = browser;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('crash', () => this.problems.push('the page crashed'));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  static async open(page: Page, origin: string, browser: Browser | null): Promise<BrowserPlace> {
    const place = new BrowserPlace(page, browser);
    try {
      await page.goto(`${origin}/bench/page.html`, { timeout: OPEN_LIMIT });
      await page.waitForFunction(() => 'bench' in globalThis, undefined, { timeout: OPEN_LIMIT });
    } catch (error) {
      await place.close();
      throw new Error(`bench/browser_page.ts did not load: ${place.problems.join('; ') || (error as Error).message}`);
    }
    return place;
  }

  protected ask(method: string, args: readonly unknown[]): Promise<unknown> {
    return this.#page.evaluate(([name, values]) =>
      (globalThis as unknown as { bench: Record<string, (...given: readonly unknown[]) => unknown> }).bench[name]!(...values), [method, args] as const);
  }

  async close(): Promise<void> {
    await this.#page.close().catch(() => {});
    await this.#browser?.close().catch(() => {});
  }
}
