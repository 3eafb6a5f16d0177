// The slowest tests of a run, printed at its end: what a run's time goes into.

import type { Reporter, TestCase, TestResult } from 'playwright/types/testReporter';

const COUNT = 20;

export interface TimedTest {
  /** `gpu › recurrent.spec.ts › lstm agrees with float64` */
  readonly name: string;
  readonly milliseconds: number;
}

/** The lines of the slowest, the slowest first. */
export function slowestTests(tests: readonly TimedTest[], count = COUNT): string[] {
  const slowest = tests.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, count);
  return slowest.map(({ name, milliseconds }) => `${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${name}`);
}

export default class Slowest implements Reporter {
  readonly #tests: TimedTest[] = [];

  onTestEnd(test: TestCase, { duration, status }: TestResult): void {
    const [, project = '', file = '', ...titles] = test.titlePath();
    if (status !== 'skipped') this.#tests.push({ name: [project, file, ...titles].join(' › '), milliseconds: duration });
  }

  onEnd(): void {
    const lines = slowestTests(this.#tests);
    if (lines.length > 0) console.log(`\nThe ${lines.length} slowest of ${this.#tests.length} tests:\n${lines.join('\n')}`);
  }
}
