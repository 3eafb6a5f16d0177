// The weather series with its baselines, and the two generated tasks of long memory.
import { expect, test } from 'playwright/test';
import { ADDING_BASELINE, addingBatch } from '../../examples/data/adding_problem.ts';
import { copyBaseline, copyBatch } from '../../examples/data/copy_task.ts';
import { parseColumn, predictable, prepareSeries, seriesBatch } from '../../examples/data/series.ts';
import { seattleWeather } from '../../examples/data/sources.mjs';
import { constantErrors, forecastErrors, persistenceErrors } from '../../examples/metrics/forecast_errors.ts';

test.describe('series', () => {
  const rising = Array.from({ length: 20 }, (_, i) => i);

  test('scaled by the training part alone', () => {
    const series = prepareSeries(rising, { validation: 0.25, test: 0.25 });
    expect([series.training, series.validation, series.test]).toEqual([{ start: 0, end: 10 }, { start: 10, end: 15 }, { start: 15, end: 20 }]);
    expect(series.mean).toBe(4.5);
    expect(series.deviation).toBeCloseTo(Math.sqrt(8.25), 12);
    expect(series.scaled[19]).toBeCloseTo((19 - 4.5) / Math.sqrt(8.25), 6);
    // What comes later changes nothing.
    const other = prepareSeries([...rising.slice(0, 10), ...Array(10).fill(1e6)], { validation: 0.25, test: 0.25 });
    expect(other.scaled.slice(0, 10)).toEqual(series.scaled.slice(0, 10));
  });

  test('windows end right before what they predict', () => {
    const series = prepareSeries(rising, { validation: 0.25, test: 0.25 });
    expect(predictable(series.training, 3)).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(predictable(series.validation, 3)).toEqual([10, 11, 12, 13, 14]);
    const { inputs, targets, timeSteps, batchSize } = seriesBatch(series, [3, 12], 3);
    const raw = (values: Float32Array) => [...values].map((value) => Math.round(value * series.deviation + series.mean) + 0); // + 0: no -0
    expect([timeSteps, batchSize]).toEqual([3, 2]);
    expect(raw(inputs)).toEqual([0, 9, 1, 10, 2, 11]);
    expect(raw(targets)).toEqual([3, 12]);
  });

  test('a table that does not fit is refused with its line', () => {
    expect([...parseColumn('day,high\n1,2.5\r\n2,-3\n', 'high')]).toEqual([2.5, -3]);
    expect(() => parseColumn('day,high\n1,2', 'low')).toThrow('no column "low"; it has day, high');
    expect(() => parseColumn('day,high\n1,2\n2,', 'high')).toThrow('line 3 of the table is "2,"');
    expect(() => parseColumn('day,high\n1,2,3', 'high')).toThrow('expected 2 fields');
    expect(() => prepareSeries([1, 2, 3])).toThrow('a series of 3 values cannot be cut');
    expect(() => prepareSeries(Array(20).fill(7))).toThrow('are all 7: there is nothing to learn');
    expect(() => prepareSeries([...rising, NaN])).toThrow('value 20 of the series is not finite');
    expect(() => predictable({ start: 0, end: 5 }, 5)).toThrow('use timeSteps of at most 4');
    const series = prepareSeries(rising);
    expect(() => seriesBatch(series, [2], 3)).toThrow('place 2 has no 3 values before it');
    expect(() => seriesBatch(series, [20], 3)).toThrow('place 20');
  });

  test('forecast errors and the baselines are their arithmetic', () => {
    expect(forecastErrors([1, 5], [2, 2])).toEqual({ mse: 5, rmse: Math.sqrt(5), mae: 2 });
    expect(persistenceErrors([1, 2, 4, 8], [1, 2, 3])).toEqual({ mse: 7, rmse: Math.sqrt(7), mae: 7 / 3 });
    expect(constantErrors([1, 2, 4], [1, 2], 3)).toEqual({ mse: 1, rmse: 1, mae: 1 });
    expect(() => forecastErrors([1], [])).toThrow('1 forecasts for 0 values');
    expect(() => persistenceErrors([1, 2], [0])).toThrow('place 0 has no value before it');
  });

  test('Seattle: 1461 days without a gap; persistence is off by 2.9 °C, the mean by 8.7', () => {
    const csv = seattleWeather();
    const days = csv.trim().split('\n').slice(1).map((row) => Date.parse(row.slice(0, 10)));
    expect(days).toHaveLength(1461);
    expect(new Set(days.slice(1).map((day, i) => day - days[i]!))).toEqual(new Set([86_400_000]));
    const series = prepareSeries(parseColumn(csv, 'temp_max'));
    expect(series.mean).toBeCloseTo(16.45, 2);
    expect(series.deviation).toBeCloseTo(7.405, 3);
    const places = predictable(series.test, 30);
    expect(places).toHaveLength(219);
    const persistence = persistenceErrors(series.values, places);
    expect(persistence.rmse).toBeCloseTo(2.929, 3);
    expect(persistenceErrors(series.scaled, places).mse).toBeCloseTo(persistence.mse / series.deviation ** 2, 5);
    expect(constantErrors(series.values, places, series.mean).rmse).toBeCloseTo(8.704, 3);
  });
});

test.describe('adding problem', () => {
  test('one mark in each half; the answer is the sum of the marked numbers', () => {
    for (const [steps, batch] of [[100, 16], [7, 5], [2, 3]] as const) {
      const { inputs, targets } = addingBatch({ timeSteps: steps, batchSize: batch, seed: 1, index: 0 });
      expect(inputs).toHaveLength(steps * batch * 2);
      for (let n = 0; n < batch; n++) {
        const at = (t: number) => (t * batch + n) * 2;
        const marked = Array.from({ length: steps }, (_, t) => t).filter((t) => inputs[at(t) + 1] === 1);
        expect(marked).toHaveLength(2);
        expect(marked[0]).toBeLessThan(Math.floor(steps / 2));
        expect(marked[1]).toBeGreaterThanOrEqual(Math.floor(steps / 2));
        expect(targets[n]).toBe(Math.fround(inputs[at(marked[0]!)]! + inputs[at(marked[1]!)]!));
      }
      expect(inputs.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  test('always answering 1 has the mean squared error 1/6, and marks lie everywhere', () => {
    const N = 20_000;
    const { inputs, targets } = addingBatch({ timeSteps: 11, batchSize: N, seed: 1, index: 0 });
    const { mse } = constantErrors(targets, [...Array(N).keys()], 1);
    expect(Math.abs(mse - ADDING_BASELINE)).toBeLessThan(0.004);
    for (let t = 0; t < 11; t++) {
      const marks = Array.from({ length: N }, (_, n) => inputs[(t * N + n) * 2 + 1]!).reduce((sum, mark) => sum + mark, 0);
      expect(Math.abs(marks / N - (t < 5 ? 1 / 5 : 1 / 6))).toBeLessThan(0.015);
    }
  });

  test('a batch depends on seed and index alone', () => {
    const of = (seed: number, index: number) => addingBatch({ timeSteps: 10, batchSize: 4, seed, index });
    expect(of(1, 5)).toEqual(of(1, 5));
    expect(of(1, 5)).not.toEqual(of(1, 6));
    expect(of(1, 5)).not.toEqual(of(2, 5));
    expect(() => addingBatch({ timeSteps: 1, batchSize: 4, seed: 1, index: 0 })).toThrow('timeSteps is 1');
    expect(() => addingBatch({ timeSteps: 2, batchSize: 0, seed: 1, index: 0 })).toThrow('batchSize is 0');
  });
});

test.describe('copy task', () => {
  test('symbols, blanks, the signal; then the symbols again', () => {
    const { timeSteps, vocabulary, inputs, targets, mask } = copyBatch({ delay: 4, batchSize: 2, seed: 1, index: 0, length: 3, alphabet: 5 });
    expect([timeSteps, vocabulary]).toEqual([10, 7]);
    for (let n = 0; n < 2; n++) {
      const row = (array: ArrayLike<number>) => Array.from({ length: 10 }, (_, t) => array[t * 2 + n]!);
      const symbols = row(inputs).slice(0, 3);
      expect(symbols.every((symbol) => symbol < 5)).toBe(true);
      expect(row(inputs)).toEqual([...symbols, 5, 5, 5, 6, 5, 5, 5]);
      expect(row(targets)).toEqual([5, 5, 5, 5, 5, 5, 5, ...symbols]);
      expect(row(mask)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    }
  });

  test('as published by default: 10 of 8 symbols, every one as often', () => {
    const { timeSteps, vocabulary, inputs } = copyBatch({ delay: 100, batchSize: 800, seed: 1, index: 3 });
    expect([timeSteps, vocabulary]).toEqual([120, 10]);
    const counts = Array<number>(10).fill(0);
    for (const token of inputs.subarray(0, 8000)) counts[token]!++;
    expect(counts.slice(8)).toEqual([0, 0]);
    for (const count of counts.slice(0, 8)) expect(Math.abs(count - 1000)).toBeLessThan(120);
    expect(copyBatch({ delay: 5, batchSize: 3, seed: 1, index: 3 })).not.toEqual(copyBatch({ delay: 5, batchSize: 3, seed: 1, index: 4 }));
  });

  test('the baseline without memory', () => {
    expect(copyBaseline({ delay: 100 })).toEqual({ perStep: (10 * Math.log(8)) / 120, perSymbol: Math.log(8) });
    expect(copyBaseline({ delay: 2, length: 1, alphabet: 2 }).perStep).toBeCloseTo(Math.log(2) / 4, 12);
    expect(() => copyBaseline({ delay: 0 })).toThrow('delay is 0');
    expect(() => copyBatch({ delay: 1, batchSize: 1, seed: 1, index: 0, alphabet: 1 })).toThrow('alphabet is 1; it must be a whole number of at least 2');
  });
});
