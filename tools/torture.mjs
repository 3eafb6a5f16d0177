// @ts-check
// `npm run torture -- [--minutes N] [--seed S] [--host NAME] [--only KIND] [--case N] [--short]`: faults at random moments, and whether
// anything is lost. Exit status: 0 nothing was, 1 something was, 2 wrong use.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { resolve } from 'node:path';
import { adapterKind } from './setup.mjs';
import { HELP, parseOptions } from './torture/options.mjs';
import { KINDS } from './torture/kinds.mjs';
import { again, counts, renderTorture, table } from './torture/report.mjs';
import { RunTally } from './torture/tally.mjs';
import { UsageError } from './train/options.mjs';

const FILE = resolve(import.meta.dirname, '../docs/torture.md');
const MINUTE = 60_000;

const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

/** @param {string[]} words @returns {Promise<number>} the exit status */
async function main(words) {
  const options = parseOptions(words);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const { minutes, seed, host: hostName, only, one, short } = options;
  const [{ openTortureHost }, { Runner }] = await Promise.all([import('./torture/host.mjs'), import('./torture/runner.mjs')]);
  const host = await openTortureHost(hostName, adapterKind());
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void host.close().finally(() => process.exit(130)));
  const load = [os.loadavg()[0] ?? 0];
  const tally = new RunTally();
  /** @type {string[]} */
  const skipped = [];
  try {
    const runner = new Runner(host, seed, tally);
    const page = await host.open(() => {});
    const adapter = await page.call('adapterName');
    await page.close();
    say(`torture: seed ${seed}, host ${hostName}, ${adapter}`);
    const kinds = KINDS.filter(({ name, short: few }) => (only === null ? !short || few > 0 : name === only));
    const shares = kinds.reduce((sum, { share }) => sum + share, 0);
    for (const kind of kinds) {
      const missing = runner.missing(kind);
      if (missing !== null) {
        skipped.push(`The kind ${kind.name} was left out: ${missing}`);
        continue;
      }
      const lost = tally.lost.length;
      const begun = performance.now();
      const milliseconds = one === null && !short ? (kind.share / shares) * minutes * MINUTE : Infinity;
      await runner.run(kind, {
        first: one ?? 0,
        most: one !== null ? 1 : short ? kind.short : Infinity,
        milliseconds,
        told: (cases) => say(`${kind.name}: ${cases} cases in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${tally.lost.length - lost} lost`),
      });
      for (const each of tally.lost.slice(lost)) say(`LOST ${each.fault}: ${each.what}\n  ${again(each, seed, hostName)}`);
    }
    await runner.close();
    load.push(os.loadavg()[0] ?? 0);
    for (const line of ['', ...table(tally), '', ...counts(tally), ...skipped]) say(line);
    if (only === null && !short) {
      writeFileSync(FILE, renderTorture(tally, { seed, minutes, host: hostName, adapter, load, skipped }));
      say('wrote docs/torture.md');
    }
    return tally.lost.length === 0 ? 0 : 1;
  } finally {
    await host.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`torture: ${/** @type {Error} */ (error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
