// @ts-check
// npm run bench: bench/repository.ts, which Node cannot load by itself.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// The dependencies alone; a browser is looked for where one is needed.
const { status } = spawnSync(process.execPath, ['tools/setup.mjs', '--serve'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(2);
const { runnerImport } = await import('vite');
await runnerImport('./bench/repository.ts', { root, configFile: false, logLevel: 'error' });
