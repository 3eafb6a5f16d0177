// The benchmark in the folder that bench/build.ts writes: --adapter native alone, with everything beside it. Becomes main.mjs there.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { HERE, KEPT } from './folders.ts';
import { main } from './main.ts';
import { answerFile, type Answers } from './truth.ts';

function findShipped<K extends keyof Answers>(config: string, kind: K): Answers[K] {
  const file = path.join(HERE, 'answers', answerFile(config, kind));
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Answers[K];
  } catch (error) {
    throw new Error(`the oracle's answer for ${config} must be in ${file}: ${(error as Error).message}; write the folder again with node bench/build_native.mjs FOLDER`);
  }
}

process.exitCode = await main(process.argv.slice(2), {
  startBrowser: null,
  installPeers() {},
  nativePage: async () => path.join(HERE, 'page.js'),
  find: findShipped,
  docs: path.join(process.env.UNFOLD_BENCH_FOLDER ? KEPT : HERE, 'docs'),
}, { ...process.env, UNFOLD_ADAPTER: 'native' });
