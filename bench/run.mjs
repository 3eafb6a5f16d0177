// @ts-check
// npm run bench: bench/main.ts, which Node cannot load by itself.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

try {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { module } = await runnerImport('./bench/main.ts', { root, configFile: false, logLevel: 'error' });
  process.exitCode = await /** @type {any} */ (module).main(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
