// Options of optimizers and clipping, checked before the GPU is asked.
import { expect, test } from 'playwright/test';
import { load } from '../engine.ts';
import type * as ClipModule from '../../src/train/clip.ts';
import type * as OptimizerModule from '../../src/train/update_rule.ts';

test('options out of bounds are refused by name', async () => {
  const { adam, adamw, rmsprop, sgd } = await load<typeof OptimizerModule>('/src/train/update_rule.ts');
  expect(() => adam({ learningRate: 0 })).toThrow(/learningRate must be a finite number above 0; 0 was given/);
  expect(() => adam({ beta1: 1 })).toThrow(/beta1 must be a finite number at least 0 and below 1; 1 was given/);
  expect(() => adam({ beta2: -0.1 })).toThrow(/beta2 must be a finite number at least 0 and below 1; -0.1 was given/);
  expect(() => adam({ epsilon: 0 })).toThrow(/epsilon must be a finite number above 0; 0 was given/);
  expect(() => adamw({ weightDecay: -1 })).toThrow(/weightDecay must be a finite number at least 0; -1 was given/);
  expect(() => sgd({ momentum: 1.2 })).toThrow(/momentum must be a finite number at least 0 and below 1; 1.2 was given/);
  expect(() => sgd({ nesterov: true })).toThrow(/nesterov needs a momentum above 0/);
  expect(() => sgd({ weightDecay: NaN })).toThrow(/weightDecay must be a finite number/);
  expect(() => rmsprop({ alpha: 1 })).toThrow(/alpha must be a finite number at least 0 and below 1; 1 was given/);
  expect(() => rmsprop({ momentum: -1 })).toThrow(/momentum must be a finite number at least 0/);
});

test('an update has the params of its number and rate', async () => {
  const { adam, adamw, rmsprop, sgd } = await load<typeof OptimizerModule>('/src/train/update_rule.ts');
  expect(adam({ weightDecay: 0.5 }).params(2, 0.1)).toEqual({ rate: 0.1, correction1: 1 / (1 - 0.9 ** 2), correction2: 1 / (1 - 0.999 ** 2), keep: 1 });
  expect(adamw().params(1, 0.1)['keep']).toBe(1 - 0.1 * 0.01);
  expect(adamw({ weightDecay: 0.5 }).params(1, 0.1)['keep']).toBe(0.95);
  expect(sgd({ momentum: 0.9 }).params(3, 0.2)).toEqual({ rate: 0.2 });
  expect(rmsprop().params(3, 0.2)).toEqual({ rate: 0.2 });
});

test('arrays are kept only for what is asked', async () => {
  const { adam, rmsprop, sgd } = await load<typeof OptimizerModule>('/src/train/update_rule.ts');
  expect(adam().moments).toEqual(['first', 'second']);
  expect([sgd().moments, sgd({ momentum: 0.9 }).moments]).toEqual([[], ['velocity']]);
  expect(rmsprop().moments).toEqual(['square']);
  expect(rmsprop({ momentum: 0.9, centered: true }).moments).toEqual(['square', 'average', 'velocity']);
});

test('clip is a norm or a value', async () => {
  const { checkClip } = await load<typeof ClipModule>('/src/train/clip.ts');
  expect(checkClip(5)).toEqual({ clipNorm: 5, clipValue: 0 });
  expect(checkClip({ norm: 5 })).toEqual({ clipNorm: 5, clipValue: 0 });
  expect(checkClip({ value: 1 })).toEqual({ clipNorm: 0, clipValue: 1 });
  expect(() => checkClip(-1)).toThrow(/gradientClip must be a finite number at least 0; -1 was given/);
  expect(() => checkClip({ norm: NaN })).toThrow(/gradientClip.norm must be a finite number/);
  expect(() => checkClip({ value: -2 })).toThrow(/gradientClip.value must be a finite number at least 0; -2 was given/);
  expect(() => checkClip({ value: 1, norm: 5 })).toThrow(/gradientClip must be a norm, such as 5 or \{ norm: 5 \}, or \{ value: 1 \}; an object with value, norm was given/);
  expect(() => checkClip({} as ClipModule.Clip)).toThrow(/an object with no fields was given/);
  expect(() => checkClip(null as unknown as number)).toThrow(/null was given/);
});
