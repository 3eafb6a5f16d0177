// The loss operator: PyTorch's numbers, and the float64 reference over steps, masks, lengths, sizes.
import { readFileSync } from 'node:fs';
import { expect, pageOf, test } from '../harness.ts';
import type { LossCase, LossSetting } from './losses.page.ts';

const page = pageOf<typeof import('./losses.page.ts')>('/e2e/gpu/losses.page.ts');

/** Files hold cases of other kinds too. */
const cases = (name: string): readonly LossCase[] =>
  (JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as { cases: readonly Partial<LossCase>[] }).cases
    .filter((one): one is LossCase => one.kind !== undefined);

test('losses and gradients are those of PyTorch', async ({ inPage }) => {
  const golden = [...cases('losses'), ...cases('objective_options')];
  const reports = await inPage(page, 'goldenLosses', golden);
  expect(reports).toHaveLength(9);
  for (const { name, loss, gradient } of reports) {
    expect.soft(loss, `${name}: loss`).toBeLessThan(2e-6);
    expect.soft(gradient, `${name}: gradient`).toBeLessThan(2e-6);
  }
});

for (const loss of ['cross_entropy', 'mean_squared_error', 'binary_cross_entropy'] as const) {
  for (const at of ['every', 'last'] as const) {
    test(`${loss} at ${at} step, with weights and lengths, padding NaN`, async ({ inPage }) => {
      for (const [steps, batch, features] of [[1, 1, 2], [7, 33, 3], [5, 3, 130], [20, 1, 1]] as const) {
        for (const weighted of [false, true]) {
          for (const ragged of [false, true]) {
            if (loss === 'cross_entropy' && features === 1) continue;
            const setting: LossSetting = { loss, timeSteps: steps, batchSize: batch, features, at, weighted, ragged, scale: features === 3 ? 30 : 2 };
            const e = await inPage(page, 'againstReference', setting);
            const what = `T=${steps} N=${batch} F=${features}${weighted ? ', weights' : ''}${ragged ? ', lengths' : ''}`;
            expect.soft(e.loss, `loss, ${what}`).toBeLessThan(2e-6);
            expect.soft(e.stepLoss, `per step, ${what}`).toBeLessThan(2e-6);
            expect.soft(e.gradient, `gradient, ${what}`).toBeLessThan(5e-6);
            expect.soft(e.same, `the same bits twice, ${what}`).toBe(true);
            if (!weighted && loss !== 'cross_entropy') expect.soft(e.weight, `weight, ${what}`).toBe(e.counted);
          }
        }
      }
    });
  }
}

test('cross-entropy does not lose its value under a common offset of the logits', async ({ inPage }) => {
  const { operator, trainer } = await inPage(page, 'commonOffset', [0, 1e4, -1e4, 1e8, -1e30, 3e38]);
  for (const nats of [...operator, ...trainer]) expect.soft(nats).toBeCloseTo(Math.LN2, 6);
  expect([operator.length, trainer.length]).toEqual([6, 6]);
});

test('labels are taken in every form, ignored by IGNORE_INDEX, and told of where they are none', async ({ inPage }) => {
  const { taken, told, refused } = await inPage(page, 'labels');
  expect(taken[0]![1]).toBe(4);
  for (const [i, results] of taken.entries()) expect.soft(results, `form ${i}`).toEqual(taken[0]);
  for (const [i, bad] of [4, -2, 2 ** 31 - 1].entries()) {
    expect.soft(told[i]!.message).toMatch(new RegExp(`^RangeError: targets\\[4\\] is ${bad}; a label is a whole number from 0 to 3, or IGNORE_INDEX \\(-100\\).*; then nothing$`));
    expect.soft(told[i]!.gradient, `gradient of label ${bad}`).toEqual([0, 0, 0, 0]);
  }
  expect.soft(refused[0]).toMatch(/^RangeError: targets\[4\] is -1; a label is a whole number from 0 to 3, or IGNORE_INDEX/);
  expect.soft(refused[1]).toMatch(/^RangeError: targets\[2\] is 2\.5; a label/);
  expect.soft(refused[2]).toMatch(/^RangeError: targets\[1\] is 4; a label/);
  expect.soft(refused[3]).toMatch(/^RangeError: targets has shape \[2,3\], 6 elements; 1 were given/);
});

test('values, targets and weights come from the host, from buffers or from arrays; without any weight the loss is 0', async ({ inPage }) => {
  const r = await inPage(page, 'sources');
  expect(r.expected[1]).toBe(5);
  expect(r.byBuffer).toEqual(r.expected);
  expect(r.byArray).toEqual(r.expected);
  expect(r.masked).toEqual(r.masked.map(() => 0));
  expect(r.left, 'bytes not freed').toBe(0);
});

test('inputs that do not fit are refused before the GPU is asked', async ({ inPage }) => {
  const said = await inPage(page, 'refusals');
  const expected: Record<string, RegExp> = {
    foreignToken: /targets\[1\] is 3; a label is a whole number from 0 to 2, or IGNORE_INDEX/,
    floatTokens: /targets of cross_entropy are labels: a Uint32Array/,
    tokensForNumbers: /binary_cross_entropy takes numbers: a Float32Array/,
    shortValues: /values has shape \[2,1,3\], 6 elements; 5 were given/,
    shortTargets: /targets has shape \[2,1\], 2 elements; 3 were given/,
    unexpectedWeights: /made without weighted: true; make it with that to give weights/,
    missingWeights: /made with weighted: true, so every run needs weights/,
    missingLengths: /made with ragged: true, so every run needs lengths/,
    longLength: /lengths\[0\] is 3; it must be a whole number from 0 to 2/,
    negativeWeight: /weights\[1\] is -1; it must be a finite number of at least 0/,
    targetAboveOne: /targets\[2\] is 2; binary_cross_entropy takes targets from 0 to 1/,
  };
  expect(Object.keys(said)).toEqual(Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) expect.soft(said[name], name).toMatch(message);
});
