// @ts-check
// `node tools/conformance/generate.mjs FOLDER` writes the project's own case files, made by its float64 reference, for
// `npm run conformance -- FOLDER` on a machine that has no others. Exit status: 0 written, 1 failed, 2 wrong use.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServer, createServerModuleRunner } from 'vite';
import { writeWhole } from '../train/files.mjs';
import { UsageError } from '../train/options.mjs';

/** @param {string[]} words */
async function main(words) {
  const [folder, ...more] = words;
  if (folder === undefined) throw new UsageError('no folder is given; give one to write to: node tools/conformance/generate.mjs FOLDER');
  if (more.length > 0) throw new UsageError(`one folder, but ${words.length} are given: ${words.join(', ')}. Quote a path that has spaces`);
  const files = await ownFiles();
  mkdirSync(folder, { recursive: true });
  let [cases, bytes] = [0, 0];
  for (const [name, file] of Object.entries(files)) {
    const content = Buffer.from(JSON.stringify(file));
    writeWhole(join(folder, name), content);
    cases += file.cases.length;
    bytes += content.length;
  }
  process.stdout.write(`wrote ${cases} cases in ${Object.keys(files).length} files, ${(bytes / 1e6).toFixed(1)} MB, to ${folder}\n`);
}

/** Of TypeScript, which Node 20 does not run by itself. */
async function ownFiles() {
  const server = await createServer({
    root: resolve(import.meta.dirname, '../..'),
    cacheDir: 'node_modules/.vite-node',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  try {
    const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
    /** @type {typeof import('../../e2e/node/conformance_files.ts')} */
    const made = await runner.import('/e2e/node/conformance_files.ts');
    return made.ownFiles();
  } finally {
    await server.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`conformance cases: ${/** @type {Error} */ (error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
