// @ts-check
// Cases run on tools/conformance/page.ts, on any host. A page that crashes or gives no answer is replaced by another.
import { within } from '../calls.mjs';
import { openHost } from '../hosts/open.mjs';

const START_MS = 60_000;
const CASE_MS = 180_000;

/** @typedef {import('./page.ts').Verdict} Verdict */

/** @param {import('../hosts/open.mjs').HostName} hostName @param {import('../browser.mjs').Adapter} adapter */
export async function openRunner(hostName, adapter) {
  const host = await openHost(hostName, { module: '/tools/conformance/page.ts', adapter });
  /** @type {import('../hosts/open.mjs').HostPage | null} */
  let page = null;
  const open = async () => {
    page = await host.open();
    return within(START_MS, page.call('open'), 'opening the device');
  };

  try {
    /** @type {string} */
    const adapterName = await open();
    return {
      adapterName,
      close: host.close,
      /**
       * @param {import('./case.ts').CaseJSON} given @param {boolean} raw whether the tensors are wanted
       * @returns {Promise<Verdict>}
       */
      async run(given, raw) {
        try {
          if (!page) await open();
          return await within(CASE_MS, /** @type {import('../hosts/open.mjs').HostPage} */ (page).call('run', { given, raw }), 'the case');
        } catch (error) {
          void page?.close();
          page = null;
          return { status: 'failed', reason: /** @type {Error} */ (error).message };
        }
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}
