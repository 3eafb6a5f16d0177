// What the specs of f16 import: `inDeno`, which runs a function of a page module in Deno. Its WebGPU, on Mesa's llvmpipe, has
// `shader-f16`, which Chromium's software adapter lacks; and its compiler is naga, where Chromium's is Tint.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test as base } from 'playwright/test';
import { build } from 'vite';
import { findLlvmpipe } from '../../tools/setup.mjs';

export { expect } from 'playwright/test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DENO = path.join(ROOT, 'node_modules/.bin/deno');
/** `UNFOLD_ADAPTER=default` takes the machine's own GPU. */
const driver = process.env.UNFOLD_ADAPTER === 'default' ? {} : { VK_ICD_FILENAMES: findLlvmpipe() ?? '' };
const missing = existsSync(DENO) && driver.VK_ICD_FILENAMES !== ''
  ? null
  : 'no adapter with f16: it needs the npm package deno and Mesa\'s llvmpipe (Debian: apt-get install mesa-vulkan-drivers), or UNFOLD_ADAPTER=default';

/** Bundles `module` (a path from the repository's root) and calls its export `name` with `args` in Deno. Arguments and result are JSON. */
export type InDeno = <Result>(module: string, name: string, args?: unknown) => Promise<Result>;

async function bundle(module: string): Promise<string> {
  const outDir = path.join(ROOT, 'node_modules/.cache/f16');
  // A file for each worker: they build at the same time.
  const fileName = `${module.replace(/\W+/g, '_')}_${process.env.TEST_PARALLEL_INDEX}.mjs`;
  await build({
    configFile: path.join(ROOT, 'vite.config.ts'),
    mode: 'library',
    logLevel: 'error',
    build: { outDir, sourcemap: false, lib: { entry: path.join(ROOT, module), formats: ['es'], fileName: () => fileName } },
  });
  return path.join(outDir, fileName);
}

/** The JSON that the process writes. What it writes to stderr is told only when it fails. */
function run(file: string, name: string, args: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(DENO, ['run', '--unstable-webgpu', '--allow-all', '--no-config', path.join(import.meta.dirname, 'run.mjs'), file, name], {
      cwd: ROOT, env: { ...process.env, ...driver, NO_COLOR: '1' },
    });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(output).toString()));
      else reject(new Error(`${name} failed in Deno (exit code ${code}):\n${Buffer.concat(errors).toString()}`));
    });
    child.stdin.end(JSON.stringify(args ?? null));
  });
}

export const test = base.extend<{ inDeno: InDeno }, { bundles: Map<string, Promise<string>> }>({
  bundles: [async ({}, use) => use(new Map()), { scope: 'worker' }],

  inDeno: async ({ bundles }, use, info) => {
    info.skip(missing !== null && process.env.npm_lifecycle_event !== 'test:f16', missing ?? '');
    const call = async (module: string, name: string, args?: unknown): Promise<unknown> => {
      if (missing !== null) throw new Error(missing);
      if (!bundles.has(module)) bundles.set(module, bundle(module));
      return run(await bundles.get(module)!, name, args);
    };
    await use(call as InDeno);
  },
});
