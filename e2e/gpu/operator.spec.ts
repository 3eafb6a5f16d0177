// The operator as a WebGPU application uses it: its own device, its own buffers, its own command encoder.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./operator.page.ts')>('/e2e/gpu/operator.page.ts');

test("typed arrays, GPU buffers and the application's own encoder give the same bits", async ({ inPage }) => {
  const [arrays, buffers, encoder] = await inPage(page, 'threeWays');
  expect(arrays!.output.some((x) => x !== 0)).toBe(true);
  expect(buffers).toEqual(arrays);
  expect(encoder).toEqual(arrays);
});

test('gradients accumulate over backward passes until they are cleared', async ({ inPage }) => {
  const { once, twice, cleared } = await inPage(page, 'accumulation');
  expect(Math.max(...once.map(Math.abs))).toBeGreaterThan(0.01);
  once.forEach((x, i) => expect(Math.abs(twice[i]! - 2 * x)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(x))));
  expect(cleared.every((x) => x === 0)).toBe(true);
});

test('a plan says every byte that it allocates, and frees them all', async ({ inPage }) => {
  const { planned, allocated, freed } = await inPage(page, 'memory');
  expect(planned.totalBytes).toBe(allocated);
  expect(Object.values(planned.byPurpose).reduce((a, b) => a + b)).toBe(allocated);
  // Two layers, T=5, N=3, H=10: gates [5,3,40], h and c [6,3,10].
  expect(planned.byPurpose.history).toBe(4 * 2 * (5 * 3 * 40 + 2 * 6 * 3 * 10));
  expect(freed).toBe(0);
});

test('the profile counts every dispatch by kernel', async ({ inPage }) => {
  const profile = await inPage(page, 'kernelTimes');
  test.skip(profile === null, 'this adapter has no timestamp-query');
  const { times, milliseconds: taken } = profile!;
  const counts = Object.fromEntries(times.map(({ label, dispatches }) => [label, dispatches]));
  expect(counts['lstm.forward']).toBe(10);
  expect(Object.entries(counts).filter(([label]) => label.startsWith('matmul')).reduce((sum, [, n]) => sum + n, 0)).toBe(2);
  expect(times.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
  expect(times.every(({ resolution, uncertainty }) => resolution > 0 && uncertainty > 0)).toBe(true);
  const sum = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  expect(sum).toBeGreaterThan(0);
  // No time counts twice; both clocks are rounded.
  expect(sum).toBeLessThan(taken + 2 * times[0]!.resolution);
});
