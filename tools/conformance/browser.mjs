// @ts-check
// Cases run on tools/conformance/page.ts. A page that crashes or gives no answer is replaced by another.
import { openChrome, within } from '../browser.mjs';

const START_MS = 60_000;
const CASE_MS = 180_000;

/** @typedef {import('./page.ts').Verdict} Verdict */

/** @param {import('../browser.mjs').Adapter} adapter */
export async function openRunner(adapter) {
  const chrome = await openChrome({ adapter });
  /** @type {import('../browser.mjs').EnginePage | null} */
  let page = null;
  const open = async () => {
    page = await chrome.open({ path: 'tools/page.html', module: '/tools/conformance/page.ts' });
    return within(START_MS, page.call('open'), 'opening the device');
  };

  try {
    /** @type {string} */
    const adapterName = await open();
    return {
      adapterName,
      close: chrome.close,
      /**
       * @param {import('./case.ts').CaseJSON} given @param {boolean} raw whether the tensors are wanted
       * @returns {Promise<Verdict>}
       */
      async run(given, raw) {
        try {
          if (!page) await open();
          return await within(CASE_MS, /** @type {import('../browser.mjs').EnginePage} */ (page).call('run', { given, raw }), 'the case');
        } catch (error) {
          void page?.close();
          page = null;
          return { status: 'failed', reason: /** @type {Error} */ (error).message };
        }
      },
    };
  } catch (error) {
    await chrome.close();
    throw error;
  }
}
