// @ts-check
// The command line of the benchmark.

import { parseArgs } from 'node:util';

const PEERS = ['tfjs-wasm', 'tfjs-webgl', 'tfjs-webgpu', 'tfjs-cpu'];
const CONFIGS = ['S', 'M'];

export const USAGE = `npm run bench -- [options]
  --config S,M                                sizes to time (S,M)
  --only train|forward                        one of the two (both)
  --peers tfjs-wasm,tfjs-webgl,tfjs-webgpu    who to time beside Unfold; also tfjs-cpu, or none (those three)
  --rounds 3                                  interleaved rounds (3)
  --steps K                                   steps a round (as many as fill a second, at least one)
  --budget 90                                 seconds a contender may use in one configuration (90)
  --adapter swiftshader|default               the software adapter, or the machine's own GPU (UNFOLD_ADAPTER, or swiftshader)
  --json out.json                             also write everything that was measured`;

/**
 * @typedef {object} Options
 * @property {string[]} configs
 * @property {('train' | 'forward')[]} kinds
 * @property {string[]} peers
 * @property {number} rounds
 * @property {number} steps 0: as many as fill a second
 * @property {number} budget milliseconds
 * @property {'swiftshader' | 'default'} adapter
 * @property {string | undefined} json
 */

/**
 * Throws an Error that names the option, what was given and what is expected.
 * @param {string[]} argv
 * @returns {Options | 'help'}
 */
export function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      config: { type: 'string', default: CONFIGS.join(',') },
      only: { type: 'string' },
      peers: { type: 'string', default: PEERS.slice(0, 3).join(',') },
      rounds: { type: 'string', default: '3' },
      steps: { type: 'string' },
      budget: { type: 'string', default: '90' },
      adapter: { type: 'string', default: process.env.UNFOLD_ADAPTER ?? 'swiftshader' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const only = values.only === undefined ? undefined : oneOf('--only', values.only, ['train', 'forward']);
  return {
    configs: listOf('--config', values.config, CONFIGS),
    kinds: only === undefined ? ['train', 'forward'] : [/** @type {'train' | 'forward'} */ (only)],
    peers: values.peers === 'none' ? [] : listOf('--peers', values.peers, PEERS),
    rounds: count('--rounds', values.rounds),
    steps: values.steps === undefined ? 0 : count('--steps', values.steps),
    budget: count('--budget', values.budget) * 1000,
    adapter: /** @type {'swiftshader' | 'default'} */ (oneOf('--adapter', values.adapter, ['swiftshader', 'default'])),
    json: values.json,
  };
}

/** @param {string} option @param {string} given @param {string[]} choices */
function oneOf(option, given, choices) {
  if (!choices.includes(given)) throw new Error(`${option} is '${given}', but must be one of ${choices.join(', ')}`);
  return given;
}

/** @param {string} option @param {string} given @param {string[]} choices */
function listOf(option, given, choices) {
  const items = [...new Set(given.split(',').map((item) => item.trim()))];
  for (const item of items) oneOf(option, item, choices);
  return items;
}

/** @param {string} option @param {string} given */
function count(option, given) {
  if (!/^[1-9][0-9]{0,5}$/.test(given)) throw new Error(`${option} is '${given}', but must be a whole number from 1 to 999999`);
  return Number(given);
}
