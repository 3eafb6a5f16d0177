// The package's types, dist/types. tsc leaves out declarations that it did not make, so those of the shaders are copied.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'dist/types');

rmSync(OUT, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.types.json'],
  { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], timeout: 5 * 60_000 });
if (status !== 0) process.exit(status ?? 1);
for (const file of readdirSync(path.join(ROOT, 'shaders'), { recursive: true })) {
  if (!file.endsWith('.d.wgsl.ts')) continue;
  const target = path.join(OUT, 'shaders', file);
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(path.join(ROOT, 'shaders', file), target);
}
if (!existsSync(path.join(OUT, 'src/index.d.ts'))) throw new Error('dist/types/src/index.d.ts was not written.');
