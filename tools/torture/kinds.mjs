// @ts-check
// The kinds of faults, their shares of the time, and the counts that a run of ten minutes aims at.

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {string} call the export of page.ts
 * @property {number} share of the time, beside those of the others
 * @property {number} short cases of it in a short run; 0 leaves it out, because its pages compile every kernel again
 * @property {'page' | 'gpu' | 'host'} by who injects the fault: the page itself; this command, into the GPU process; or into the page's own process
 */

/** @type {readonly Kind[]} */
export const KINDS = [
  { name: 'device', call: 'deviceDestroyed', share: 20, short: 3, by: 'page' },
  { name: 'process', call: 'processKilled', share: 18, short: 2, by: 'gpu' },
  { name: 'page', call: 'partOfRun', share: 6, short: 0, by: 'host' },
  { name: 'files', call: 'filesDamaged', share: 8, short: 2, by: 'page' },
  { name: 'fuzz', call: 'fuzz', share: 14, short: 2, by: 'page' },
  { name: 'endurance', call: 'endurance', share: 22, short: 1, by: 'page' },
  { name: 'bands', call: 'guardBands', share: 16, short: 3, by: 'page' },
  { name: 'company', call: 'company', share: 6, short: 1, by: 'page' },
];

/** What is wanted of a run of ten minutes, by fault. */
export const AIMS = /** @type {const} */ ([
  ['training steps', 'a training step', 10_000],
  ['plans', 'a plan made, used and destroyed', 1000],
  ['models', 'a model made and destroyed', 1000],
  ['generations', 'a generation', 1000],
  ['aborts', 'an abort', 200],
]);
