// The matrix products against float64: every form, odd and round sizes, strides, offsets, bias, accumulation. And against each other,
// bit for bit, on every tile in registers.
import { expect, pageOf, test } from '../harness.ts';
import type { MatmulCase, MatmulResult, TileFamily } from './matmul.page.ts';

const page = pageOf<typeof import('./matmul.page.ts')>('/e2e/gpu/matmul.page.ts');

const sizes = [
  [1, 1, 1], [3, 5, 7], [8, 8, 8], [7, 33, 130], [33, 4, 16], [64, 64, 32], [1, 96, 64], [130, 7, 33], [17, 12, 3], [2, 33, 64], [3, 519, 8],
] as const;

/** A pipeline for each size takes long: three of them, below too. */
const sizesOf = (tiles: TileFamily) => (tiles === 'folded' ? sizes.filter(([M]) => M === 1 || M === 130) : sizes);

function check(cases: readonly MatmulCase[], results: readonly MatmulResult[]): void {
  expect(results).toHaveLength(cases.length);
  results.forEach(({ error, touchedOutside, same }, i) => {
    const what = JSON.stringify(cases[i]);
    expect.soft(error, `relative L2 error of ${what}`).toBeLessThan(1e-6);
    expect.soft(touchedOutside, `elements outside C changed in ${what}`).toBe(false);
    expect.soft(same, `the same bits twice, ${what}`).toBe(true);
  });
}

for (const form of ['nn', 'nt', 'tn'] as const) {
  for (const tiles of ['adapter', 'direct', 'shared', 'folded'] as const) test(`matmul ${form} equals float64 over sizes, strides, offsets, bias and accumulation, ${tiles} tiles`, async ({ inPage }) => {
    const cases: MatmulCase[] = sizesOf(tiles).flatMap(([M, N, K]) => [
      { form, tiles, M, N, K },
      { form, tiles, M, N, K, bias: true, gap: 4, offset: 4 },
      { form, tiles, M, N, K, accumulate: true, gap: 3, offset: 5 },
    ]);
    check(cases, await inPage(page, 'run', cases));
  });
}

/** Sums shorter than there are slices, of slices of one length and of two; the last two fill more than a workgroup. */
const slicedSizes = [[1, 1, 1], [3, 5, 7], [8, 8, 8], [2, 33, 64], [7, 33, 130], [64, 64, 512], [130, 7, 1001], [70, 131, 331]] as const;

for (const tiles of ['sliced', 'small sliced'] as const) {
  test(`a weights' gradient summed in slices equals float64 over sizes, strides, offsets and accumulation, ${tiles} tiles`, async ({ inPage }) => {
    const cases: MatmulCase[] = (tiles === 'small sliced' ? slicedSizes.slice(-3) : slicedSizes).flatMap(([M, N, K]) => [
      { form: 'tn', tiles, M, N, K },
      { form: 'tn', tiles, M, N, K, gap: 4, offset: 4 },
      { form: 'tn', tiles, M, N, K, accumulate: true, gap: 3, offset: 5 },
    ]);
    check(cases, await inPage(page, 'run', cases));
  });
}

/** Sums of whole turns, of turns and steps, of steps alone; rows and columns of whole tiles and of parts; the first three in fours, where their gap is. */
const agreeing = [[128, 64, 64], [76, 36, 20], [5, 20, 4], [128, 64, 27], [130, 33, 71], [7, 9, 3], [2, 17, 45]] as const;

for (const form of ['nn', 'nt', 'tn'] as const) {
  test(`matmul ${form} gives the same bits on every tile in registers`, async ({ inPage }) => {
    const cases: MatmulCase[] = agreeing.flatMap(([M, N, K]) => [
      { form, M, N, K, accumulate: true },
      { form, M, N, K, bias: true, gap: 4, offset: 4 },
      { form, M, N, K, gap: 3, offset: 5 },
    ]);
    const results = await inPage(page, 'agree', cases);
    expect(results).toHaveLength(cases.length);
    results.forEach((agreements, i) => {
      expect(agreements.length).toBeGreaterThan(3);
      const fours = form !== 'tn' && i < 9 && i % 3 < 2;
      expect(new Set(agreements.map(({ vectors }) => vectors)), JSON.stringify(cases[i])).toEqual(new Set([fours]));
      expect.soft(agreements.filter(({ same }) => !same), `tiles of ${JSON.stringify(cases[i])} that differ`).toEqual([]);
    });
  });
}
