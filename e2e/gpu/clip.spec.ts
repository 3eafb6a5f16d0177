// Cells with clipped gates against the float64 reference: where a sum was clipped its gradient is 0, and nowhere else.
import { CLIPPED_CELLS, clippedCell, clippedVariants, expectAgreement } from '../clip_cases.ts';
import { test } from '../harness.ts';
import type { Comparison } from './recurrent.page.ts';

const page = '/e2e/gpu/recurrent.page.ts';

for (const cell of CLIPPED_CELLS) {
  test(`${cell} with clipped gates agrees with float64 at every clip`, async ({ inPage }) => {
    const cases = clippedCell(cell);
    expectAgreement(cases, await inPage<Comparison[]>(page, 'compareAll', cases));
  });
}

test('clipped gates of every activation, normalized, projected, in both directions', async ({ inPage }) => {
  const cases = clippedVariants();
  expectAgreement(cases, await inPage<Comparison[]>(page, 'compareAll', cases));
});
