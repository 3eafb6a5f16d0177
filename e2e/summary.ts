// The last line of a test run, for machines: `12 passed, 0 failed, 1 skipped`.

import type { FullConfig, FullResult, Reporter, Suite, TestError } from 'playwright/types/testReporter';

export default class Summary implements Reporter {
  #suite: Suite | undefined;
  #errors = 0;
  #status: FullResult['status'] = 'passed';

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onError(_error: TestError): void {
    this.#errors++;
  }

  onEnd(result: FullResult): void {
    this.#status = result.status;
  }

  async onExit(): Promise<void> {
    let [passed, failed, skipped] = [0, 0, 0];
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      if (outcome === 'unexpected') failed++;
      else if (outcome === 'skipped') skipped++;
      else passed++;
    }
    // A run that broke outside of any test has failed too.
    if (failed === 0 && this.#status !== 'passed') failed = Math.max(1, this.#errors);
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}
