// @ts-check
// `npm run test:gpu -- [--host chromium|node|deno|firefox] [words for Playwright]`: the GPU specs, those of f16 among them, on one host.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { HOSTS, missingFor } from './hosts/open.mjs';
import { adapterKind } from './setup.mjs';

const CLI = resolve(import.meta.dirname, '../node_modules/playwright/cli.js');

const words = process.argv.slice(2);
const at = words.indexOf('--host');
const [, given] = at < 0 ? ['', 'chromium'] : words.splice(at, 2);
const host = HOSTS.find((known) => known === given);
if (!host) stop(`--host is ${given === undefined ? 'given without a name' : JSON.stringify(given)}; it must be one of ${HOSTS.join(', ')}`);
else {
  const missing = missingFor(host, adapterKind());
  if (missing !== null) stop(`${host} cannot run here: ${missing}`);
  else {
    const { status } = spawnSync(process.execPath, [CLI, 'test', ...words], { stdio: 'inherit', env: { ...process.env, UNFOLD_HOST: host } });
    process.exitCode = status ?? 1;
  }
}

/** @param {string} line */
function stop(line) {
  process.stderr.write(`test:gpu: ${line}\n`);
  process.exitCode = 2;
}
