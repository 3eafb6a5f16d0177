// The cases of e2e/gpu/clip.spec.ts, in f32, on llvmpipe: its compiler folds an activation of a constant to other bits than it has of a
// variable, so a kernel that compared the two would find hardly any clipped sum.
import { CLIPPED_CELLS, clippedCell, clippedVariants, expectAgreement } from '../clip_cases.ts';
import type { Comparison } from '../gpu/recurrent.page.ts';
import { test } from './deno.ts';

const page = '/e2e/gpu/recurrent.page.ts';

for (const cell of CLIPPED_CELLS) {
  test(`${cell} with clipped gates agrees with float64 at every clip`, async ({ inDeno }) => {
    const cases = clippedCell(cell);
    expectAgreement(cases, await inDeno<Comparison[]>(page, 'compareAll', cases));
  });
}

test('clipped gates of every activation, normalized, projected, in both directions', async ({ inDeno }) => {
  const cases = clippedVariants();
  expectAgreement(cases, await inDeno<Comparison[]>(page, 'compareAll', cases));
});
