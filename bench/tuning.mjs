// @ts-check
// node bench/tuning.mjs [--config S,long] [--adapter swiftshader|default]
// How long tuning takes where nothing is known, and where all is; what it chooses, with every candidate's time; and a training
// step on the tiles chosen beside one on the fixed ones, in turns.

import os from 'node:os';
import { parseArgs } from 'node:util';
import { openChrome } from '../tools/browser.mjs';

const { values } = parseArgs({
  options: { config: { type: 'string', default: 'S,long' }, adapter: { type: 'string', default: process.env.UNFOLD_ADAPTER ?? 'swiftshader' } },
});
const { adapter } = values;
if (adapter !== 'swiftshader' && adapter !== 'default') throw new RangeError(`--adapter is swiftshader or default; ${adapter} was given`);

/** @param {object} tile */
const describe = (tile) => Object.entries(tile).filter(([name]) => name !== 'foldFrom').map(([name, value]) => `${name} ${value}`).join(', ');

const chrome = await openChrome({ adapter });
try {
  for (const config of values.config.split(',')) {
    const { call, close } = await chrome.open({ path: 'tools/page.html', module: '/bench/tuning.ts' });
    /** @type {import('./tuning.ts').TuningFigures} */
    const { adapter: name, first, second, ops, measuredAgain, steps } = await call('measureTuning', config);
    await close();
    console.log(`${config}, ${name}, load ${(os.loadavg()[0] ?? 0).toFixed(1)}: ${ops.length} ops in ${first.toFixed(1)} s; again ${measuredAgain} ops in ${second.toFixed(3)} s`);
    for (const { key, best, times } of ops) {
      console.log(`  ${key}: ${describe(best)}`);
      for (const { choice, milliseconds, compileMilliseconds, refused } of times) {
        console.log(`    ${milliseconds.toFixed(3).padStart(9)} ms, compiled and run in ${compileMilliseconds.toFixed(0).padStart(5)} ms  ${describe(choice)}${refused ? `; refused: ${refused}` : ''}`);
      }
    }
    console.log(`  a training step: fixed ${steps.fixed.toFixed(1)} ms, tuned ${steps.tuned.toFixed(1)} ms`);
  }
} finally {
  await chrome.close();
}
