// @ts-check
// The program, run: in Node over Dawn, in Deno, and in a page that Vite built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { build, preview } from 'vite';
import { DENO, driverOf } from '../hosts/processes.mjs';
import { browserFlags, findBrowser } from '../setup.mjs';
import { run, runCommand } from './commands.mjs';

/** @typedef {import('../browser.mjs').Adapter} Adapter */
/** @typedef {import('./commands.mjs').Outcome} Outcome */

const PAGE_MS = 3 * 60_000;

/**
 * The script of an installed package.
 * @param {string} project @param {string} name of the package @param {string} command
 */
export function binOf(project, name, command) {
  const home = join(project, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  return join(home, typeof bin === 'string' ? bin : bin[command]);
}

/** @param {string} program @param {Adapter} adapter */
export const runInNode = (program, adapter) => run('.', [join(import.meta.dirname, 'node_host.mjs'), program], driverOf('node', adapter));

/** @param {string} project @param {Adapter} adapter */
export const runInDeno = (project, adapter) => runCommand(project, DENO, ['run', '--allow-all', '--unstable-webgpu', 'main.ts'], driverOf('deno', adapter));

/**
 * @param {string} project
 * @returns {Promise<Outcome>}
 */
export async function runInChromium(project) {
  const executablePath = findBrowser();
  if (!executablePath) return { ok: false, output: 'no Chrome or Chromium found; run node tools/setup.mjs, or set UNFOLD_CHROME to the path of one' };
  const common = /** @type {const} */ ({ root: project, configFile: false, logLevel: 'error' });
  /** @type {(() => Promise<void>)[]} */
  const closing = [];
  try {
    await build(common);
    const server = await preview({ ...common, preview: { host: '127.0.0.1', port: 0 } });
    closing.push(() => server.close());
    const browser = await chromium.launch({ executablePath, args: browserFlags() });
    closing.push(() => browser.close());
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls?.local[0] ?? '');
    await page.waitForFunction(() => document.body.textContent !== '', null, { timeout: PAGE_MS });
    return { ok: true, output: (await page.textContent('body')) ?? '' };
  } catch (error) {
    return { ok: false, output: String(error) };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
