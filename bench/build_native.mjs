// @ts-check
// node bench/build_native.mjs FOLDER
// Writes the native benchmark into FOLDER, to be taken to a machine without the repository: node FOLDER/main.mjs --help.

import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/**
 * Bundles, answers of the oracle (a minute where none is kept yet) and scripts. What the folder has else stays.
 *
 * @param {string} folder created where it is missing
 * @returns {Promise<string[]>} the files' names, relative to the folder
 */
export async function buildNative(folder) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { module } = await runnerImport('./bench/build.ts', { root, configFile: false, logLevel: 'error' });
  return /** @type {any} */ (module).buildFolder(path.resolve(folder));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...rest] = process.argv.slice(2);
  if (folder === undefined || folder.startsWith('-') || rest.length > 0) {
    console.error('build_native: one argument is expected, the folder to write into: node bench/build_native.mjs FOLDER');
    process.exitCode = 2;
  } else if (existsSync(folder) && readdirSync(folder).length > 0) {
    console.error(`build_native: ${folder} is not empty; give a folder that is empty or not there yet`);
    process.exitCode = 2;
  } else {
    for (const name of await buildNative(folder)) {
      const { size } = statSync(path.join(folder, name));
      console.log(`${(size / 1024).toFixed(0).padStart(7)} KiB  ${name}`);
    }
  }
}
