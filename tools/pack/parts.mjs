// @ts-check
// The parts of the GPU folder, in the order in which they are run: what would be missed most comes first.
import os from 'node:os';
import { join } from 'node:path';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {number} limit seconds
 * @property {string[]} words after `node`
 * @property {Record<string, string>} [variables] of its environment
 * @property {boolean} [first] it finds out how an adapter is reached
 */

/** Processes of the specs: Dawn compiles on the CPU, and a GPU has room for all of them. */
const WORKERS = Math.min(8, os.availableParallelism());

/**
 * @param {string} out the folder of the results
 * @param {number} factor by which all limits are longer
 * @returns {Part[]}
 */
export function partsOf(out, factor) {
  const bench = (/** @type {string[]} */ ...words) => ['bench/main.mjs', '--adapter', 'native', '--json', join(out, '6-bench.json'), '--resume', ...words];
  const specs = Math.round(150 * factor);
  /** @type {Part[]} */
  const parts = [
    { name: 'probe', limit: 60, words: ['tools/probe.mjs', '--host', 'node', '--toggles', '--json', join(out, '7-probe.json')], first: true },
    { name: 'conformance', limit: 45, words: ['tools/conformance.mjs', 'cases', '--host', 'node', '--adapter', 'default'] },
    {
      name: 'specs',
      limit: 150,
      // It ends by itself before it is ended, so that what failed until then is told.
      words: ['node_modules/playwright/cli.js', 'test', '--workers', String(WORKERS), '--timeout', String(90_000 * factor), '--global-timeout', String((specs - 25) * 1000)],
      variables: { UNFOLD_HOST: 'node', CI: 'true' },
    },
    { name: 'table', limit: 90, words: bench('--config', 'S,M', '--minutes', String(Math.ceil(factor))) },
    { name: 'literature', limit: 60, words: bench('--literature') },
    { name: 'profile', limit: 30, words: bench('--profile', 'S,M') },
    { name: 'tuning', limit: 75, words: bench('--tuning', 'S,M,long,literature') },
    { name: 'peak', limit: 30, words: bench('--peak') },
  ];
  return parts.map((part) => ({ ...part, limit: part.limit * factor }));
}
