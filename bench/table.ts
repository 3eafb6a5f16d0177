// The table: a row for each configuration and measure, ours in milliseconds, then every peer's time over ours. Above 1 Unfold is
// faster, below 1 it is slower.

import { configNamed, ownGates, ratioGates, usefulOperations, type Measure } from './configs.ts';
import { peerOf } from './contestants.ts';
import type { Result } from './contest.ts';
import { columns, mebibytes } from './columns.ts';
import type { ConfigSection, Sections } from './results.ts';
import type { Summary } from './statistics.ts';

export interface Cell {
  readonly peer: string;
  /** The better formulation; null where the peer cannot, failed, or was not timed. */
  readonly best: { readonly name: string; readonly time: Summary } | null;
  readonly ratio: number | null;
  readonly gate: number | null;
  /** Why there is no ratio. */
  readonly missing: 'cannot' | 'failed' | 'wrong' | null;
}

export interface Row {
  readonly config: string;
  readonly measure: Measure;
  readonly ours: Summary | null;
  readonly cells: readonly Cell[];
}

/** `gated`: whether the gates of the software adapter apply. */
export function rowsOf(config: string, { results, peers }: ConfigSection, gated: boolean): Row[] {
  const measures = configNamed(config).measures.filter((measure) => results.some((result) => result.config === config && result.times[measure]));
  const ours = results.find((result) => result.name === 'unfold' && result.config === config);
  return measures.map((measure) => {
    const own = ours?.times[measure] ?? null;
    return { config, measure, ours: own, cells: peers.map((peer) => cellOf(peer, measure, results, own, gated ? ratioGates[`${config} ${measure}`]?.[peer] ?? null : null)) };
  });
}

function cellOf(peer: string, measure: Measure, results: readonly Result[], ours: Summary | null, gate: number | null): Cell {
  const theirs = results.filter(({ name }) => peerOf(name) === peer);
  const timed = theirs.flatMap(({ name, times }) => (times[measure] ? [{ name, time: times[measure] }] : [])).sort((a, b) => a.time.min - b.time.min);
  const [best = null] = timed;
  const failed = theirs.filter(({ failure }) => failure !== null);
  const missing = best ? null : failed.length === 0 ? 'cannot' : failed.some(({ wrong }) => wrong) ? 'wrong' : 'failed';
  return { peer, best, ratio: best && ours ? best.time.min / ours.min : null, gate, missing };
}

/** '5.21', or '0.63 loss', with the gate where there is one: '5.21 (5.0 pass)'. */
export function formatRatio({ ratio, gate, missing }: Cell): string {
  if (ratio === null) return missing === 'cannot' || missing === null ? '–' : missing;
  const digits = ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2;
  return `${ratio.toFixed(digits)}${ratio < 1 ? ' loss' : ''}${gate === null ? '' : ` (${gate} ${ratio >= gate ? 'pass' : 'below'})`}`;
}

/** Streams in µs, the rest in ms. */
export function formatTime(measure: Measure, milliseconds: number): string {
  if (measure === 'queued' || measure === 'readback') return `${(1000 * milliseconds).toFixed(0)} µs`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : milliseconds < 1000 ? 1 : 0)} ms`;
}

export const formatSpread = (spread: number | null): string => (spread === null ? '' : `±${(100 * spread).toFixed(0)}%`);

/** Head and rows of strings, for text and markdown alike. */
export function tableCells(rows: readonly Row[]): string[][] {
  const peers = [...new Set(rows.flatMap(({ cells }) => cells.map(({ peer }) => peer)))];
  return [
    ['work', 'unfold', 'spread', ...peers],
    ...rows.map(({ config, measure, ours, cells }) => [
      `${config} ${measure}`, ours ? formatTime(measure, ours.min) : '–', formatSpread(ours?.spread ?? null),
      ...peers.map((peer) => {
        const cell = cells.find((one) => one.peer === peer);
        return cell ? formatRatio(cell) : '–';
      }),
    ]),
  ];
}

export function formatTable(rows: readonly Row[]): string {
  const cells = tableCells(rows);
  return columns(cells, `lrr${'r'.repeat(cells[0]!.length - 3)}`);
}

/** How many ratios win and lose, and every gate that is not met. */
export function summarizeRows(rows: readonly Row[]): string[] {
  const all = rows.flatMap(({ config, measure, cells }) => cells.flatMap((cell) => (cell.ratio === null ? [] : [{ work: `${config} ${measure}`, ...cell, ratio: cell.ratio }])));
  if (all.length === 0) return [];
  const losses = all.filter(({ ratio }) => ratio < 1);
  const gated = all.filter(({ gate }) => gate !== null);
  const below = gated.filter(({ ratio, gate }) => ratio < gate!);
  const list = (cells: typeof all): string => cells.map(({ work, peer, ratio }) => `${work} ${peer} ${ratio.toFixed(2)}`).join(', ');
  return [
    `faster in ${all.length - losses.length} of ${all.length} comparisons${losses.length > 0 ? `; slower: ${list(losses)}` : ''}`,
    ...(gated.length > 0 ? [`${gated.length - below.length} of ${gated.length} gates met${below.length > 0 ? `; below: ${list(below)}` : ''}`] : []),
  ];
}

/** Why a peer is missing, and what a reader should know of a time. */
export function notesOf(sections: Readonly<Record<string, ConfigSection>>): string[] {
  return Object.values(sections).flatMap(({ results }) => results).flatMap(({ config, name, failure, wrong, notes }) => [
    ...(failure === null ? [] : [`${config}, ${name}: ${wrong ? 'WRONG, not timed' : 'failed'}: ${failure}`]),
    ...notes.map((note) => `${config}, ${name}: ${note}`),
  ]);
}

/** Every contender's rounds. */
export function formatDetails(sections: Readonly<Record<string, ConfigSection>>): string {
  const rows = Object.values(sections).flatMap(({ results }) => results).flatMap(({ config, name, times }) =>
    (Object.entries(times) as [Measure, Summary][]).map(([measure, { min, median, spread, rounds, steps }]) =>
      [`${config} ${measure}`, name, formatTime(measure, min), formatTime(measure, median), formatSpread(spread), `${rounds}x${steps}`]));
  return columns([['work', 'contender', 'fastest', 'median', 'spread', 'rounds'], ...rows], 'llrrrr');
}

/** Bytes by configuration, ours and what peers say of themselves. */
export function memoryCells(sections: Readonly<Record<string, ConfigSection>>): string[][] {
  const rows = Object.values(sections).flatMap(({ results }) => results).flatMap(({ config, name, bytes }) =>
    (bytes ? [[config, name, mebibytes(bytes.bytes), bytes.what]] : []));
  return [['work', 'contender', 'bytes', 'by'], ...rows];
}

/** What is asked of the engine alone, each with whether it is met; `gated` as in `rowsOf`. */
export function ownFigures({ configs, peak }: Sections, gated: boolean): string[] {
  const verdict = (met: boolean, gate: string): string => (gated ? ` (${gate} ${met ? 'pass' : 'below'})` : '');
  const own = (config: string, measure: Measure): Summary | undefined =>
    Object.values(configs).flatMap(({ results }) => results).find((result) => result.name === 'unfold' && result.config === config)?.times[measure];
  const lines: string[] = [];
  const cold = own('S', 'cold');
  if (cold) lines.push(`time to the first step of S, from opening the device: ${(cold.min / 1000).toFixed(2)} s${verdict(cold.min <= ownGates.cold, 'at most 3 s')}`);
  for (const measure of ['train', 'forward'] as const) {
    const [odd, round] = [own('odd', measure), own('round', measure)];
    const rows = configs.odd?.rows;
    if (!odd || !round || !rows) continue;
    const rate = (name: 'odd' | 'round', { min }: Summary): number => min / usefulOperations(configNamed(name), measure, rows[name]!);
    const ratio = rate('odd', odd) / rate('round', round);
    lines.push(`odd over round sizes, ${measure}, by useful operation: ${ratio.toFixed(2)}${measure === 'train' ? verdict(ratio <= ownGates.odd, `at most ${ownGates.odd}`) : ''}`);
  }
  if (peak) {
    const product = peak.products[0]!;
    lines.push(`multiply-add peak of the adapter ${peak.multiplyAdd.toFixed(1)} GFLOP/s (${peak.chains} chains side by side); best matrix product of the engine ${product.gflops.toFixed(1)} (${product.form} ${product.M}x${product.N}x${product.K})`);
    for (const config of ['S', 'M'] as const) {
      const train = own(config, 'train');
      const rows = configs[config]?.rows[config];
      if (!train || rows === undefined) continue;
      const gflops = usefulOperations(configNamed(config), 'train', rows) / train.min / 1e6;
      const [ofPeak, ofMatmul] = [gflops / peak.multiplyAdd, gflops / product.gflops];
      lines.push(`${config} training: ${gflops.toFixed(2)} GFLOP/s, ${(100 * ofPeak).toFixed(1)}% of the peak${verdict(ofPeak >= ownGates.ofPeak, `${100 * ownGates.ofPeak}%`)}, `
        + `${(100 * ofMatmul).toFixed(0)}% of the product${verdict(ofMatmul >= ownGates.ofMatmul, `${100 * ownGates.ofMatmul}%`)}`);
    }
  }
  return lines;
}
