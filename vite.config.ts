// The root is the repository, so that tests can import /src, /shaders and /e2e from the dev server; the page is /demo/.
// `vite build` makes the demo (dist/demo), `vite build --mode library` the package (dist/lib): a module for each source file, so that
// a bundler leaves out what a page does not use.

import path from 'node:path';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { dataPlugin } from './examples/data/sources.mjs';
import { wgsl } from './src/wgsl/plugin.ts';
import { mobyDickPlugin } from './tools/moby_dick.mjs';

const ROOT = import.meta.dirname;
/** The files of src that are the package's sub-paths; index is the package itself. */
const ENTRIES = ['index', 'language', 'text', 'safetensors'];

function demoAtRoot(): Plugin {
  return {
    name: 'unfold:demo-at-root',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url !== '/') return next();
        response.writeHead(302, { location: '/demo/' }).end();
      });
    },
  };
}

export default defineConfig(({ mode, command }) => ({
  root: command === 'build' && mode !== 'library' ? path.join(ROOT, 'demo') : ROOT,
  base: './',
  publicDir: false,
  appType: 'mpa',
  plugins: [wgsl(), mobyDickPlugin(), dataPlugin(), demoAtRoot()],
  // The package by its own name, as its users import it: from its sources.
  resolve: { alias: [{ find: /^unfold-rnn$/, replacement: path.join(ROOT, 'src/index.ts') }, { find: /^unfold-rnn\/(\w+)$/, replacement: path.join(ROOT, 'src/$1.ts') }] },
  worker: { format: 'es', plugins: () => [wgsl(), mobyDickPlugin()] },
  optimizeDeps: { entries: ['demo/index.html', 'demo/**/*.ts'] },
  server: { host: '127.0.0.1', fs: { strict: true, allow: [ROOT] } },
  preview: { host: '127.0.0.1' },
  build: mode === 'library'
    ? {
        target: 'es2023',
        outDir: 'dist/lib',
        emptyOutDir: true,
        sourcemap: true,
        minify: false,
        lib: { entry: ENTRIES.map((name) => path.join(ROOT, `src/${name}.ts`)), formats: ['es'], fileName: (_, name) => `${name}.js` },
        rolldownOptions: {
          output: {
            preserveModules: true,
            preserveModulesRoot: ROOT,
            sourcemapExcludeSources: true, // the package has the sources
          },
        },
      }
    : { target: 'es2023', outDir: path.join(ROOT, 'dist/demo'), emptyOutDir: true, sourcemap: true, chunkSizeWarningLimit: 1500 }, // a book is a chunk
}));
