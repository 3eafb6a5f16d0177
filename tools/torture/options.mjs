// @ts-check
// The words of `npm run torture`.
import { parseArgs } from 'node:util';
import { UsageError } from '../train/options.mjs';
import { KINDS } from './kinds.mjs';

const NAMES = KINDS.map(({ name }) => name);
const HOSTS = /** @type {const} */ (['chromium', 'node']);

export const HELP = `A bounded, seeded stress of the engine on this machine's software adapter. It ends with what was injected, what survived and what was lost.

  npm run torture -- [options]

  --minutes N    of all kinds together  (10)
  --seed S       a whole number; every case follows from it, its kind and its number  (1)
  --host NAME    ${HOSTS.join(', ')}  (chromium)
  --only KIND    ${NAMES.join(', ')}
  --case N       with --only: that case alone, as a report of a lost one names it
  --short        a few cases of each kind, as npm test does
  --help

Without --only, --case and --short it writes docs/torture.md. Exit status: 0 nothing was lost, 1 something was, 2 wrong use.
`;

/** @typedef {import('./options.d.mts').TortureOptions} TortureOptions */

/** @param {string[]} words @returns {TortureOptions | 'help'} @throws {UsageError} */
export function parseOptions(words) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  let values;
  try {
    values = parseArgs({ args: words, options: { minutes: text, seed: text, host: text, only: text, case: text, short: flag, help: flag } }).values;
  } catch (error) {
    throw new UsageError(`${/** @type {Error} */ (error).message.split(/\.\s/, 1)[0]}; see npm run torture -- --help`);
  }
  if (values.help) return 'help';
  const minutes = Number(values.minutes ?? 10);
  if (!(minutes > 0 && minutes <= 24 * 60)) throw new UsageError(`--minutes is ${values.minutes}; it must be a number above 0 and at most ${24 * 60}`);
  const whole = (/** @type {string} */ name, /** @type {string} */ given) => {
    if (!/^\d{1,9}$/.test(given)) throw new UsageError(`--${name} is ${JSON.stringify(given)}; it must be a whole number from 0 to 999999999`);
    return Number(given);
  };
  const host = HOSTS.find((known) => known === (values.host ?? 'chromium'));
  if (!host) throw new UsageError(`--host is ${JSON.stringify(values.host)}; it must be one of ${HOSTS.join(', ')}`);
  const { only = null } = values;
  if (only !== null && !NAMES.includes(only)) throw new UsageError(`--only is ${JSON.stringify(only)}; it must be one of ${NAMES.join(', ')}`);
  if (values.case !== undefined && only === null) throw new UsageError('--case needs --only: cases are numbered by kind');
  return { minutes, seed: whole('seed', values.seed ?? '1'), host, only, one: values.case === undefined ? null : whole('case', values.case), short: values.short ?? false };
}
