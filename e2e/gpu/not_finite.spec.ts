// Numbers that are not finite neither hide nor spread: through every cell and activation, losses and attention.
import { cells } from '../../src/reference/cells.ts';
import { expect, pageOf, test } from '../harness.ts';
import type { spread } from './not_finite.page.ts';

const page = pageOf<typeof import('./not_finite.page.ts')>('/e2e/gpu/not_finite.page.ts');
type Case = Parameters<typeof spread>[0][number];

/** A cell as it is, and with every activation in all of its places, the gates' sums clipped or not. */
const casesOf = (cell: Case['cell']): Case[] => [
  { cell },
  ...([['sigmoid', 0.3], ['tanh', 0.3], ['relu'], [{ affine: [0.5, 0.1] }], [{ hardSigmoid: [0.2, 0.5] }, 0.3]] as const).map(([all, clipGates]) =>
    ({ cell, activations: { gate: all, candidate: all, output: all }, ...(clipGates && { clipGates }) })),
  ...(cell === 'lstm' || cell === 'gru' ? [{ cell, layerNorm: true }] : []),
];

for (const cell of Object.keys(cells) as Case['cell'][]) {
  test(`NaN in one input of ${cell} is NaN in its row from that step on, whatever the activations, and in no other row`, async ({ inPage }) => {
    const cases = casesOf(cell);
    const reports = await inPage(page, 'spread', cases);
    expect(reports).toHaveLength(cases.length);
    for (const { case: name, ...counts } of reports) expect.soft(counts, name).toEqual({ hidden: 0, spread: 0, hiddenGradients: 0 });
  });
}

for (const loss of ['cross_entropy', 'mean_squared_error', 'binary_cross_entropy'] as const) {
  test(`${loss} of a value that is not finite is not finite, and the other rows keep their gradients`, async ({ inPage }) => {
    const reports = await inPage(page, 'inLoss', { loss });
    for (const { at, value, total, stepLoss, gradient } of reports) {
      // A logit of -Infinity is a class that cannot be, which is a fine distribution.
      if (value === '-Infinity' && loss === 'cross_entropy') continue;
      const what = `${value} at ${at}`;
      expect.soft(Number.isFinite(Number(total)), `loss of ${what}: ${total}`).toBe(false);
      expect.soft(stepLoss.map((x) => Number.isFinite(Number(x))), what).toEqual([true, false, true]);
      const rows = Array.from({ length: 6 }, (_, row) => gradient.slice(4 * row, 4 * row + 4).every((x) => Number.isFinite(Number(x))));
      // Of a logit of binary cross-entropy the slope has a limit.
      if (value === 'NaN') expect.soft(rows, `gradients of ${what}`).toEqual([true, true, false, true, true, true]);
    }
  });
}

test('NaN in an encoder state is NaN in the attention of its row alone', async ({ inPage }) => {
  const [clean, dirty] = await inPage(page, 'inAttention');
  expect(clean!.map(Number).every(Number.isFinite)).toBe(true);
  expect(new Set(dirty)).toEqual(new Set(['NaN']));
});
