// @ts-check
// `npm run conformance -- FOLDER [--results out.json] [--filter TEXT] [--host chromium|node|deno|firefox] [--adapter swiftshader|default]`
// Exit status: 0 every case passed and none was unsupported, 1 otherwise, 2 wrong use.
import { readCaseFiles } from './conformance/files.mjs';
import { HELP, parseOptions } from './conformance/options.mjs';
import { Tally } from './conformance/report.mjs';
import { checkWritable, writeWhole } from './train/files.mjs';
import { UsageError } from './train/options.mjs';

/** @typedef {import('./conformance/page.ts').RawResults} RawResults */

const DUPLICATE = /** @type {const} */ ({ status: 'failed', reason: 'another case has this id' });

const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

/** @param {string[]} words @returns {Promise<number>} the exit status */
async function main(words) {
  const options = parseOptions(words);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const files = chosen(readCaseFiles(options.folder), options.filter);
  if (options.results !== null) checkWritable(options.results);
  // The hosts take a moment to load, which --help and a wrong option need not wait for.
  const { openRunner } = await import('./conformance/runner.mjs');
  const runner = await openRunner(options.host, options.adapter);
  try {
    say(`host: ${options.host}, adapter: ${runner.adapterName}`);
    return await runAll(files, options, runner);
  } finally {
    await runner.close();
  }
}

/**
 * @param {import('./conformance/files.mjs').CaseFile[]} files
 * @param {import('./conformance/options.mjs').Options} options
 * @param {Awaited<ReturnType<typeof import('./conformance/runner.mjs').openRunner>>} runner
 */
async function runAll(files, { results }, runner) {
  const total = new Tally();
  /** @type {Map<string, RawResults>} */
  const raw = new Map();
  const seen = new Set();
  let unreadable = 0;
  for (const { name, cases, problem } of files) {
    if (problem !== null) {
      unreadable++;
      say(`${name}: ${problem}`);
      continue;
    }
    const tally = new Tally();
    for (const one of cases) {
      // Results are kept by id, and one of two would be lost.
      const verdict = seen.has(one.id) ? DUPLICATE : await runner.run(one, results !== null);
      seen.add(one.id);
      if ('raw' in verdict && verdict.raw) raw.set(one.id, verdict.raw);
      for (const line of tally.add(one.id, verdict)) say(line);
    }
    say(`${name}: ${tally}`);
    total.include(tally);
  }
  const broken = unreadable > 0 ? `, ${unreadable} of ${files.length} files unreadable` : '';
  say(`all: ${total}${broken}`);
  for (const [reason, count] of total.unsupported) say(`unsupported: ${reason}, ${count} ${count === 1 ? 'case' : 'cases'}`);
  if (results !== null) {
    writeWhole(results, Buffer.from(JSON.stringify(Object.fromEntries(raw))));
    say(`wrote ${results}, the tensors of ${raw.size} cases`);
  }
  return total.passed === total.total && unreadable === 0 ? 0 : 1;
}

/** @param {import('./conformance/files.mjs').CaseFile[]} files @param {string} filter */
function chosen(files, filter) {
  if (filter === '') {
    if (files.every(({ cases, problem }) => cases.length === 0 && problem === null)) throw new UsageError('the case files hold no cases');
    return files;
  }
  const kept = files.map((file) => ({ ...file, cases: file.cases.filter(({ id }) => id.includes(filter) || file.name.includes(filter)) }))
    .filter(({ name, cases, problem }) => cases.length > 0 || (problem !== null && name.includes(filter)));
  if (kept.length === 0) throw new UsageError(`no case's id or file name contains ${JSON.stringify(filter)}`);
  return kept;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`conformance: ${/** @type {Error} */ (error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
