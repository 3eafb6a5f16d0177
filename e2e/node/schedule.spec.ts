// Learning-rate schedules against values computed by hand, and what they refuse.
import { expect, test } from 'playwright/test';
import { load } from '../engine.ts';
import type * as ScheduleModule from '../../src/train/schedule.ts';

const schedules = () => load<typeof ScheduleModule>('/src/train/schedule.ts');

test('constant, step decay, cosine and warm-up have the values computed by hand', async () => {
  const { constant, cosine, learningRateAt, scheduleOf, stepDecay, warmUp } = await schedules();
  const values = (schedule: ScheduleModule.LearningRateSchedule, ...steps: number[]): number[] => steps.map((step) => learningRateAt(schedule, step));
  const expectValues = (actual: number[], expected: number[]): void => {
    expect(actual).toHaveLength(expected.length);
    actual.forEach((x, i) => expect.soft(x, `value ${i}`).toBeCloseTo(expected[i]!, 15));
  };
  expectValues(values(constant(0.3), 0, 1, 1e6), [0.3, 0.3, 0.3]);
  expectValues(values(scheduleOf(0.3), 7), [0.3]);
  expectValues(values(stepDecay({ learningRate: 0.8, every: 3, factor: 0.5 }), 0, 2, 3, 5, 6, 30), [0.8, 0.8, 0.4, 0.4, 0.2, 0.8 / 1024]);
  expectValues(values(stepDecay({ learningRate: 1, every: 10 }), 9, 10, 20), [1, 0.1, 0.01]);
  // cos 60° = 1/2, cos 90° = 0: at a third and at half of the way.
  expectValues(values(cosine({ learningRate: 1, minimum: 0.2, steps: 12 }), 0, 4, 6, 12, 13, 500), [1, 0.2 + 0.8 * 0.75, 0.6, 0.2, 0.2, 0.2]);
  expectValues(values(cosine({ learningRate: 2, steps: 4 }), 1, 2, 4), [1 + Math.SQRT1_2, 1, 0]);
  expectValues(values(warmUp(4, 0.8), 0, 1, 2, 3, 4, 90), [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]);
  // The schedule behind begins at its own step 0.
  expectValues(values(warmUp(2, cosine({ learningRate: 1, steps: 12 })), 0, 1, 2, 6, 8, 14), [0.5, 1, 1, 0.75, 0.5, 0]);
  expectValues(values(warmUp(2, warmUp(2, 1)), 0, 1, 2, 3, 4), [0.25, 0.5, 0.5, 1, 1]);
});

test('a schedule is plain data: JSON keeps it', async () => {
  const { cosine, learningRateAt, scheduleOf, warmUp } = await schedules();
  const schedule = warmUp(5, cosine({ learningRate: 3e-3, minimum: 1e-5, steps: 77 }));
  const again = scheduleOf(JSON.parse(JSON.stringify(schedule)) as ScheduleModule.LearningRateSchedule);
  expect(again).toEqual(schedule);
  for (const step of [0, 3, 5, 40, 100]) expect(learningRateAt(again, step)).toBe(learningRateAt(schedule, step));
});

test('what is no schedule is refused by name', async () => {
  const { constant, cosine, scheduleOf, stepDecay, warmUp } = await schedules();
  expect(() => constant(NaN)).toThrow(/learningRate must be a finite number above 0; NaN was given/);
  expect(() => stepDecay({ learningRate: 1, every: 0 })).toThrow(/every must be a whole number of at least 1; 0 was given/);
  expect(() => stepDecay({ learningRate: 1, every: 5, factor: 1.5 })).toThrow(/factor must be a finite number above 0 and at most 1; 1.5 was given/);
  expect(() => cosine({ learningRate: 0.1, minimum: 0.2, steps: 5 })).toThrow(/minimum must be a finite number at least 0 and at most 0.1; 0.2 was given/);
  expect(() => cosine({ learningRate: 0.1, steps: 2.5 })).toThrow(/steps must be a whole number/);
  expect(() => warmUp(0, 0.1)).toThrow(/steps must be a whole number of at least 1; 0 was given/);
  expect(() => warmUp(3, -1)).toThrow(/learningRate must be a finite number above 0; -1 was given/);
  expect(() => scheduleOf({ kind: 'linear' } as unknown as ScheduleModule.LearningRateSchedule)).toThrow(/kind must be one of "constant", "step", "cosine", "warmUp"; "linear" was given/);
  expect(() => scheduleOf({ kind: 'cosine', learningRate: 1 } as unknown as ScheduleModule.LearningRateSchedule)).toThrow(/the options of cosine must have steps: cosine needs learningRate, steps/);
  expect(() => scheduleOf('fast' as unknown as number)).toThrow(/learningRate must be a number or a schedule.*"fast" was given/);
});
