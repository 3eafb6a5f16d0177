// Tokens per second over the last steps, by a clock of the test's own.
import { expect, test } from 'playwright/test';
import { Throughput } from '../../src/language/throughput.ts';

test('the rate is that of the last 16 steps, and begins anew after a pause', () => {
  const { now } = performance;
  let milliseconds = 5000;
  performance.now = () => milliseconds;
  try {
    const throughput = new Throughput();
    throughput.start();
    const step = (seconds: number, tokens: number): number => {
      milliseconds += 1000 * seconds;
      return throughput.tick(tokens);
    };
    expect(step(0.5, 100)).toBeCloseTo(200, 9);
    expect(step(0.5, 300)).toBeCloseTo(400, 9);
    expect(step(0, 200)).toBeCloseTo(600, 9);
    for (let i = 0; i < 16; i++) step(0.25, 50);
    expect(step(0.25, 50), 'the first steps count no more').toBeCloseTo(200, 9);
    expect(step(4, 50), 'fifteen of a quarter of a second, one of four').toBeCloseTo((16 * 50) / (15 * 0.25 + 4), 9);
    milliseconds += 60_000;
    throughput.start();
    expect(step(2, 10), 'the pause does not count').toBeCloseTo(5, 9);
    throughput.start();
    expect(throughput.tick(10), 'no time has passed').toBe(0);
  } finally {
    performance.now = now;
  }
});
