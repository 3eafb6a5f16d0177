// All families of tiles agree: threads that share their loads in quads, threads that load for themselves,
// sizes folded in, all timesteps in one dispatch, tiles of many rows and units, sums cut into slices.
import { expect, pageOf, test } from '../harness.ts';
import { adapterKind } from '../../tools/setup.mjs';
import { cells } from '../../src/reference/cells.ts';
import type { RecurrentCase } from './recurrent.page.ts';

const page = pageOf<typeof import('./tiles.page.ts')>('/e2e/gpu/tiles.page.ts');

const shapes = [
  { timeSteps: 4, batchSize: 5, hiddenSize: 7, numLayers: 2, lengths: [4, 1, 3, 0, 2] },
  { timeSteps: 3, batchSize: 33, hiddenSize: 20, numLayers: 1 },
];

for (const cell of Object.keys(cells) as (keyof typeof cells)[]) {
  test(`${cell} gives the same with and without shared loads, with sizes folded in, on wide tiles, step by step and in one dispatch`, { tag: '@long-compilation' }, async ({ inPage, host }) => {
    const { quads, directIsDirect, errors } = await inPage(page, 'families', { cell, shapes });
    expect(directIsDirect).toBe(true);
    // Chromium and Node run on SwiftShader, whose subgroups are of four; Deno and Firefox on llvmpipe, where they are not.
    const swiftShader = adapterKind() === 'swiftshader' && (host === 'chromium' || host === 'node');
    if (swiftShader) expect(quads, 'SwiftShader has quads').toBe(true);
    expect(Object.keys(errors)).toHaveLength(4 * shapes.length);
    for (const [network, byArray] of Object.entries(errors)) {
      for (const [array, error] of Object.entries(byArray)) expect.soft(error, `${array} of ${network}`).toBeLessThan(2e-6);
    }
  });
}

test("an LSTM whose weights' gradients are summed in slices agrees with float64, in a whole window and in a cut one", async ({ inPage }) => {
  const base = { cell: 'lstm', inputSize: 5, hiddenSize: 18, numLayers: 2, timeSteps: 7, batchSize: 9 } as const;
  const cases: RecurrentCase[] = [base, { ...base, checkpointEvery: 3 }, { ...base, direction: 'bidirectional', lengths: [7, 1, 3, 0, 5, 6, 2, 4, 7] }];
  const results = await inPage(page, 'sliced', cases);
  expect(results).toHaveLength(cases.length);
  results.forEach(({ errors }, i) => {
    expect(Object.keys(errors)).toContain('weight_hh_l1');
    for (const [array, error] of Object.entries(errors)) expect.soft(error, `${array} of ${JSON.stringify(cases[i])}`).toBeLessThan(2e-6);
  });
});
