// Training in f16: as good as in f32, its loss scaled, steps that overflow skipped; streams, files and updates on the way.
import type { WindowsCase } from '../gpu/training_windows.page.ts';
import { expect, pageOf, test } from './harness.ts';
import type { Run, Step } from './training.page.ts';

const page = pageOf<typeof import('./training.page.ts')>('/e2e/f16/training.page.ts');
const trainingWindowsPage = pageOf<typeof import('../gpu/training_windows.page.ts')>('/e2e/gpu/training_windows.page.ts');
const BOUND = 2e-2;

const tail = (steps: readonly Step[]): number => steps.slice(-20).reduce((sum, { loss }) => sum + loss, 0) / 20;

for (const cell of ['lstm', 'gru'] as const) {
  test(`a small ${cell} model reaches in f16 the loss of f32`, async ({ inPage }) => {
    const run = (precision: Run['precision']) => inPage(page, 'train', { precision, cell, steps: 200 } satisfies Run);
    const [wide, half] = [await run('f32'), await run('f16')];
    const [f32, f16] = [tail(wide.steps), tail(half.steps)];
    test.info().annotations.push({ type: 'loss', description: `f32 ${f32.toFixed(4)}, f16 ${f16.toFixed(4)}, from ${half.steps[0]!.loss.toFixed(4)}` });
    expect(half.steps[0]!.loss).toBeGreaterThan(2);
    expect(f32).toBeLessThan(1.2);
    expect(Math.abs(f16 - f32)).toBeLessThan(0.02);
    expect(wide.steps.every(({ lossScale, skipped }) => lossScale === 1 && !skipped)).toBe(true);
    expect(half.steps.filter(({ skipped }) => skipped).length).toBeLessThan(5);
    // The same noise, not the same bits.
    expect(half.steps.at(-1)!.loss).not.toBe(wide.steps.at(-1)!.loss);
  });
}

/** As in e2e/gpu/training_windows.spec.ts: truncated BPTT over old steps too, documents, masks. */
const layers = [{ cell: 'lstm', hiddenSize: 6 }, { cell: 'gru', hiddenSize: 5 }] as const;
const regularised = [
  { cell: 'lstm', hiddenSize: 6, dropout: 0.3, recurrentDropout: 0.4, zoneout: { h: 0.2, c: 0.3 } },
  { cell: 'gru', hiddenSize: 5, resetAfter: false, dropout: 0.5, recurrentDropout: 0.2, zoneout: { h: 0.1 } },
] as const;
const documents = [0, 2, 15, 16, 21, 50, 54];
const windows: Readonly<Record<string, WindowsCase>> = {
  'windows of 4': { layers, embedding: { size: 5 }, characters: 70, options: { batchSize: 3, timeSteps: 4, gradientClip: 0.5 }, steps: 7 },
  'documents, 3 new steps, 8 back, one-hot': { layers, embedding: 'one-hot', characters: 70, documents, options: { batchSize: 2, timeSteps: 3, backTimeSteps: 8 }, steps: 16 },
  'all masks, documents, 3 new steps, 7 back': { layers: regularised, embedding: { size: 5 }, characters: 70, documents, options: { batchSize: 2, timeSteps: 3, backTimeSteps: 7, seed: 11 }, steps: 8 },
};

for (const [name, given] of Object.entries(windows)) {
  test(`${name}: in f16 losses, norms and trained weights are the reference's`, async ({ inPage }) => {
    const { actual, expected, trained, bytesLeft } = await inPage(trainingWindowsPage, 'compare', { ...given, precision: 'f16' });
    expect(actual).toHaveLength(given.steps);
    expected.forEach((step, s) => {
      expect.soft(Math.abs(actual[s]!.loss - step.loss) / step.loss, `loss of step ${s}`).toBeLessThan(BOUND);
      expect.soft(Math.abs(actual[s]!.gradientNorm - step.gradientNorm) / step.gradientNorm, `norm of step ${s}`).toBeLessThan(BOUND);
    });
    for (const [parameter, error] of Object.entries(trained)) expect.soft(error, `${parameter} after the last step`).toBeLessThan(BOUND);
    expect(bytesLeft, 'bytes not freed').toBe(0);
  });
}

test('the same seed gives the same losses, and a run goes on from its checkpoint bit-identically, the scale with it', async ({ inPage }) => {
  const run: Run = { precision: 'f16', steps: 30, options: { lossScale: { growthInterval: 4 } } };
  const [whole, restarted] = [await inPage(page, 'train', run), await inPage(page, 'train', { ...run, restartAfter: 13 })];
  expect(restarted).toEqual(whole);
  const scales = whole.steps.map(({ lossScale }) => lossScale);
  expect(scales.slice(0, 8)).toEqual([2 ** 15, 2 ** 15, 2 ** 15, 2 ** 15, 2 ** 16, 2 ** 16, 2 ** 16, 2 ** 16]);
});

for (const optimizer of ['adam', 'adamw', 'rmsprop', 'sgd'] as const) {
  test(`${optimizer}: a step whose gradient overflows changes nothing and halves the scale; the rest goes on`, async ({ inPage }) => {
    const { seen, changed } = await inPage(page, 'overflow', { optimizer });
    const skips = seen.findIndex(({ skipped }) => !skipped);
    expect(skips).toBeGreaterThan(0);
    seen.slice(0, skips + 1).forEach(({ lossScale, gradientNorm, loss }, i) => {
      expect(lossScale).toBe(2 ** (32 - i));
      expect(gradientNorm === null).toBe(i < skips);
      expect(loss).toBeGreaterThan(0);
      expect(changed[i]).toEqual({ weights: i === skips, moments: i === skips });
    });
    expect(seen.at(-1)!.skipped).toBe(false);
    expect(seen.at(-1)!.lossScale).toBeGreaterThanOrEqual(2 ** (32 - skips - 1));
  });
}

test('skipped steps do not count in Adam\'s bias correction', async ({ inPage }) => {
  const { skips, difference } = await inPage(page, 'afterSkips');
  expect(skips).toBeGreaterThan(2);
  // Counted, the first update after eight skips would be half of what it is.
  expect(difference).toBeLessThan(2e-2);
});

test('text, losses and files of a model in f16: of either precision, read in the other', async ({ inPage }) => {
  const { precisions, texts, losses } = await inPage(page, 'used');
  expect(precisions).toEqual(['f16', 'f32', 'f16']);
  expect(texts[0]).toHaveLength(40);
  expect(texts[2]).toBe(texts[0]);
  expect(losses[2]).toBe(losses[0]);
  expect(Math.abs(losses[1]! - losses[0]!)).toBeLessThan(5e-3);
});

test('a stream equals the pass over the sequence, and the kernels\' copy follows every write and update', async ({ inPage }) => {
  const { stream, copied, movedBy, moved } = await inPage(page, 'operators');
  expect({ stream, copied, moved }).toEqual({ stream: 0, copied: 0, moved: 0 });
  expect(movedBy).toBeGreaterThan(1e-2);
});

test('histories and activations take half the bytes', async ({ inPage }) => {
  const { f32, f16 } = await inPage(page, 'memory');
  expect(f16.plan.history! / f32.plan.history!).toBeCloseTo(0.5, 2);
  expect(f16.trainer.history!).toBeLessThan(f32.trainer.history!);
  // Moments are f32, of parameters that begin at other borders.
  expect(f16.trainer.optimizer! / f32.trainer.optimizer!).toBeCloseTo(1, 1);
});

test('what f16 does not take is refused by name, and divergence is an error', async ({ inPage }) => {
  const parts = [
    /^RangeError: clipGates does not go with precision: 'f16'/, /^RangeError: clipGates does not go/, /^RangeError: checkpointEvery does not go/, /^RangeError: trace does not go/,
    /^RangeError: trace does not go/, /^RangeError: lossScale\.initial must be a power of two from 1 to 2\^32.*1000/, /^RangeError: lossScale\.growthInterval/,
    /^RangeError: precision must be one of "f32", "f16"; "f8"/,
    /^TypeError: createLinear has no option "precision"/, /^TypeError: createAttention has no option "precision"/,
    /^RangeError: the checkpoint was made with precision f32, this trainer with precision f16/,
    // Weights that are no numbers are nothing that a smaller scale could help.
    /^NotFiniteError: training diverged at step/,
  ];
  const messages = await inPage(page, 'refusals');
  expect(messages).toHaveLength(parts.length);
  messages.forEach((message, i) => expect(message).toMatch(parts[i]!));
});
