// @ts-check
// node bench/trace.mjs [--rounds 30] [--cell lstm,gru] [--adapter swiftshader|default]
// What `trace: true` costs a step of an operator of S's size (H 128, N 32, T 64): forward and backward, without loss or update,
// of which a whole training step would have more. Rounds without and with it in turn, and the least of each: what else the
// machine does only ever adds. The sum of every kernel's least time, from timestamps, is steadier than the least time of a whole
// step, which is printed beside it: a dispatch that both plans record alike counts with the least time of either, so what is
// compared is the trace's own kernels, and the cell's backward kernel, which leaves dL/dh[t] where it is traced.

import os from 'node:os';
import { parseArgs } from 'node:util';
import { openChrome } from '../tools/browser.mjs';

/** @typedef {import('./trace.ts').Which} Which */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    cell: { type: 'string', default: 'lstm,gru' },
    adapter: { type: 'string', default: process.env.UNFOLD_ADAPTER ?? 'swiftshader' },
  },
});
const rounds = Number(values.rounds);
const { adapter } = values;
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds is a whole number of at least 1; ${values.rounds} was given`);
if (adapter !== 'swiftshader' && adapter !== 'default') throw new RangeError(`--adapter is swiftshader or default; ${adapter} was given`);

const chrome = await openChrome({ adapter });
try {
  const { call } = await chrome.open({ path: 'tools/page.html', module: '/bench/trace.ts' });
  for (const cell of values.cell.split(',')) {
    const name = await call('open', cell);
    /** @type {Record<Which, number[]>} */
    const passed = { plain: [], traced: [] };
    /** @type {Record<Which, Map<string, number>>} */
    const least = { plain: new Map(), traced: new Map() };
    for (let round = 0; round < rounds; round++) {
      // Who goes first changes, so that neither always follows the other.
      for (const which of /** @type {Which[]} */ (round % 2 === 0 ? ['plain', 'traced'] : ['traced', 'plain'])) {
        /** @type {import('./trace.ts').Measured} */
        const measured = await call('measure', which);
        passed[which].push(measured.passed);
        for (const [kernel, time] of Object.entries(measured.kernels ?? {})) {
          least[which].set(kernel, Math.min(time, least[which].get(kernel) ?? Infinity));
        }
      }
    }
    await call('close');
    console.log(`${cell}, ${name}, ${rounds} rounds, load ${(os.loadavg()[0] ?? 0).toFixed(1)}`);
    console.log(`  least step    ${compared(Math.min(...passed.plain), Math.min(...passed.traced))}`);
    if (least.plain.size === 0) continue; // no timestamps
    const sum = (/** @type {number[]} */ times) => times.reduce((a, b) => a + b, 0);
    const own = [...least.traced].filter(([kernel]) => !least.plain.has(kernel));
    const [changed, alike] = [true, false].map((is) => [...least.plain.keys()].filter((kernel) => /^backward \w+\.backward$/.test(kernel) === is));
    const times = (/** @type {Which} */ which, /** @type {string[]} */ kernels = []) => kernels.map((kernel) => least[which].get(kernel) ?? NaN);
    const shared = sum((alike ?? []).map((kernel) => Math.min(...times('plain', [kernel]), ...times('traced', [kernel]))));
    const plain = shared + sum(times('plain', changed));
    const traceOnly = sum(own.map(([, time]) => time));
    console.log(`  least kernels ${compared(plain, shared + sum(times('traced', changed)) + traceOnly)}`);
    console.log(`    of that the trace's own ${traceOnly.toFixed(2)} ms: ${((traceOnly / plain) * 100).toFixed(1)} %`
      + ` (${own.map(([kernel, time]) => `${kernel.replace(/^.*\./, '')} ${time.toFixed(2)}`).join(', ')})`);
    console.log(`    the cell's backward kernel ${compared(sum(times('plain', changed)), sum(times('traced', changed)))}`);
  }
} finally {
  await chrome.close();
}

/** @param {number} plain @param {number} traced milliseconds */
function compared(plain, traced) {
  return `${plain.toFixed(2)} ms, with trace ${traced.toFixed(2)} ms: ${((traced / plain - 1) * 100).toFixed(1)} %`;
}
