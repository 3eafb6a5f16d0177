// @ts-check
// Pages of Chromium and of Firefox as hosts of the commands, each on a dev server of its own.
import { createServer } from 'vite';
import { openChrome, SERVER } from '../browser.mjs';
import { openFirefox } from './firefox.mjs';

const PATH = 'tools/page.html';

/**
 * @param {string} module @param {import('../browser.mjs').Adapter} adapter
 * @returns {Promise<import('./open.mjs').Host>}
 */
export async function openChromiumHost(module, adapter) {
  const chrome = await openChrome({ adapter });
  return { open: () => chrome.open({ path: PATH, module }), close: chrome.close };
}

/**
 * @param {string} module
 * @returns {Promise<import('./open.mjs').Host>}
 */
export async function openFirefoxHost(module) {
  const server = await createServer({ ...SERVER, server: { host: '127.0.0.1', port: 0, hmr: false, watch: null } });
  try {
    await server.listen();
    const firefox = await openFirefox();
    const url = new URL(PATH, server.resolvedUrls?.local[0]).href;
    return {
      open: () => firefox.open({ url, module, report: (problem) => process.stderr.write(`firefox: ${problem}\n`) }),
      async close() {
        await firefox.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
