// @ts-check
// Firefox with WebGPU on pages of our own dev server, over WebDriver BiDi. On a machine without a GPU it runs on Mesa's llvmpipe.
import { parse, stringify } from 'devalue';
import { launch } from 'puppeteer-core';
import { findFirefox, NO_FIREFOX } from './firefox_path.mjs';

const START_MS = 60_000;

/** Firefox keeps WebGPU off on Linux, and off on drivers that it does not know. */
const PREFERENCES = { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true };

export async function openFirefox() {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error(NO_FIREFOX);
  const browser = await launch({ browser: 'firefox', executablePath, headless: true, extraPrefsFirefox: PREFERENCES, timeout: START_MS, protocolTimeout: 600_000 });
  return {
    close: () => browser.close(),
    /**
     * A page whose calls run exports of `module`, a path on its server.
     * @param {{ url: string, module: string, report: (problem: string) => void }} options `report` hears console and page errors
     */
    async open({ url, module, report }) {
      const page = await browser.newPage();
      page.on('pageerror', (error) => report(`Page error: ${error instanceof Error ? error.stack ?? error.message : String(error)}`));
      page.on('console', (message) => {
        if (message.type() === 'error') report(`Console: ${message.text()}`);
      });
      await page.goto(url, { timeout: START_MS });
      return {
        get alive() {
          return browser.connected && !page.isClosed();
        },
        close: () => page.close().catch(() => {}),
        /**
         * @param {string} name @param {unknown} argument
         * @returns {Promise<any>}
         */
        async call(name, argument) {
          const answer = await page.evaluate(async (path, name, sent) => {
            const { callPage } = await import(/** @type {any} */ ('/tools/hosts/page_text.ts'));
            return callPage(path, name, sent);
          }, module, name, stringify(argument));
          return parse(answer);
        },
      };
    },
  };
}
