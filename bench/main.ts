// npm run bench: which parts of the benchmark run, where, and what becomes of their figures.

import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { columns } from './columns.ts';
import type { Home } from './home.ts';
import type { Host } from './hosts/host.ts';
import { NativeHost } from './hosts/native.ts';
import { probeTorch, TorchHost } from './hosts/torch.ts';
import { literatureCells } from './literature.ts';
import { HELP, parseOptions, UsageError, type Options } from './options.ts';
import { formatProfile } from './profile.ts';
import { renderReport } from './report.ts';
import { Results } from './results.ts';
import { measureConfigs, measureLiterature, measurePeak, measureProfiles, measureScaling, measureTunings, type Run } from './rounds.ts';
import { formatTuning } from './tuning.ts';
import { formatDetails, formatTable, memoryCells, notesOf, ownFigures, rowsOf, summarizeRows } from './table.ts';

const ADAPTER_LIMIT = 60_000;

/** Resolves with the exit status: 0, 1 where a contender failed or was wrong, 2 for wrong use or where nothing could be measured; then a line says why. */
export async function main(words: string[], home: Home, environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    return await run(parseOptions(words, environment), home);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

async function run(options: Options | 'help', home: Home): Promise<number> {
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  const { adapter, parts, peers } = options;
  if (adapter !== 'native' && home.startBrowser === null) {
    throw new UsageError(`--adapter is ${adapter}, which runs in a browser; this folder has the benchmark of --adapter native alone, the other is in the repository`);
  }
  if (adapter !== 'native' && peers.length > 0 && parts.includes('table')) home.installPeers();
  const host = adapter === 'native' ? new NativeHost(await home.nativePage()) : await home.startBrowser!(adapter, { exactClock: parts.includes('profile') });
  const torchHost = adapter === 'native' && peers.length > 0 && (parts.includes('table') || parts.includes('literature')) ? openTorch() : null;
  try {
    return await measure(options, home, host, torchHost);
  } finally {
    progress('');
    await torchHost?.close();
    await host.close();
  }
}

function openTorch(): TorchHost | null {
  const { usable, about } = probeTorch();
  say(about);
  return usable ? new TorchHost() : null;
}

async function measure(options: Options, home: Home, host: Host & { version: string }, torchHost: TorchHost | null): Promise<number> {
  const place = await host.open();
  const { name, kind, software, subgroups, f16 } = await place.call('adapter', [], ADAPTER_LIMIT).catch((error: Error) => {
    if (options.adapter !== 'native') throw error;
    throw new Error(`Dawn finds no GPU here. On Linux it needs the Vulkan loader (Debian: libvulkan1) and a driver that VK_ICD_FILENAMES can name. ${place.problems[0] ?? error.message}`);
  }).finally(() => place.close());
  const cpus = os.cpus();
  const about = { adapter: name, kind, software, runtime: host.version, cpu: `${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown CPU'}`, tune: options.tune };
  const results = Results.open(about, options.json, options.resume);
  say(`${name} (subgroups ${subgroups ? 'yes' : 'no'}, f16 ${f16 ? 'yes' : 'no'}) · ${about.runtime} · ${new Date().toISOString().slice(0, 16).replace('T', ' ')} · ${about.cpu} · load ${os.loadavg()[0]!.toFixed(1)}`);
  const run: Run = { options, results, host, torchHost, find: home.find, software, deadline: performance.now() + options.limit, progress };
  const { sections } = results;
  if (options.parts.includes('table')) {
    await measureConfigs(run);
    printTable(run);
  }
  if (options.parts.includes('peak')) {
    await measurePeak(run);
    printOwn(run);
  }
  if (options.parts.includes('profile')) {
    await measureProfiles(run);
    progress('');
    for (const config of options.profile) console.log(`\n${formatProfile(config, sections.profiles[config]!)}`);
  }
  if (options.parts.includes('tuning')) {
    await measureTunings(run);
    progress('');
    for (const name of options.tuning) console.log(`\n${formatTuning(name, sections.tuning![name]!)}`);
  }
  if (options.parts.includes('literature')) {
    await measureLiterature(run);
    progress('');
    console.log(`\n${columns(literatureCells(sections.literature!), 'lrrr')}`);
  }
  if (options.parts.includes('scaling')) await measureScaling(run);
  if (options.docs) writeDocs(home, run);
  return Object.values(sections.configs).some(({ results: all }) => all.some(({ failure }) => failure !== null)) ? 1 : 0;
}

function printTable({ options, results: { sections }, software }: Run): void {
  progress('');
  const measured = Object.fromEntries(options.configs.flatMap((name) => (sections.configs[name] ? [[name, sections.configs[name]]] : [])));
  const rows = Object.entries(measured).flatMap(([name, section]) => rowsOf(name, section, software));
  const notes = notesOf(measured);
  console.log(['', 'peers: their time over ours, at their better formulation; above 1 Unfold is faster', '', formatTable(rows), '', ...summarizeRows(rows)].join('\n'));
  for (const line of ownFigures({ ...sections, configs: sections.configs }, software)) console.log(line);
  console.log(`\npeak bytes\n${columns(memoryCells(measured), 'llrl')}`);
  if (notes.length > 0) console.log(`\nnotes\n${notes.map((note) => `  ${note}`).join('\n')}`);
  const missing = options.configs.filter((name) => !sections.configs[name]);
  if (missing.length > 0) console.log(`\nnot run within ${options.limit / 60_000} minutes: ${missing.join(', ')}${options.json ? '; --resume goes on' : ''}`);
  if (options.details) console.log(`\n${formatDetails(measured)}`);
}

function printOwn({ results: { sections }, software }: Run): void {
  progress('');
  for (const line of ownFigures(sections, software)) console.log(line);
  console.log(`\n${columns([['product', 'M', 'N', 'K', 'GFLOP/s'], ...sections.peak!.products.map(({ form, M, N, K, gflops }) =>
    [form, String(M), String(N), String(K), gflops.toFixed(2)])], 'lrrrr')}`);
}

function writeDocs({ docs }: Home, { results }: Run): void {
  mkdirSync(docs, { recursive: true });
  const files = renderReport(results.about, results.sections);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(docs, name), text);
  say(`wrote ${Object.keys(files).map((name) => path.relative(process.cwd(), path.join(docs, name))).join(', ')}`);
}

const say = (line: string): void => {
  if (line) console.error(`bench: ${line}`);
};

/** One line that overwrites itself on a terminal, and its own line elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}
