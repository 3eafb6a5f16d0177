// @ts-check
// Runs every part of the GPU folder, each within its own time limit and none able to stop the rest, and writes the results.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { partsOf } from './parts.mjs';
import { describeVulkan, vulkanEnvironments } from './vulkan.mjs';

/** `TIME_FACTOR=6` is for a software adapter: every limit so many times as long. */
const FACTOR = Number(process.env.TIME_FACTOR || 1);
if (!(FACTOR > 0)) throw new Error(`TIME_FACTOR is ${JSON.stringify(process.env.TIME_FACTOR)}; it must be a number above 0`);
/** Seconds for everything, from the start of run.sh. */
const WHOLE = 540 * FACTOR;
/** Seconds that a part gets at least, or else it is not begun. */
const LEAST = 10;
/** Seconds for the words at the end. */
const CLOSING = 10;

/**
 * @typedef {object} Ran
 * @property {string} name
 * @property {'done' | 'failed' | 'out of time' | 'not begun'} outcome
 * @property {number} seconds
 * @property {string} output both streams, in the order in which they came
 */

const FOLDER = resolve(import.meta.dirname, '../..');
const OUT = process.env.OUT ?? join(FOLDER, 'results');
const began = Number(process.env.UNFOLD_BEGAN ?? Date.now() / 1000);
const elapsed = () => Date.now() / 1000 - began;

/** Ends the part that runs. */
let endCurrent = () => {};
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    endCurrent();
    process.exit(1);
  });
}

/** @param {string[]} words @param {Record<string, string>} variables @param {number} seconds @returns {Promise<Omit<Ran, 'name'>>} */
function run(words, variables, seconds) {
  return new Promise((resolve) => {
    const start = Date.now();
    // A group of its own, so that what it started ends with it.
    const child = spawn(join(FOLDER, 'node'), words, { cwd: FOLDER, env: { ...process.env, ...SHARED, ...variables }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    const end = (/** @type {NodeJS.Signals} */ signal) => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch {
        // It has ended already.
      }
    };
    const timer = setTimeout(() => {
      late = true;
      end('SIGTERM');
      setTimeout(() => end('SIGKILL'), 3000).unref();
    }, seconds * 1000);
    endCurrent = () => end('SIGKILL');
    child.on('error', (error) => (output += error.message));
    child.on('close', (code) => {
      clearTimeout(timer);
      end('SIGKILL');
      resolve({ outcome: late ? 'out of time' : code === 0 ? 'done' : 'failed', seconds: (Date.now() - start) / 1000, output });
    });
  });
}

mkdirSync(OUT, { recursive: true });
const say = (/** @type {string} */ line) => console.log(`run.sh: ${line}`);

/** What the parts find by the environment: programs of the page modules, and what one part's tuning chose for the next. */
const SHARED = { UNFOLD_PROGRAMS: join(FOLDER, 'programs'), UNFOLD_BENCH_FOLDER: join(FOLDER, 'kept'), UNFOLD_BENCH_TUNING: join(FOLDER, 'tuning.json') };
/** @type {Ran[]} */
const all = [];
const environments = vulkanEnvironments(FOLDER);
let chosen = /** @type {typeof environments[number]} */ (environments[0]);
for (const { name, limit, words, variables = {}, first } of partsOf(OUT, FACTOR)) {
  const left = WHOLE - CLOSING - elapsed();
  if (left < LEAST) {
    all.push({ name, outcome: 'not begun', seconds: 0, output: '' });
    continue;
  }
  say(`${name}, ${Math.round(Math.min(limit, left))} s at most`);
  let ran = await run(words, { ...chosen.variables, ...variables }, Math.min(limit, left));
  // The first part says whether there is an adapter at all; the ways to reach one are tried in turn.
  for (const other of first ? environments.slice(1) : []) {
    if (ran.outcome === 'done') break;
    const again = await run(words, { ...other.variables, ...variables }, Math.min(limit, WHOLE - CLOSING - elapsed()));
    if (again.outcome === 'done') chosen = other;
    ran = { ...again, output: `${ran.output}\n${other.what}:\n${again.output}` };
  }
  all.push({ name, ...ran });
  say(`${name}: ${ran.outcome} after ${ran.seconds.toFixed(0)} s`);
  write();
}
write();
say(`${elapsed().toFixed(0)} s in all; results in ${OUT}`);
process.exitCode = all.every(({ outcome }) => outcome === 'done') ? 0 : 1;

/** After every part, so that what there is survives whatever ends this process. */
function write() {
  const { commit, date } = JSON.parse(readFileSync(join(FOLDER, 'origin.json'), 'utf8'));
  const cpus = os.cpus();
  const found = all.find(({ name }) => name === 'probe');
  writeFileSync(join(OUT, '1-summary.md'), [
    '# What run.sh measured', '',
    `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC · commit ${commit}, packed ${date} · ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'} · Vulkan: ${chosen.what}`, '',
    '| part | outcome | seconds | |', '|---|---|---|---|',
    ...all.map(({ name, outcome, seconds, output }) => `| ${name} | ${outcome} | ${seconds.toFixed(0)} | ${lastLine(output)} |`), '',
    ...(found?.outcome === 'done' ? [] : ['The probe did not get through. What there is of Vulkan:', '', '```', ...describeVulkan(), '```', '']),
    ...['probe', 'table', 'literature', 'profile', 'peak'].flatMap((name) => {
      const part = all.find((one) => one.name === name);
      return part?.output ? [`## ${name}`, '', '```', clipped(part.output, 12_000), '```', ''] : [];
    }),
  ].join('\n'));
  for (const [file, names] of [['2-conformance.txt', ['conformance']], ['3-specs.txt', ['specs']], ['4-tuning.txt', ['tuning']], ['5-log.txt', all.map(({ name }) => name)]]) {
    const parts = all.filter(({ name }) => names?.includes(name));
    if (parts.length > 0) {
      writeFileSync(join(OUT, /** @type {string} */ (file)), parts.map(({ name, outcome, output }) => `==== ${name}: ${outcome}\n${clipped(output, 400_000)}\n`).join('\n'));
    }
  }
}

/** @param {string} output */
function lastLine(output) {
  return (output.trim().split('\n').at(-1) ?? '').slice(0, 160).replaceAll('|', '\\|');
}

/** The beginning and the end of a long text. @param {string} text @param {number} most */
function clipped(text, most) {
  return text.length <= most ? text.trim() : `${text.slice(0, most / 2)}\n… ${text.length - most} characters left out …\n${text.slice(-most / 2).trim()}`;
}
