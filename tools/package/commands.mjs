// @ts-check
// Commands of npm and of Node, with all that they say.
import { spawnSync } from 'node:child_process';

const LIMIT_MS = 5 * 60_000;

/**
 * @typedef {object} Outcome
 * @property {boolean} ok
 * @property {string} output of both streams, and why it ended where that is not said there
 */

/**
 * Run a command to its end.
 * @param {string} folder @param {string} command @param {readonly string[]} words
 * @param {Record<string, string>} [fresh] variables of the environment besides those of this process
 * @returns {Outcome}
 */
export function runCommand(folder, command, words, fresh = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, words, { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...fresh }, encoding: 'utf8', timeout: LIMIT_MS });
  return { ok: status === 0, output: [stderr, stdout, error?.message ?? ''].filter(Boolean).join('\n') };
}

/**
 * Run a script with this Node.
 * @param {string} folder @param {readonly string[]} words @param {Record<string, string>} [fresh]
 */
export const run = (folder, words, fresh) => runCommand(folder, process.execPath, words, fresh);

/**
 * Run npm: the one that started this command, where one did.
 * @param {string} folder @param {readonly string[]} words
 */
export function npm(folder, words) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? run(folder, [cli, ...words]) : runCommand(folder, 'npm', words);
}

/**
 * Install what package.json of the folder asks for; no package runs a script of its own.
 * @param {string} folder
 */
export function install(folder) {
  const { ok, output } = npm(folder, ['install', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (!ok) throw new Error(`npm install failed in ${folder}:\n${output}`);
}
