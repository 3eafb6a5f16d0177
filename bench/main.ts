// npm run bench: which parts of the benchmark run, where, and what becomes of their figures.

import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { columns } from './columns.ts';
import { HERE, ROOT } from './folders.ts';
import { BrowserHost } from './hosts/browser.ts';
import type { Host } from './hosts/host.ts';
import { NativeHost } from './hosts/native.ts';
import { probeTorch, TorchHost, type TorchProbe } from './hosts/torch.ts';
import { literatureCells } from './literature.ts';
import { HELP, parseOptions, UsageError, type Options } from './options.ts';
import { formatProfile } from './profile.ts';
import { renderReport } from './report.ts';
import { Results } from './results.ts';
import { measureConfigs, measureLiterature, measurePeak, measureProfiles, measureScaling, type Run } from './rounds.ts';
import { formatDetails, formatTable, memoryCells, notesOf, ownFigures, rowsOf, summarizeRows } from './table.ts';

const INSTALL_LIMIT = 600_000;
const ADAPTER_LIMIT = 60_000;

/** Resolves with the exit status: 0, 1 where a contender failed or was wrong, 2 for wrong use. */
export async function main(words: string[]): Promise<number> {
  let options: Options | 'help';
  try {
    options = parseOptions(words, process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}`);
    return 2;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  if (options.adapter === 'native' || (options.peers.length > 0 && options.parts.includes('table'))) installPeers();
  const native = options.adapter === 'native';
  const torch: TorchProbe = native ? probeTorch() : { usable: false, about: '' };
  if (native) say(torch.about);
  const host = options.adapter === 'native'
    ? await NativeHost.start()
    : await BrowserHost.start(options.adapter, { exactClock: options.parts.includes('profile') });
  const torchHost = torch.usable ? new TorchHost() : null;
  try {
    return await measure(options, host, torchHost);
  } finally {
    progress('');
    await torchHost?.close();
    await host.close();
  }
}

async function measure(options: Options, host: Host & { version: string }, torchHost: TorchHost | null): Promise<number> {
  const place = await host.open();
  const { name, kind, software, subgroups, f16 } = await place.call('adapter', [], ADAPTER_LIMIT).catch((error: Error) => {
    if (options.adapter !== 'native') throw error;
    throw new Error(`Dawn finds no GPU here. On Linux it needs the Vulkan loader (Debian: libvulkan1) and a driver that VK_ICD_FILENAMES can name. ${place.problems[0] ?? error.message}`);
  }).finally(() => place.close());
  const cpus = os.cpus();
  const about = { adapter: name, kind, software, runtime: host.version, cpu: `${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown CPU'}`, tune: options.tune };
  const results = Results.open(about, options.json, options.resume);
  say(`${name} (subgroups ${subgroups ? 'yes' : 'no'}, f16 ${f16 ? 'yes' : 'no'}) · ${about.runtime} · ${new Date().toISOString().slice(0, 16).replace('T', ' ')} · ${about.cpu} · load ${os.loadavg()[0]!.toFixed(1)}`);
  const run: Run = { options, results, host, torchHost, software, deadline: performance.now() + options.limit, progress };
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
  if (options.parts.includes('literature')) {
    await measureLiterature(run);
    progress('');
    console.log(`\n${columns(literatureCells(sections.literature!), 'lrrr')}`);
  }
  if (options.parts.includes('scaling')) await measureScaling(run);
  if (options.docs) writeDocs(run);
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

function writeDocs({ results }: Run): void {
  const folder = path.join(ROOT, 'docs');
  mkdirSync(folder, { recursive: true });
  const files = renderReport(results.about, results.sections);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  say(`wrote ${Object.keys(files).map((name) => `docs/${name}`).join(', ')}`);
}

/** `npm ci` in bench/ when its packages are missing or older than the lock file. Nothing of them needs an install script. */
function installPeers(): void {
  const installed = statSync(path.join(HERE, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  if (installed && installed.mtimeMs >= statSync(path.join(HERE, 'package-lock.json')).mtimeMs) return;
  say('installing what is timed beside it (npm ci in bench/) …');
  const { status, error } = spawnSync('npm', ['ci', '--prefix', HERE, '--ignore-scripts', '--no-audit', '--no-fund'], {
    stdio: 'inherit', timeout: INSTALL_LIMIT, shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci in bench/ failed (${error?.message ?? `exit status ${status}`}); check the network, or run with --peers none`);
}

const say = (line: string): void => {
  if (line) console.error(`bench: ${line}`);
};

/** One line that overwrites itself on a terminal, and its own line elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}
