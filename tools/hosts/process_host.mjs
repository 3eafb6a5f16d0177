// @ts-check
// Processes of Node or Deno as a host of the commands.
import { PageError } from '../calls.mjs';
import { openProcess } from './processes.mjs';
import { makeProgram } from './program.mjs';

/**
 * @param {import('./processes.mjs').Runtime} runtime @param {string} module @param {import('../browser.mjs').Adapter} adapter
 * @returns {Promise<import('./open.mjs').Host>}
 */
export async function openProcessHost(runtime, module, adapter) {
  const { program, remove } = await makeProgram(module);
  /** @type {Set<{ close: () => Promise<void> }>} */
  const open = new Set();
  return {
    async open() {
      const page = await openProcess(runtime, { program, adapter });
      open.add(page);
      return {
        close: page.close,
        async call(name, argument = null) {
          const { value, error } = await page.call(name, argument);
          if (error) throw new PageError(error.name, error.message);
          return value;
        },
      };
    },
    async close() {
      await Promise.all([...open].map((page) => page.close()));
      remove();
    },
  };
}
