// All families of tiles agree: threads that share their loads in quads, threads that load for themselves,
// sizes folded in, all timesteps in one dispatch.
import { expect, test } from '../harness.ts';
import { cells } from '../../src/reference/cells.ts';
import type { TileReport } from './tiles.page.ts';

const shapes = [
  { steps: 4, batch: 5, hiddenSize: 7, layers: 2, lengths: [4, 1, 3, 0, 2] },
  { steps: 3, batch: 33, hiddenSize: 18, layers: 1 },
];

for (const cell of Object.keys(cells)) {
  test(`${cell} gives the same with and without shared loads, with sizes folded in, step by step and in one dispatch`, async ({ inPage }) => {
    const { quads, directIsDirect, errors } = await inPage<TileReport>('/e2e/gpu/tiles.page.ts', 'families', { cell, shapes });
    expect(directIsDirect).toBe(true);
    if (process.env.UNFOLD_ADAPTER !== 'default') expect(quads, 'the software adapter has quads').toBe(true);
    expect(Object.keys(errors)).toHaveLength(3 * shapes.length);
    for (const [network, byArray] of Object.entries(errors)) {
      for (const [array, error] of Object.entries(byArray)) expect.soft(error, `${array} of ${network}`).toBeLessThan(2e-6);
    }
  });
}
