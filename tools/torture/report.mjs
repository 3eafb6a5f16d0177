// @ts-check
// What a run found, for the terminal and as docs/torture.md.
import os from 'node:os';
import { AIMS } from './kinds.mjs';

/** @typedef {import('./tally.mjs').RunTally} RunTally */
/** @typedef {{ seed: number, minutes: number, host: string, adapter: string, load: readonly number[], skipped: readonly string[] }} Circumstances */

/** @param {RunTally} tally @returns {string[]} */
export function table(tally) {
  return [
    '| fault | times injected | survived | lost |',
    '|---|---|---|---|',
    ...tally.rows().map(({ fault, injected, survived, lost }) => `| ${fault} | ${injected} | ${survived} | ${lost} |`),
  ];
}

/** @param {RunTally} tally @returns {string[]} */
export function counts(tally) {
  return AIMS.map(([what, fault, aim]) => `| ${what} | ${tally.times(fault)} | ${aim} |`);
}

/** How a lost case is run again. @param {import('./tally.mjs').Lost} lost @param {number} seed @param {string} host */
export const again = ({ kind, case: index }, seed, host) => `npm run torture -- --seed ${seed} --host ${host} --only ${kind} --case ${index}`;

/** @param {RunTally} tally @param {Circumstances} circumstances @returns {string} */
export function renderTorture(tally, { seed, minutes, host, adapter, load, skipped }) {
  const [before, after] = [load[0], load.at(-1)].map((one) => (one ?? 0).toFixed(1));
  return [
    '# Torture', '',
    `Written by \`npm run torture\` on ${new Date().toISOString().slice(0, 10)}: ${minutes} minutes with seed ${seed}, in ${host} on ${adapter}, on ${os.availableParallelism()} cores of ${os.cpus()[0]?.model ?? 'an unknown CPU'}.`,
    `The machine's load was ${before} at the beginning and ${after} at the end; above the number of cores, other work took a share of them, and fewer faults fitted into the time.`, '',
    'A fault is survived when every promise settles within its time, every error is one of the engine\'s own, every result has the bits of the undisturbed run, no damaged file is accepted,',
    'and neither GPU bytes nor the JavaScript heap grow. Anything else is lost, and the command ends with an error.', '',
    ...table(tally), '',
    `Lost in all: ${tally.lost.length}.`, '',
    ...tally.lost.flatMap((one) => [`- ${one.fault}: ${one.what.replaceAll('\n', ' ')} (\`${again(one, seed, host)}\`)`]),
    ...(tally.lost.length > 0 ? [''] : []),
    ...skipped.flatMap((line) => [`${line}.`, '']),
    '## What was reached', '',
    'The counts that ten minutes aim at, all on one device, with what was allocated after each round of them:', '',
    '| | reached | aim |', '|---|---|---|',
    ...counts(tally), '',
    `After the last round: ${[...tally.last].map(([what, value]) => `${value} ${what}`).join(', ') || 'nothing was measured'}. GPU bytes, GPU buffers and pipelines must not be more than after the third round,`,
    'and the heap may not grow by more than 400 kB in the second half of the rounds, so that a smaller leak is not seen; with fewer than eleven rounds it is not judged.', '',
    '## What is injected', '',
    '- **device**: `device.destroy()` at a random moment of training (`resumableRun`), generating, checkpointing, tuning, compiling and reading; then everything on the lost device is used once more.',
    '- **process**: Chromium\'s GPU process is killed meanwhile, at a random moment, in the same scenes.',
    '- **page**: the page, or Node\'s process, of a run is killed, and another goes on from the last checkpoint.',
    '- **files**: checkpoints and models cut off, filled with zeros or left as a mixture with an older file at every boundary of a write (header, tensors, blocks of 512 and 4096 bytes, and anywhere), and single bits flipped;',
    '  what tuning has kept, torn and flipped likewise.',
    '- **fuzz**: fast-check\'s random options of every operator, texts of any Unicode, tokens and documents, and files with other claims under a right checksum.',
    '- **endurance**: steps, plans, models, generations and aborts on one device, whose memory is measured after each round.',
    '- **bands**: every storage buffer between guard bands that bindings reach into, with NaN and with a large number in them and between parameters; time, batch, input, hidden size and vocabulary at 1, a tile less one,',
    '  a tile and a tile more, over all cells, with other tiles too.',
    '- **company**: two models and two trainers on one device, generating and evaluating while both train, and a third that is destroyed in the midst.', '',
  ].join('\n');
}
