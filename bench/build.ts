// What runs in Node without Vite: the page of --adapter native, and a folder with the whole of that benchmark, for a machine that
// has neither the repository, nor its packages, nor a network.

import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { wgsl } from '../src/wgsl/plugin.ts';
import { configs } from './configs.ts';
import { HERE, ROOT } from './folders.ts';
import { findKept } from './kept_truth.ts';
import { answerFile } from './truth.ts';

/** One module without chunks for Node, the engine and its shaders in it. */
async function bundle(source: string, folder: string, file: string): Promise<string> {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [wgsl()],
    build: {
      ssr: path.join(HERE, source), outDir: folder, emptyOutDir: false, target: 'node20', minify: false,
      rolldownOptions: { output: { entryFileNames: file, codeSplitting: false } },
    },
  });
  return path.join(folder, file);
}

/** The module of a contender's process; resolves with its path. */
export const buildPage = (folder: string): Promise<string> => bundle('native_page.ts', folder, 'page.js');

/**
 * Writes the whole native benchmark into a folder that is empty or missing: `node FOLDER/main.mjs` needs nothing besides but the
 * package `webgpu`, in a node_modules where Node finds it, or by its index.js in `UNFOLD_WEBGPU`.
 * @returns the files' names.
 */
export async function buildFolder(folder: string): Promise<string[]> {
  mkdirSync(path.join(folder, 'answers'), { recursive: true });
  await buildPage(folder);
  await bundle('standalone.ts', folder, 'main.mjs');
  for (const name of ['native_child.mjs', 'cudnn.py']) copyFileSync(path.join(HERE, name), path.join(folder, name));
  for (const { name, measures } of Object.values(configs)) {
    const kind = (measures as readonly string[]).includes('queued') ? 'streamTruth' : 'truth';
    writeFileSync(path.join(folder, 'answers', answerFile(name, kind)), JSON.stringify(findKept(name, kind)));
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
