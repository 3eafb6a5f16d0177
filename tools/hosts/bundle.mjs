// @ts-check
// A page module as one program for Node and Deno: the module, the engine and its shaders, and the loop that answers calls.
import { resolve } from 'node:path';
import { build } from 'vite';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = 'virtual:page-module';

/**
 * Write the program of a page module.
 * @param {string} module from the repository's root: `/tools/conformance/page.ts`
 * @param {string} folder where it goes, emptied first; under node_modules, so that the program finds the package `webgpu`
 * @returns {Promise<string>} the path of the program
 */
export async function bundlePage(module, folder) {
  await build({
    root: ROOT,
    configFile: resolve(ROOT, 'vite.config.ts'),
    mode: 'program',
    logLevel: 'error',
    plugins: [{
      name: 'unfold:page-module',
      enforce: 'pre',
      resolveId: (id) => (id === PAGE ? resolve(ROOT, `.${module}`) : undefined),
    }],
    build: {
      outDir: folder,
      emptyOutDir: true,
      sourcemap: false,
      minify: false,
      lib: { entry: resolve(import.meta.dirname, 'page_process.ts'), formats: ['es'], fileName: () => 'page.mjs' },
      rolldownOptions: { external: ['webgpu', /^node:/] },
    },
  });
  return resolve(folder, 'page.mjs');
}
