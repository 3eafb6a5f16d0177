// @ts-check
// The page that trains, its files exchanged with this process over the dev server.
import { randomUUID } from 'node:crypto';
import { openChrome } from '../browser.mjs';

/**
 * @typedef {object} Exchange what passes between this process and the page, by name
 * @property {Record<string, () => string | Uint8Array>} give read by the page with GET
 * @property {Record<string, (bytes: Uint8Array) => void>} take written by the page with PUT
 * @property {(progress: import('./types.ts').Progress) => void} report
 */

/**
 * @param {import('../browser.mjs').Adapter} adapter
 * @param {Exchange} exchange
 * @param {(line: string) => void} warn
 */
export async function openPage(adapter, exchange, warn) {
  // Only the page knows the folder's name, so no other page of this machine reads or writes here.
  const folder = `/${randomUUID()}/`;
  // Ctrl-C is for the command, which saves first.
  const chrome = await openChrome({ adapter, plugins: [exchangePlugin(folder, exchange)], ownSignals: true, warn });
  try {
    const { call } = await chrome.open({ path: folder, module: '/tools/train/page.ts', functions: { report: exchange.report } });
    return { call, close: chrome.close };
  } catch (error) {
    await chrome.close();
    throw error;
  }
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
