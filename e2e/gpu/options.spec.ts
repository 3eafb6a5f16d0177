// No public function takes an option that is not meant, and none fails with an error that names no option: every wrong value is tried.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./options.page.ts')>('/e2e/gpu/options.page.ts');

test('every wrong option and argument is refused at once, by name', async ({ inPage }) => {
  const { tried, raw, accepted, unnamed } = await inPage(page, 'misuse');
  expect(tried).toBeGreaterThan(5000);
  expect(raw, 'errors that no check made').toEqual([]);
  expect(accepted, 'wrong values that were taken').toEqual([]);
  expect(unnamed, 'errors that do not name the option').toEqual([]);
});

test('sizes that are known to be too large are refused before anything is made', async ({ inPage }) => {
  const results = await inPage(page, 'tooLarge');
  for (const [name, { message, bytes }] of Object.entries(results)) {
    expect.soft(message, name).toMatch(/^RangeError: .*(MiB|at most|may have|too few|workgroups; this device allows)/);
    expect.soft(bytes, name).toBe(0);
  }
});

test('a browser that says nothing of its adapter is used all the same', async ({ inPage }) => {
  const { ofDevice, ofAdapter, sum } = await inPage(page, 'withoutAdapterInfo');
  expect([ofDevice, ofAdapter]).toEqual(['unnamed adapter', 'unnamed adapter']);
  expect(Number.isFinite(sum)).toBe(true);
});
