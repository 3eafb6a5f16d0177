// The table of gradient checks that a test run prints at its end: cell × configuration → the worst errors of outputs and of
// gradients against the float64 reference. Tests run in several processes, so each leaves its errors as an annotation.

import type { TestInfo } from 'playwright/test';
import type { Reporter, TestCase } from 'playwright/types/testReporter';

/** Of one network. */
export interface NetworkErrors {
  readonly cell: string;
  /** `bidirectional, lengths` */
  readonly configuration: string;
  readonly numLayers: number;
  /** The worst relative L2 error among output, hn and cn. */ readonly output: number;
  /** The worst among all gradients. */ readonly gradient: number;
}

const TYPE = 'gradient check';
const LAYERS = [1, 2, 3];

/** What a test leaves. */
interface Note {
  readonly networks: readonly NetworkErrors[];
  readonly all: number;
}

/** Leave errors for the table; `all` is how many networks the test has with `UNFOLD_FULL=1`. */
export function noteErrors(info: TestInfo, networks: readonly NetworkErrors[], all: number): void {
  info.annotations.push({ type: TYPE, description: JSON.stringify({ networks, all } satisfies Note) });
}

/** What is above the table: how many networks it is of, and the worst errors of all of them. */
export function gradientHeadline(networks: readonly NetworkErrors[], all: number): string {
  const worst = (field: 'output' | 'gradient'): string => Math.max(...networks.map((one) => one[field])).toExponential(1);
  const count = networks.length < all ? `${networks.length} of ${all} networks (UNFOLD_FULL=1 runs all)` : `all ${all} networks`;
  return `Relative L2 errors against float64 of ${count}: worst of outputs ${worst('output')} (bound 1e-5), worst of gradients ${worst('gradient')} (bound 1e-4); `
    + 'each entry is outputs, gradients';
}

/** The table's lines; a configuration that was not run is left blank. */
export function gradientTable(networks: readonly NetworkErrors[]): string[] {
  const rows = new Map<string, NetworkErrors[]>();
  for (const one of networks) {
    const key = `${one.cell.padEnd(36)} ${one.configuration.padEnd(22)}`;
    rows.set(key, [...(rows.get(key) ?? []), one]);
  }
  const short = (values: readonly number[]): string => Math.max(...values).toExponential(1);
  const entry = (all: readonly NetworkErrors[]): string => (all.length > 0 ? `${short(all.map(({ output }) => output))} ${short(all.map(({ gradient }) => gradient))}` : '');
  const header = `${'cell'.padEnd(36)} ${'direction'.padEnd(22)} networks  ${LAYERS.map((layers) => `${layers} layer${layers > 1 ? 's' : ''}`.padEnd(17)).join('')}`;
  return [
    header.trimEnd(),
    ...[...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, all]) =>
      `${key} ${String(all.length).padStart(8)}  ${LAYERS.map((layers) => entry(all.filter((one) => one.numLayers === layers)).padEnd(17)).join('')}`.trimEnd()),
  ];
}

export default class GradientTable implements Reporter {
  readonly #networks: NetworkErrors[] = [];
  #all = 0;

  onTestEnd({ annotations }: TestCase): void {
    for (const { type, description } of annotations) {
      if (type !== TYPE || !description) continue;
      const { networks, all } = JSON.parse(description) as Note;
      this.#networks.push(...networks);
      this.#all += all;
    }
  }

  onEnd(): void {
    if (this.#networks.length > 0) console.log(`\n${gradientHeadline(this.#networks, this.#all)}\n${gradientTable(this.#networks).join('\n')}`);
  }
}
