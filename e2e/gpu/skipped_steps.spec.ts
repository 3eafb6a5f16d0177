// A gradient that is not finite is skipped in the very step and told; one whose squares are no float32 has a norm and is clipped all the same.
import { expect, pageOf, test } from '../harness.ts';
import type { OptimizerName } from './skipped_steps.page.ts';

const page = pageOf<typeof import('./skipped_steps.page.ts')>('/e2e/gpu/skipped_steps.page.ts');

for (const optimizer of ['sgd', 'adam', 'adamw', 'rmsprop'] as const satisfies OptimizerName[]) {
  test(`a step of ${optimizer} whose gradient is not finite leaves weights and moments to the bit, and training goes on`, async ({ inPage }) => {
    const steps = await inPage(page, 'trainPast', optimizer);
    expect(steps.map(({ skipped }) => skipped)).toEqual([false, true, false, false]);
    expect(steps.map(({ changed }) => changed)).toEqual([[true, true], [false, false], [true, true], [true, true]]);
    expect(steps.map(({ loss }) => Number.isFinite(Number(loss)))).toEqual([true, false, true, true]);
  });
}

test('a run stops at the first step that is not finite, or after as many in a row as it may skip, and names the parameter', async ({ inPage }) => {
  const [first, third] = await inPage(page, 'stops');
  expect(first).toMatchObject({ step: 2, parameter: 'embedding.weight' });
  expect(first!.message).toMatch(/diverged at step 2: the loss is \S+ .*, embedding\.weight being the first parameter whose gradient is not finite\. .*Lower the learning rate/);
  expect(third).toMatchObject({ step: 3, parameter: 'embedding.weight' });
});

test('steps that are skipped one by one stop no run that may not skip two in a row', async ({ inPage }) => {
  expect(await inPage(page, 'skippedApart')).toEqual([2, 6, 10]);
});

test('a gradient that overflows while the loss is finite is skipped, or stops the run and is named', async ({ inPage }) => {
  const { seen: [step], same, said } = await inPage(page, 'overflowing');
  expect(step!.loss).toBeGreaterThan(0);
  expect(step!.loss).toBeLessThan(10);
  expect(Number.isFinite(Number(step!.norm))).toBe(false);
  expect({ skipped: step!.skipped, same }).toEqual({ skipped: true, same: true });
  expect(said).toMatchObject({ step: 1, parameter: 'weight_ih_l0' });
  expect(said!.message).toMatch(/diverged at step 1: the loss is \d.*weight_ih_l0 being the first parameter.*The gradient exploded on its way back through time/);
});

test('an optimizer skips a gradient that is not finite, and read() tells of it', async ({ inPage }) => {
  const good = [0.5, -0.25, 1, 2, 0, 1];
  for (const [bad, operator, name] of [['NaN', 0, 'bias'], ['-Infinity', 1, 'weight']] as const) {
    const gradients = [good, operator === 0 ? [0, 0, bad, 1, 'NaN', 1] : [0, 1, 2, 3, bad, 'NaN'], good, [bad, 0, 0, 0, 0, 0]];
    for (const optimizer of ['sgd', 'adam'] as const) {
      const [one, skipped, two, again] = await inPage(page, 'updates', { rule: optimizer, gradientClip: 0, gradients });
      expect(skipped!.weights).toEqual(one!.weights);
      expect(skipped).toMatchObject({ cleared: true, result: { skipped: true, parameter: { module: operator, name }, skips: 1 } });
      expect(Number.isFinite(Number(skipped!.result.norm))).toBe(false);
      expect(two).toMatchObject({ result: { skipped: false, parameter: null, skips: 1 } });
      expect(two!.weights).not.toEqual(one!.weights);
      expect(two!.weights.map(Number).every(Number.isFinite)).toBe(true);
      expect(again).toMatchObject({ weights: two!.weights, result: { skipped: true, parameter: { module: 0, name: 'weight' }, skips: 2 } });
    }
  }
});

/** Gradients, their norm, the clip. */
const HUGE = [
  { gradient: [1e20, 1e20, 0, 0, 0, 0], clip: 1 },
  { gradient: [3e38, -3e38, 3e38, 0, 0, 3e38], clip: 1 },
  { gradient: [0, 0, 0, 1e25, -2e25, 5], clip: 0.5 },
  { gradient: [1e-25, -2e-25, 0, 0, 0, 1e-25], clip: 1e-26 },
  { gradient: [3e-19, 0, 4e-19, 0, 0, 0], clip: 1 },
  { gradient: [3, 0, 4, 0, 0, 0], clip: 1 },
  { gradient: [0, 0, 0, 0, 0, 0], clip: 1 },
] as const;

test('the norm is right wherever it is a float32, and clipping keeps the direction also where it is none', async ({ inPage }) => {
  for (const { gradient, clip } of HUGE) {
    const [only] = await inPage(page, 'updates', { rule: 'sgd', gradientClip: clip, gradients: [gradient] });
    const { weights, result } = only!;
    const norm = Math.hypot(...gradient);
    const what = gradient.join();
    if (norm > 3.4e38) expect.soft(result.norm, what).toBe('Infinity');
    else expect.soft(Math.abs(Number(result.norm) - norm), `norm of ${what}`).toBeLessThanOrEqual(1e-6 * norm);
    const factor = norm > clip ? clip / norm : 1;
    weights.forEach((w, i) => expect.soft(Math.abs(Number(w) + gradient[i]! * factor), `${i} of ${what}: ${w}`).toBeLessThanOrEqual(2e-6 * factor * norm));
    expect.soft(result.skipped, what).toBe(false);
  }
});
