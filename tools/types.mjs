// The package's declarations, each beside its module in dist/lib. They name other modules as the package has them: `./device.js`, where
// the source has `./device.ts`. Names stay as long as they are, so the declaration maps stay true.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'dist/lib');

const { status } = spawnSync(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.types.json'],
  { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], timeout: 5 * 60_000 });
if (status !== 0) process.exit(status ?? 1);
for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const file = path.join(OUT, name);
  const text = readFileSync(file, 'utf8').replace(/(\bfrom |\bimport\()(['"])(\.[^'"]*)\.ts\2/g, (_, before, quote, module) => {
    if (!existsSync(path.resolve(path.dirname(file), `${module}.d.ts`))) throw new Error(`dist/lib/${name} names ${module}.ts, which has no declarations.`);
    return `${before}${quote}${module}.js${quote}`;
  });
  writeFileSync(file, text);
}
