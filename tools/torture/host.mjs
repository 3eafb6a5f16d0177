// @ts-check
// Where the cases run: pages of Chromium, or processes of Node. Both let the page module collect garbage, and can be opened again.
import { openChrome } from '../browser.mjs';
import { openHost } from '../hosts/open.mjs';

const MODULE = '/tools/torture/page.ts';

/** Chromium gives up a GPU process that was killed a few times, and keeps its pages from the GPU after the first: not here. */
const FLAGS = ['--disable-gpu-process-crash-limit', '--disable-domain-blocking-for-3d-apis', '--js-flags=--expose-gc', '--enable-precise-memory-info'];

/** @typedef {import('../hosts/open.mjs').HostPage} HostPage */

/**
 * @typedef {object} TortureHost
 * @property {(ready: () => void) => Promise<HostPage>} open `ready` is called whenever a scene waits for the GPU process to be killed
 * @property {(() => Promise<void>) | null} crashGpu null where no process of its own has the GPU
 * @property {() => Promise<void>} close
 */

/** @param {'chromium' | 'node'} name @param {import('../browser.mjs').Adapter} adapter @returns {Promise<TortureHost>} */
export async function openTortureHost(name, adapter) {
  if (name === 'node') return { ...(await openHost('node', { module: MODULE, adapter })), crashGpu: null };
  const chrome = await openChrome({ adapter, flags: FLAGS, ownSignals: true });
  return { open: (ready) => chrome.open({ path: 'tools/page.html', module: MODULE, functions: { tortureReady: ready } }), crashGpu: chrome.crashGpu, close: chrome.close };
}
