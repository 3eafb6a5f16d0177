// Training through the loss of its device: bit-identical, every step told once, and nothing lost where no device can be had any more.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./resumable_run.page.ts')>('/e2e/gpu/resumable_run.page.ts');
const STEPS = 24;

for (const [name, given] of [
  ['before the first checkpoint can be taken', { losses: [1] }],
  ['in the middle', { losses: [9] }],
  ['several times, one right after another', { losses: [3, 4, 5, 12, 23] }],
  ['while a checkpoint is read', { losses: [2, 7, 15], awaiting: true }],
  ['at the last step', { losses: [STEPS] }],
] as const) {
  test(`a device lost ${name}: the run goes on bit-identically`, async ({ inPage }) => {
    const { steps, losses, losses0, devices, bytesDiffer, checkpoints, lostAt } = await inPage(page, 'disturbed', { steps: STEPS, ...given });
    expect(steps).toEqual(Array.from({ length: STEPS }, (_, k) => k + 1));
    expect(losses).toEqual(losses0);
    expect(bytesDiffer).toBe(0);
    expect(lostAt.length).toBe(given.losses.length);
    expect(devices).toBe(1 + given.losses.length);
    expect(checkpoints.at(-1)).toBe(STEPS);
    for (const [i, step] of lostAt.entries()) expect(step ?? 0).toBeLessThanOrEqual(given.losses[i]!);
  });
}

for (const own of [false, true]) {
  test(`${own ? 'on an application\'s device' : 'where no device can be opened any more'} the last checkpoint comes with the error`, async ({ inPage }) => {
    test.slow(); // it waits between its attempts
    const { name, message, step, yielded, goesOn } = await inPage(page, 'interrupted', { own });
    expect(name).toBe('TrainingInterruptedError');
    expect(message).toContain(own ? 'the GPU device was lost' : 'no adapter any more');
    expect(message).toContain(`The error's checkpoint holds ${step} steps`);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThanOrEqual(yielded);
    expect(goesOn).toEqual([step + 1, step + 2, step + 3]);
  });
}

test('what has nothing to do with the device is thrown as it is, and leaving the loop leaves the trainer', async ({ inPage }) => {
  const { aborted, build, open, saved } = await inPage(page, 'passedThrough');
  expect(aborted).toBe('Error: enough');
  expect(build).toBe('RangeError: no such model');
  expect(open).toBe('TypeError: no device');
  expect(saved).toBeGreaterThan(1000);
});

for (const [after, name] of [[0, 'before its first step'], [7, 'after some steps']] as const) {
  test(`a run that loses every device ${name} ends after the third loss without a new step`, async ({ inPage }) => {
    const { name, message, devices, steps, kept } = await inPage(page, 'lostAgain', { after });
    expect(name).toBe('TrainingInterruptedError');
    expect(message).toContain('lost 3 times without a new step: smaller sizes may help');
    expect(devices).toBe(3);
    expect(steps).toEqual(Array.from({ length: after }, (_, k) => k + 1));
    if (after === 0) expect(kept).toBeNull();
    else expect(kept).toBeGreaterThan(0);
  });
}

test('an abort is heard while a run waits to open another device', async ({ inPage }) => {
  test.slow(); // four attempts come first
  const { milliseconds, message } = await inPage(page, 'abortedWaiting');
  expect(message).toBe('enough');
  expect(milliseconds).toBeLessThan(6000); // the wait is of 8 s
});
