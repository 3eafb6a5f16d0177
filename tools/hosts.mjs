// @ts-check
// `npm run hosts -- [--cases FOLDER] [--only LIST] [--specs off]`: every host of this machine, probed, held to the case files and given the
// GPU specs; writes docs/hosts.md after each, in which hosts that `--only` leaves out keep their rows. Exit status: 0 all passed, 1 something failed, 2 wrong use.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HOSTS, missingFor } from './hosts/open.mjs';
import { renderHosts } from './hosts/table.mjs';
import { adapterKind } from './setup.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const FILE = join(ROOT, 'docs/hosts.md');
const MINUTE = 60_000;

const { values } = parseArgs({ options: { cases: { type: 'string' }, only: { type: 'string', default: HOSTS.join(',') }, specs: { type: 'string', default: 'on' } } });
const wrong = values.only.split(',').find((name) => !HOSTS.some((known) => known === name));
if (wrong !== undefined || !['on', 'off'].includes(values.specs)) {
  process.stderr.write(wrong === undefined ? `hosts: --specs is on or off; ${values.specs} was given\n` : `hosts: --only has ${wrong}, which must be one of ${HOSTS.join(', ')}\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(os.tmpdir(), 'unfold-hosts-'));
/** @type {import('./hosts/table.mjs').HostResult[]} */
const results = [];
try {
  const own = join(folder, 'cases');
  run('the case files', ['tools/conformance/generate.mjs', own], 5);
  for (const host of HOSTS.filter((name) => values.only.split(',').includes(name))) {
    const missing = missingFor(host, adapterKind());
    results.push(missing === null ? measure(host, own) : { host, missing });
    writeFileSync(FILE, renderHosts(results, adapterKind(), existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''));
    say(`wrote ${host} into docs/hosts.md`);
  }
  process.exitCode = results.every((one) => 'missing' in one || (one.failures.length === 0)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {import('./hosts/open.mjs').HostName} host @param {string} own the folder of the project's own case files
 * @returns {import('./hosts/table.mjs').HostResult}
 */
function measure(host, own) {
  /** @type {string[]} */
  const failures = [];
  const note = (/** @type {string} */ what, /** @type {boolean} */ failed) => { if (failed) failures.push(what); };
  const file = join(folder, `${host}.json`);
  note('probe', run(`${host}: probe`, ['tools/probe.mjs', '--host', host, '--json', file], 5).status !== 0);
  /** @type {string[]} */
  const conformance = [];
  for (const [what, cases] of [['own', own], ...(values.cases === undefined ? [] : [['given', values.cases]])]) {
    const { status, stdout } = run(`${host}: conformance, ${what} cases`, ['tools/conformance.mjs', /** @type {string} */ (cases), '--host', host], 30);
    note(`conformance, ${what} cases`, status !== 0);
    conformance.push(`${what} ${/^all: (\d+\/\d+)/m.exec(stdout)?.[1] ?? 'failed'}`);
  }
  /** @type {Record<string, import('./hosts/table.mjs').Counts>} */
  const specs = {};
  for (const part of values.specs === 'on' ? ['gpu', 'f16'] : []) {
    const json = join(folder, `${host}-${part}.json`);
    const { status } = run(`${host}: specs of e2e/${part}`, ['tools/test_gpu.mjs', '--host', host, `e2e/${part}`, '--reporter=json', '--timeout', String(10 * MINUTE)], 80, { PLAYWRIGHT_JSON_OUTPUT_NAME: json });
    note(`specs of e2e/${part}`, status !== 0);
    const { stats, suites } = JSON.parse(readFileSync(json, 'utf8'));
    for (const title of failedIn(suites)) say(`${host} failed: ${title}`);
    specs[part] = { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped, seconds: stats.duration / 1000 };
  }
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() || 'no commit';
  return { host, measured: `${new Date().toISOString().slice(0, 10)}, ${commit}`, probe: JSON.parse(readFileSync(file, 'utf8')), conformance, specs, failures };
}

/** Titles of the specs that failed, of Playwright's report. @param {any[]} suites @returns {string[]} */
function failedIn(suites) {
  return suites.flatMap(({ specs = [], suites: inner = [] }) => [...specs.filter((/** @type {any} */ { ok }) => !ok).map((/** @type {any} */ { file, title }) => `${file} ${title}`), ...failedIn(inner)]);
}

/** @param {string} what @param {string[]} words @param {number} minutes @param {Record<string, string>} [variables] */
function run(what, words, minutes, variables = {}) {
  say(what);
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, env: { ...process.env, ...variables }, encoding: 'utf8', timeout: minutes * MINUTE, maxBuffer: 2 ** 28 });
  if (status !== 0) say(`${what} failed: ${(stderr.trim() || stdout.trim()).split('\n').slice(-8).join('\n')}`);
  return { status, stdout };
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`hosts: ${line}\n`);
}
