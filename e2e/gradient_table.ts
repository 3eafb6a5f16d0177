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

/** Leave errors for the table. */
export function noteErrors(info: TestInfo, networks: readonly NetworkErrors[]): void {
  info.annotations.push({ type: TYPE, description: JSON.stringify(networks) });
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

  onTestEnd({ annotations }: TestCase): void {
    for (const { type, description } of annotations) if (type === TYPE && description) this.#networks.push(...JSON.parse(description) as NetworkErrors[]);
  }

  onEnd(): void {
    if (this.#networks.length === 0) return;
    const worst = (field: 'output' | 'gradient'): string => Math.max(...this.#networks.map((one) => one[field])).toExponential(1);
    console.log(`\nRelative L2 errors against float64 of ${this.#networks.length} networks: worst of outputs ${worst('output')} (bound 1e-5), `
      + `worst of gradients ${worst('gradient')} (bound 1e-4); each entry is outputs, gradients\n${gradientTable(this.#networks).join('\n')}`);
  }
}
