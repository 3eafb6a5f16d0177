// @ts-check
// `npm run example NAME -- [--steps N] [--seed S] [--adapter swiftshader|default] …`; without a NAME, a list of the examples.
// Exit status: 0 done, 1 failed, 2 wrong use, 130 stopped with Ctrl-C (143 by SIGTERM).
import { openChrome } from './browser.mjs';
import { PageError } from './calls.mjs';
import { readExamples } from './example/catalogue.mjs';
import { parseOptions } from './example/options.mjs';
import { createProgress, formatTable } from './example/report.mjs';
import { listenForSignals } from './signals.mjs';
import { UsageError } from './train/options.mjs';

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

/** @param {string[]} words @returns {Promise<number>} the exit status */
async function main(words) {
  const chosen = parseOptions(words, await readExamples());
  if ('print' in chosen) {
    process.stdout.write(chosen.print);
    return 0;
  }
  return run(chosen);
}

/** @param {import('./example/options.mjs').Choice} choice @returns {Promise<number>} the exit status */
async function run({ example, options, adapter }) {
  const interruption = listenForSignals(say);
  const chrome = await openChrome({ adapter, ownSignals: true, warn: (line) => say(`warning: ${line}`) });
  const progress = createProgress(process.stderr);
  try {
    const page = await chrome.open({ path: 'tools/page.html', module: '/tools/example/page.ts', functions: { progress: progress.show } });
    /** @type {import('./example/page.ts').Opened} */
    const opened = await interruption.whichever(page.call('open'));
    say(`adapter: ${opened.adapter}`);
    if (opened.isFallback && adapter === 'default') say('warning: this is a software adapter: its results are correct, and it is slow');
    say(`${example.name}: ${Object.entries(options).map(([name, value]) => `${name} ${value}`).join(', ')}`);
    interruption.onSignal(() => void page.call('stop').catch(() => {}));
    /** @type {import('../examples/example.ts').Result | null} */
    const result = await page.call('run', { name: example.name, options }).catch((error) => {
      // The engine refuses a wrong size before it asks the GPU: that is the caller's to mend.
      if (error instanceof PageError && error.name === 'RangeError') throw new UsageError(error.message);
      throw error;
    });
    progress.end();
    if (result) process.stdout.write(`${formatTable(result.table)}\n${(result.lines ?? []).map((line) => `${line}\n`).join('')}`);
    return interruption.status;
  } catch (error) {
    progress.end();
    if (interruption.status !== 0 && error === interruption.reason) return interruption.status;
    throw error;
  } finally {
    await chrome.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(`example: ${/** @type {Error} */ (error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
