// @ts-check
// The process of one contender under Node: WebGPU's names made global, the pages' module loaded, calls answered.

import { pathToFileURL } from 'node:url';

const [module = '', tuningFile = '', ...dawnWords] = process.argv.slice(2);
const send = (/** @type {{ id: number, value?: unknown, error?: string }} */ answer) => process.send?.(answer);

try {
  const { create, globals } = await loadDawn();
  Object.assign(globalThis, globals, { tuningFile, gpu: create(dawnWords) });
  await import(pathToFileURL(module).href);
  send({ id: 0 });
} catch (error) {
  send({ id: 0, error: error instanceof Error ? error.message : String(error) });
}

process.on('message', async (/** @type {{ id: number, method: string, args: unknown[] }} */ { id, method, args }) => {
  try {
    send({ id, value: await /** @type {any} */ (globalThis).bench[method](...args) });
  } catch (error) {
    send({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
// Whoever opened this process closes it; should that one be gone, so is this.
process.on('disconnect', () => process.exit());

/** The package `webgpu`, or what UNFOLD_WEBGPU names instead: the path of its index.js. */
async function loadDawn() {
  const { UNFOLD_WEBGPU } = process.env;
  try {
    return await import(UNFOLD_WEBGPU ? pathToFileURL(UNFOLD_WEBGPU).href : 'webgpu');
  } catch (error) {
    const given = UNFOLD_WEBGPU ? `UNFOLD_WEBGPU is ${UNFOLD_WEBGPU}` : 'UNFOLD_WEBGPU is not set';
    throw new Error(`the package webgpu did not load: ${error instanceof Error ? error.message : error}; ${given}, which may be the path of the package's index.js`);
  }
}
