// The matrix products against float64: every form, odd and round sizes, strides, offsets, bias, accumulation.
import { expect, test } from '../harness.ts';
import type { MatmulCase, TileFamily } from './matmul.page.ts';

const sizes = [
  [1, 1, 1], [3, 5, 7], [8, 8, 8], [7, 33, 130], [33, 4, 16], [64, 64, 32], [1, 96, 64], [130, 7, 33], [17, 12, 3], [2, 33, 64], [3, 519, 8],
] as const;

/** A pipeline for each size takes long: three of them. */
const sizesOf = (tiles: TileFamily) => (tiles === 'folded' ? sizes.filter(([M]) => M === 1 || M === 130) : sizes);

for (const form of ['nn', 'nt', 'tn'] as const) {
  for (const tiles of ['adapter', 'direct', 'shared', 'folded'] as const) test(`matmul ${form} equals float64 over sizes, strides, offsets, bias and accumulation, ${tiles} tiles`, async ({ inPage }) => {
    const cases: MatmulCase[] = sizesOf(tiles).flatMap(([M, N, K]) => [
      { form, tiles, M, N, K },
      { form, tiles, M, N, K, bias: true, gap: 4, offset: 4 },
      { form, tiles, M, N, K, accumulate: true, gap: 3, offset: 5 },
    ]);
    const results = await inPage<{ error: number; touchedOutside: boolean }[]>('/e2e/gpu/matmul.page.ts', 'run', cases);
    results.forEach(({ error, touchedOutside }, i) => {
      expect.soft(error, `relative L2 error of ${JSON.stringify(cases[i])}`).toBeLessThan(1e-6);
      expect.soft(touchedOutside, `elements outside C changed in ${JSON.stringify(cases[i])}`).toBe(false);
    });
  });
}
