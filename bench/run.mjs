// @ts-check
// npm run bench: a training step and a forward pass of fixed models, timed in one run beside the peers, round by round in
// turn. Every contender is checked against the float64 reference before it is timed.

import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { BenchPage, installPeers, launch, serve } from './browser.mjs';
import { Contest, createOracle } from './contest.mjs';
import { parseOptions, USAGE } from './options.mjs';
import { formatTable, rowsOf, summarize } from './table.mjs';

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else await bench(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/** @param {import('./options.mjs').Options} options */
async function bench(options) {
  if (options.peers.length > 0) installPeers();
  const server = await serve();
  const browser = await launch(options.adapter);
  try {
    const about = await describe(browser, server.origin);
    const loadBefore = os.loadavg()[0] ?? 0;
    /** @type {import('./table.mjs').Row[]} */
    const rows = [];
    let wrong = false;
    for (const config of options.configs) {
      const contests = await runContests(browser, server.origin, config, options);
      for (const kind of options.kinds) rows.push(...rowsOf(config, kind, contests));
      wrong ||= contests.some(({ failure }) => failure !== undefined);
    }
    const load = `${loadBefore.toFixed(1)} before, ${(os.loadavg()[0] ?? 0).toFixed(1)} after`;
    const lines = [
      `${about.adapter} · Chromium ${about.browser} · ${about.date} · ${about.cpu} · load ${load}`,
      'milliseconds a step or pass with its loss on the host; ratio = its fastest round / Unfold\'s',
      '',
      formatTable(rows),
      '',
      ...summarize(rows),
    ];
    console.log(`\n${lines.join('\n')}`);
    if (options.json) await writeFile(options.json, `${JSON.stringify({ ...about, load, options, rows }, null, 2)}\n`);
    if (wrong) process.exitCode = 1;
  } finally {
    await browser.close();
    await server.close();
  }
}

/**
 * @param {import('playwright').Browser} browser @param {string} origin @param {string} config
 * @param {import('./options.mjs').Options} options
 */
async function runContests(browser, origin, config, options) {
  const names = ['unfold', ...options.peers.flatMap((peer) => [`${peer} ops`, `${peer} layers`])];
  const contests = names.map((name) => new Contest(name, config, options));
  const oracle = createOracle(browser, origin, config);
  for (const contest of contests) {
    progress(`${config}: checking ${contest.name}`);
    await contest.check(browser, origin, oracle);
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const kind of options.kinds) {
      for (const contest of contests) {
        progress(`${config}: round ${round + 1} of ${options.rounds}, ${kind}, ${contest.name}`);
        await contest.time(kind);
      }
    }
  }
  for (const contest of contests) {
    progress(`${config}: verifying ${contest.name}`);
    await contest.verify();
    await contest.close();
  }
  progress('');
  return contests;
}

/** @param {import('playwright').Browser} browser @param {string} origin */
async function describe(browser, origin) {
  const page = await BenchPage.open(browser, origin);
  const adapter = await page.call('adapter', [], 30_000);
  await page.close();
  const cpus = os.cpus();
  return {
    adapter: adapter || 'no WebGPU adapter',
    browser: browser.version(),
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cpu: `${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown CPU'}`,
  };
}

/** One line that overwrites itself on a terminal, and its own line elsewhere. @param {string} text */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}
