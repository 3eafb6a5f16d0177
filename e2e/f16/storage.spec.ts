// Buffers of f16: rounding, bindings at odd elements, copies and clears of whole words, and the kernels that work outside of the time loop.
import { expect, pageOf, test } from './harness.ts';
import type { ProductCase } from './storage.page.ts';

const page = pageOf<typeof import('./storage.page.ts')>('/e2e/f16/storage.page.ts');

test('numbers are rounded to f16 and come back, also the last of an odd number', async ({ inPage }) => {
  // 2049 lies between 2048 and 2050, and 1e-8 below half the least f16; past 65504 there is none.
  expect(await inPage(page, 'roundTrip', [1.5, -0.25, 2049, 65504, 1e-8, 70000, -70000])).toEqual([1.5, -0.25, 2048, 65504, 0, 'Infinity', '-Infinity']);
});

test('clears and copies of f16 move whole words, and the odd element at the end', async ({ inPage }) => {
  expect(await inPage(page, 'transfers', { count: 7, clear: [4, 3] })).toEqual([1, 2, 3, 4, 0, 0, 0]);
  expect(await inPage(page, 'transfers', { count: 7, clear: [2, 2] })).toEqual([1, 2, 0, 0, 5, 6, 7]);
  expect(await inPage(page, 'transfers', { count: 8, copy: [0, 4, 4] })).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  await expect(inPage(page, 'transfers', { count: 7, clear: [1, 2] })).rejects.toThrow(/half \[2\] at element 1 begins or ends inside a 4-byte word/);
  await expect(inPage(page, 'transfers', { count: 7, clear: [0, 3] })).rejects.toThrow(/half \[3\] at element 0 begins or ends inside a 4-byte word/);
});

test('products of f16 factors: every form, tile and mix of precisions, at odd offsets and in fours', async ({ inPage }) => {
  const cases = (['nn', 'nt', 'tn'] as const).flatMap((form) => (['direct', 'shared', 'folded', ...(form === 'tn' ? ['sliced' as const] : [])] as const).flatMap((tiles) =>
    ['a', 'b', 'c', 'ab', 'abc'].flatMap((halves, i): ProductCase[] => {
      const [M, N, K] = [[1, 3, 7], [9, 33, 5], [33, 7, 130]][i % 3]!;
      const common = { form, tiles, halves, accumulate: i % 2 === 1 };
      return [{ ...common, M: M!, N: N!, K: K!, offset: i % 2 === 0 ? 3 : 131, gap: i % 3 }, { ...common, M: 12, N: 20, K: 28, offset: 132, gap: 4 }];
    })));
  const results = await inPage(page, 'products', cases);
  results.forEach(({ error, touchedOutside }, i) => {
    const what = JSON.stringify(cases[i]);
    expect.soft(touchedOutside, what).toBe(false);
    // A sum of stored values is as good as in f32; stored itself, it is rounded once.
    expect.soft(error, what).toBeLessThan(cases[i]!.halves.includes('c') ? 2 ** -11 : 1e-5);
  });
});

test('rows of an f16 table are gathered as they are, and their columns summed in f32', async ({ inPage }) => {
  const { rows, sums } = await inPage(page, 'gathered', { vocabulary: 11, columns: 37, count: 90 });
  expect(rows).toBe(0);
  expect(sums).toBeLessThan(1e-5);
});
