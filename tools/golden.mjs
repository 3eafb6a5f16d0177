// Rewrites e2e/golden/wgsl: the text of every shader as the device gets it with its default constants. Review the diff.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runnerImport } from 'vite';

const FOLDER = path.resolve(import.meta.dirname, '../e2e/golden/wgsl');

const { module } = await runnerImport('./src/wgsl/build.ts', { configFile: false, logLevel: 'error' });
const texts = module.unrolledShaders();
mkdirSync(FOLDER, { recursive: true });
for (const file of readdirSync(FOLDER)) {
  if (!texts.has(path.basename(file, '.wgsl'))) rmSync(path.join(FOLDER, file));
}
for (const [name, text] of texts) writeFileSync(path.join(FOLDER, `${name}.wgsl`), text);
console.log(`${texts.size} golden shaders written`);
