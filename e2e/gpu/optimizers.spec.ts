// Every optimizer: PyTorch's updates, and the float64 reference's with clipping by norm and by value.
import { readFileSync } from 'node:fs';
import { expect, pageOf, test } from '../harness.ts';
import type { OptimizerCase } from './optimizers.page.ts';

const page = pageOf<typeof import('./optimizers.page.ts')>('/e2e/gpu/optimizers.page.ts');

/** Files hold cases of other kinds too. */
const cases = (name: string): readonly OptimizerCase[] =>
  (JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as { cases: readonly Partial<OptimizerCase>[] }).cases
    .filter((one): one is OptimizerCase => one.updates !== undefined);

test('ten updates by every optimizer are those of PyTorch', async ({ inPage }) => {
  const reports = await inPage(page, 'goldenOptimizers', [...cases('optimizers'), ...cases('objective_options')]);
  expect(reports).toHaveLength(16);
  for (const { name, error } of reports) expect.soft(error, name).toBeLessThan(2e-6);
  const kept = (name: string): number => reports.find((r) => r.name === name)!.moments;
  expect(kept('kind sgd learningRate 0.1'), 'plain descent keeps nothing').toBe(0);
  expect(kept('kind rmsprop learningRate 0.02')).toBe(1);
  expect(kept('kind rmsprop learningRate 0.02 alpha 0.9 momentum 0.5 centered True')).toBe(3);
});

for (const [kind, options] of Object.entries({
  sgd: { learningRate: 0.1, momentum: 0.9 },
  adam: { learningRate: 0.01 },
  adamw: { learningRate: 0.01 },
  rmsprop: { learningRate: 0.01, momentum: 0.5, centered: true },
})) {
  test(`${kind} with the gradient clipped by norm and by value, as the reference`, async ({ inPage }) => {
    for (const clip of [{ norm: 3 }, { value: 0.5 }, { norm: 0 }]) {
      expect.soft(await inPage(page, 'clippedUpdates', { kind, clip, options }), JSON.stringify(clip)).toBeLessThan(5e-6);
    }
  });
}

test('centered RMSprop stays finite where the gradient does not change', async ({ inPage }) => {
  expect(await inPage(page, 'constantGradient')).toBe(true);
});
