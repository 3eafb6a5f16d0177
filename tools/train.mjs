// @ts-check
// `npm run train -- book.txt --layers 2 --hidden 256 --steps 500 --out model.safetensors`
// Exit status: 0 done, 1 failed, 2 wrong use, 130 stopped with Ctrl-C (143 by SIGTERM) after saving.
import { mobyDick } from './moby_dick.mjs';
import { listenForSignals } from './signals.mjs';
import { checkWritable, readBook, readBytes, writeWhole } from './train/files.mjs';
import { HELP, parseOptions, UsageError } from './train/options.mjs';
import { createProgress } from './train/progress.mjs';

/** @typedef {import('./train/types.ts').Options} Options */
/** @typedef {import('./train/types.ts').Opened} Opened */

/** Errors of the engine that a wrong option or file causes. */
const MENDABLE = new Set(['RangeError', 'TypeError', 'SafetensorsError']);

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

/** @param {string[]} words */
async function main(words) {
  const options = parseOptions(words);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const text = options.book === null ? mobyDick() : readBook(options.book);
  const resume = options.resume === null ? null : readBytes(options.resume);
  for (const path of [options.out, options.checkpoint]) if (path !== null) checkWritable(path);
  return run(options, text, resume);
}

/**
 * @param {Options} options @param {string} text @param {Uint8Array | null} resume
 * @returns {Promise<number>} the exit status
 */
async function run(options, text, resume) {
  const interruption = listenForSignals(say);
  /** @type {ReturnType<typeof createProgress> | null} */
  let progress = null;
  // Vite and Playwright take a moment to load, which --help and a wrong option need not wait for.
  const [{ PageError }, { openPage }] = await Promise.all([import('./calls.mjs'), import('./train/browser.mjs')]);
  const page = await openPage(options.adapter, {
    give: { text: () => text, ...(resume && { resume: () => resume }) },
    take: {
      checkpoint: (bytes) => writeWhole(/** @type {string} */ (options.checkpoint), bytes),
      model: (bytes) => writeWhole(/** @type {string} */ (options.out), bytes),
    },
    report: (event) => progress?.show(event),
  }, (line) => say(`warning: ${line}`));
  try {
    /** @type {Opened} */
    const opened = await interruption.whichever(page.call('open', options)).catch((error) => {
      // The engine refuses a wrong size before it asks the GPU: that is the caller's to mend.
      if (error instanceof PageError && MENDABLE.has(error.name)) throw new UsageError(error.message);
      throw error;
    });
    describe(options, opened);
    progress = createProgress(process.stderr, { steps: options.steps, ...opened });
    interruption.onSignal(() => void page.call('stop').catch(() => {}));
    /** @type {import('./train/types.ts').Trained} */
    const { step } = await page.call('train');
    if (options.checkpoint !== null) say(`wrote ${options.checkpoint}, a checkpoint at step ${step}`);
    if (options.out !== null) {
      await page.call('save');
      say(`wrote ${options.out}, the weights at step ${step}`);
    }
    if (interruption.status === 0 && options.sample > 0) process.stdout.write(`\n${await page.call('sample')}\n`);
    if (options.out === null && interruption.status === 0) say('\nThe weights are not kept; --out model.safetensors would write them.');
    return interruption.status;
  } catch (error) {
    if (interruption.status !== 0 && error === interruption.reason) return interruption.status;
    throw error;
  } finally {
    await page.close();
  }
}

/** @param {Options} options @param {Opened} opened */
function describe(options, opened) {
  const count = (/** @type {number} */ n) => n.toLocaleString('en');
  const uniform = Math.log(opened.vocabularySize);
  say(`adapter: ${opened.adapter}`);
  if (opened.isFallback && options.adapter === 'default') say('warning: this is a software adapter: its results are correct, and it is slow');
  say(`text: ${options.book ?? 'Moby-Dick'}, ${count(opened.characters)} characters, ${opened.vocabularySize} different`);
  say(`model: LSTM layers of ${opened.hidden.join(', ')}, ${count(opened.parameterCount)} parameters`);
  say(`baselines in nats (bits) per character: uniform ${uniform.toFixed(3)} (${(uniform / Math.LN2).toFixed(3)}), ` +
    `unigram ${opened.unigramEntropy.toFixed(3)} (${(opened.unigramEntropy / Math.LN2).toFixed(3)})`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  say(`train: ${message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
