// @ts-check
// A page module's program (bundle.mjs) in a process of Node, over the package `webgpu`, or of Deno.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'devalue';
import { findLlvmpipe, findSwiftShader } from '../setup.mjs';
import { ANSWER } from './answer.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
export const DENO = resolve(ROOT, 'node_modules/.bin/deno');

/** @typedef {'node' | 'deno'} Runtime */
/** @typedef {import('../browser.mjs').Adapter} Adapter */

/**
 * Why the runtime cannot run here, or null.
 * @param {Runtime} runtime @param {Adapter} adapter
 * @returns {string | null}
 */
export function missingForProcess(runtime, adapter) {
  if (runtime === 'deno' && !existsSync(DENO)) return 'the npm package deno is not installed; run npm ci';
  if (adapter === 'default') return null;
  if (runtime === 'deno') {
    return findLlvmpipe() ? null : 'Mesa\'s llvmpipe is not installed (Debian: apt-get install mesa-vulkan-drivers), and UNFOLD_ADAPTER is not default';
  }
  return findSwiftShader() ? null : 'SwiftShader\'s Vulkan driver is not there (it comes with Debian\'s chromium), and UNFOLD_ADAPTER is not default';
}

/**
 * Start a program.
 * @param {Runtime} runtime
 * @param {{ program: string, adapter: Adapter, fresh?: Record<string, string> }} options `program` is what bundlePage gives;
 *   `fresh` are variables of the environment besides those of this process
 */
export async function openProcess(runtime, { program, adapter, fresh = {} }) {
  const [command, ...words] = runtime === 'deno'
    ? [DENO, 'run', '--unstable-webgpu', '--allow-all', '--no-config', program]
    : [process.execPath, '--no-warnings', program];
  // The engine keeps what tuning chose in its working directory; a process finds nothing of another's, as a browser's new profile.
  const folder = mkdtempSync(join(tmpdir(), 'unfold-page-'));
  const child = spawn(/** @type {string} */ (command), words, { cwd: folder, env: { ...process.env, ...driverOf(runtime, adapter), NO_COLOR: '1', ...fresh }, stdio: ['pipe', 'pipe', 'pipe'] });
  /** The end of what it said, for when it fails. */
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    said = (said + text).slice(-4000);
  });
  child.stdin.on('error', () => {}); // a process that is gone is told of by its end
  const gone = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`));
  });
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();

  /** @returns {Promise<import('./page_process.ts').Answer>} */
  const next = async () => {
    for (;;) {
      const line = await lines.next();
      if (line.done) throw new Error(`the process of ${runtime} is gone: ${await gone}${said && `\n${said}`}`);
      if (line.value.startsWith(ANSWER)) return /** @type {import('./page_process.ts').Answer} */ (parse(line.value.slice(ANSWER.length)));
      said = `${said}${line.value}\n`.slice(-4000);
    }
  };
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    const { error } = await next();
    if (error) throw new Error(`the page module does not load in ${runtime}: ${error.message}\n${error.stack}`);
  } catch (error) {
    await close();
    throw error;
  }
  /** @type {Promise<unknown>} settles when the last call is answered */
  let turn = Promise.resolve();
  return {
    close,
    /** Whether it can be called. */
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    /**
     * Call an export of the page module. Calls made at once take turns: an answer does not say which call it is of.
     * @param {string} name @param {unknown} argument
     * @returns {Promise<import('./page_process.ts').Answer>}
     */
    call(name, argument) {
      const answer = turn.then(async () => {
        if (!child.stdin.write(`${stringify({ name, argument })}\n`)) await Promise.race([once(child.stdin, 'drain'), gone]);
        return next();
      });
      turn = answer.catch(() => {});
      return answer;
    },
  };
}

/**
 * Variables of the environment by which a process finds the software adapter's driver.
 * @param {Runtime} runtime @param {Adapter} adapter @returns {Record<string, string>}
 */
export function driverOf(runtime, adapter) {
  if (adapter === 'default') return {};
  const driver = (runtime === 'deno' ? findLlvmpipe() : findSwiftShader()) ?? '';
  return { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver };
}
