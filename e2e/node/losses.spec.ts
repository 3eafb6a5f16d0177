// What a loss records, without a GPU, and the options it refuses.
import { expect, test } from 'playwright/test';
import { load } from '../engine.ts';
import type * as LossModule from '../../src/train/loss_window.ts';
import type * as MemoryModule from '../../src/gpu/memory.ts';
import type * as RecordingModule from '../../src/gpu/recording.ts';

const modules = async () => ({
  ...(await load<typeof LossModule>('/src/train/loss_window.ts')),
  ...(await load<typeof MemoryModule>('/src/gpu/memory.ts')),
  ...(await load<typeof RecordingModule>('/src/gpu/recording.ts')),
});

test('the weights of the rows, their sum, one pass over the values, then the means', async () => {
  const { LossWindow, Recording, allocateProxy } = await modules();
  const chain = (options: LossModule.LossOptions): { labels: string[]; storage: number; bound: Set<string> } => {
    const recording = new Recording();
    const { timeSteps, batchSize, features } = options;
    const window = new LossWindow(options);
    window.record(recording, allocateProxy('values', [timeSteps, batchSize, features], 'activations'));
    const dispatches = recording.commands.filter((c) => c.kind === 'dispatch');
    const own = new Set(window.buffers);
    for (const buffer of recording.buffers()) if (buffer.name !== 'values') expect(own.has(buffer), `${buffer.name} belongs to the window`).toBe(true);
    return {
      labels: dispatches.map(({ label }) => label.replace('weighted_mean.', '')),
      storage: Math.max(...dispatches.map(({ shader, entry }) => shader.entries[entry]!.bindings.length)),
      bound: new Set(dispatches.flatMap(({ bindings }) => Object.values(bindings).map((s) => s.buffer.name))),
    };
  };
  const sizes = { timeSteps: 3, batchSize: 2, features: 4 };
  const around = (first: string, pass: string): string[] => [first, 'step_weights', 'sum_weights', pass, 'step_losses', 'sum_losses'];
  const tokens = chain({ loss: 'cross_entropy', ...sizes, classWeights: [1, 2, 3, 4], weighted: true, ragged: true });
  expect(tokens.labels).toEqual(around('token_weights', 'softmax_cross_entropy.weighted_rows'));
  expect(tokens.storage).toBeLessThanOrEqual(8);
  for (const name of ['classWeights', 'loss weights', 'loss lengths', 'targets']) expect(tokens.bound.has(name), name).toBe(true);
  expect(chain({ loss: 'mean_squared_error', ...sizes }).labels).toEqual(around('value_weights', 'mean_squared_error.rows'));
  const binary = chain({ loss: 'binary_cross_entropy', ...sizes });
  expect(binary.labels).toEqual(around('value_weights', 'binary_cross_entropy.rows'));
  expect(binary.bound.has('positiveWeight')).toBe(true);
  expect(binary.bound.has('loss weights')).toBe(false);
});

test('options that do not fit are refused by name', async () => {
  const { LossWindow } = await modules();
  const make = (options: object) => () => new LossWindow({ loss: 'cross_entropy', timeSteps: 2, batchSize: 2, features: 3, ...options } as LossModule.LossOptions);
  expect(make({})).not.toThrow();
  expect(make({ loss: 'hinge' })).toThrow(/loss must be one of "cross_entropy", "mean_squared_error", "binary_cross_entropy"; "hinge" was given/);
  expect(make({ at: 'first' })).toThrow(/at must be one of "every", "last"; "first" was given/);
  expect(make({ timeSteps: 0 })).toThrow(/timeSteps must be a whole number of at least 1; 0 was given/);
  expect(make({ batchSize: 1.5 })).toThrow(/batchSize must be a whole number of at least 1; 1.5 was given/);
  expect(make({ features: -1 })).toThrow(/features must be a whole number of at least 1; -1 was given/);
  expect(make({ classWeights: [1, 2] })).toThrow(/classWeights needs 3 numbers; 2 were given/);
  expect(make({ classWeights: [1, NaN, 2] })).toThrow(/classWeights\[1\] is NaN; it must be a finite number of at least 0/);
  expect(make({ loss: 'mean_squared_error', classWeights: [1, 1, 1] })).toThrow(/classWeights belong to cross_entropy; mean_squared_error weighs rows/);
  expect(make({ positiveWeight: [1, 1, 1] })).toThrow(/positiveWeight belongs to binary_cross_entropy, not to cross_entropy/);
});
