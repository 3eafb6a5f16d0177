// Training: PyTorch's first losses, the same bits every time, and the same bits after a pause or a restart.
import { readFileSync } from 'node:fs';
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./training.page.ts')>('/e2e/gpu/training.page.ts');

for (const folded of [false, true]) test(`the first training steps have the losses, norms and weights of PyTorch${folded ? ', with all sizes folded in' : ''}`, async ({ inPage }) => {
  const file: unknown = JSON.parse(readFileSync(new URL('../golden/training.json', import.meta.url), 'utf8'));
  const reports = await inPage(page, 'goldenTraining', { file, folded });
  expect(reports.length).toBeGreaterThanOrEqual(3);
  for (const { name, losses, gradientNorms, stepLossError, trained } of reports) {
    expect(losses.actual.length, name).toBe(losses.expected.length);
    losses.actual.forEach((loss, step) => expect.soft(Math.abs(loss - losses.expected[step]!), `${name}: loss of step ${step}`).toBeLessThan(1e-5));
    gradientNorms.actual.forEach((norm, step) => {
      const expected = gradientNorms.expected[step]!;
      expect.soft(Math.abs(norm - expected) / expected, `${name}: gradient norm of step ${step}`).toBeLessThan(1e-4);
    });
    expect.soft(stepLossError, `${name}: losses at every timestep`).toBeLessThan(2e-5);
    for (const [parameter, error] of Object.entries(trained)) expect.soft(error, `${name}: ${parameter} after the last step`).toBeLessThan(1e-4);
  }
});

for (const embedding of ['one-hot', { size: 6 }] as const) {
  test(`the same seed gives bit-identical losses over 50 steps, paused or restarted too (embedding ${JSON.stringify(embedding)})`, async ({ inPage }) => {
    const run = (options: object) => inPage(page, 'smallRun', { steps: 50, embedding, seed: 4, ...options });
    const losses = await run({});
    expect(losses).toHaveLength(50);
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
    expect(await run({}), 'a second run').toEqual(losses);
    expect(await run({ pauseAfter: 17 }), 'a run paused after 17 steps').toEqual(losses);
    expect(await run({ restartAfter: 23 }), 'a run restored from a checkpoint of step 23').toEqual(losses);
    expect(await run({ seed: 5 }), 'another seed').not.toEqual(losses);
  });
}
