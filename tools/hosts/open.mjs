// @ts-check
// Where the commands run the engine: pages of Chromium or Firefox, processes of Node or Deno. All of them call exports of one page module.
// Each host is loaded when it is asked for: Node alone is enough for a machine that has neither a browser nor Vite.
import { findFirefox, NO_FIREFOX } from './firefox_path.mjs';
import { missingForProcess } from './processes.mjs';

/** @typedef {'chromium' | 'node' | 'deno' | 'firefox'} HostName */
/** @typedef {import('../browser.mjs').Adapter} Adapter */

/**
 * @typedef {object} HostPage
 * @property {(name: string, argument?: unknown) => Promise<any>} call an export of the page module; throws what it throws, or that the page is gone
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Host
 * @property {() => Promise<HostPage>} open
 * @property {() => Promise<void>} close
 */

export const HOSTS = /** @type {const} */ (['chromium', 'node', 'deno', 'firefox']);

/**
 * Why a host cannot run on this machine, or null. A missing Chromium is told when it is opened.
 * @param {HostName} host @param {Adapter} adapter
 * @returns {string | null}
 */
export function missingFor(host, adapter) {
  if (host === 'chromium') return null;
  if (host === 'firefox') return findFirefox() ? null : NO_FIREFOX;
  return missingForProcess(host, adapter);
}

/**
 * @param {HostName} host
 * @param {{ module: string, adapter: Adapter }} options `module` from the repository's root: `/tools/conformance/page.ts`
 * @returns {Promise<Host>}
 */
export async function openHost(host, { module, adapter }) {
  const missing = missingFor(host, adapter);
  if (missing !== null) throw new Error(`${host} cannot run here: ${missing}`);
  if (host === 'chromium') return (await import('./pages.mjs')).openChromiumHost(module, adapter);
  if (host === 'firefox') return (await import('./pages.mjs')).openFirefoxHost(module);
  return (await import('./process_host.mjs')).openProcessHost(host, module, adapter);
}
