// Writes `x.d.wgsl.ts` beside every shader, which tsc needs before it can check their importers.

import { runnerImport } from 'vite';

const { module } = await runnerImport('./src/wgsl/build.ts', { configFile: false, logLevel: 'error' });
try {
  console.log(`${module.writeDeclarations()} shader declarations are up to date`);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
