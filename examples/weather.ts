// A series to its next value (many-to-one, regression): tomorrow's highest temperature in Seattle from the days before.
import { adam, cosine, createLinear, createLoss, createRecurrent, createOptimizer, type Gpu } from '../src/index.ts';
import { BestWeights } from './best_weights.ts';
import { endlessBatches } from './data/epoch.ts';
import { parseColumn, predictable, prepareSeries, seriesBatch, type Series } from './data/series.ts';
import { defineExample, number, train, whole } from './example.ts';
import { climatologyErrors, constantErrors, forecastErrors, persistenceErrors, type ForecastErrors } from './metrics/forecast_errors.ts';

/** Days forecast at once, where nothing is learnt. */
const MEASURED = 220;

export const weather = defineExample({
  name: 'weather',
  about: "tomorrow's highest temperature in Seattle from the days before (many-to-one, regression), beside persistence and climatology",
  options: {
    steps: whole(600, 'training steps'),
    batch: whole(64, 'N: places of the series a step'),
    window: whole(30, 'T: days that are read'),
    hidden: whole(32, 'H: hidden units'),
    rate: number(3e-3, "Adam's learning rate at first; it falls to 0 along a cosine"),
    every: whole(25, 'steps from one validation to the next'),
    seed: whole(1, 'of the weights and the order', 0),
  },
  async* run(gpu, { steps, batch, window, hidden, rate, every, seed }) {
    const { default: csv } = await import('virtual:seattle-weather');
    const series = prepareSeries(parseColumn(csv, 'temp_max'));
    const places = { training: predictable(series.training, window), validation: predictable(series.validation, window), test: predictable(series.test, window) };
    const forecaster = createForecaster(gpu, series, { batch, window, hidden, seed });
    const optimizer = createOptimizer(gpu, forecaster.operators, adam({ learningRate: cosine({ learningRate: rate, steps }) }), { gradientClip: 1 });
    const best = new BestWeights(forecaster.operators);
    const next = endlessBatches(places.training, () => window, { batchSize: batch, seed });
    let mean = 1;
    for await (const { step, loss } of train(steps, { loss: forecaster.loss, optimizer, submit: () => forecaster.learn(next()) })) {
      mean += (loss - mean) / Math.min(step, every);
      const figures = { [`scaled squared error of ${every} steps`]: mean };
      if (step % every !== 0 && step !== steps) {
        yield { step, steps, figures };
        continue;
      }
      const { rmse } = await forecaster.errors(places.validation);
      await best.offer(step, -rmse);
      yield { step, steps, figures: { ...figures, 'validation RMSE in °C': rmse }, keep: true };
    }
    best.restore();
    const known = series.training.end;
    const measured: Record<string, (part: readonly number[]) => ForecastErrors | Promise<ForecastErrors>> = {
      "the training days' mean": (part) => constantErrors(series.values, part, series.mean),
      'climatology, ±10 days of other years': (part) => climatologyErrors(series.values, part, { known }),
      "persistence, the day before's": (part) => persistenceErrors(series.values, part),
      [`LSTM, step ${best.step}`]: (part) => forecaster.errors(part),
    };
    const table = [['RMSE, mean absolute error in °C', 'validation', 'test']];
    const reached: number[] = [];
    for (const [name, errorsOf] of Object.entries(measured)) {
      const [validation, test] = [await errorsOf(places.validation), await errorsOf(places.test)];
      table.push([name, ...[validation, test].map(({ rmse, mae }) => `${rmse.toFixed(2)}, ${mae.toFixed(2)}`)]);
      reached.push(test.rmse);
    }
    const [constant, climatology, persistence, test] = reached as [number, number, number, number];
    return {
      table,
      lines: [`${places.training.length} days to learn from, then ${places.validation.length} to choose the step by, then ${places.test.length} to test on`],
      figures: { constant, climatology, persistence, validation: -best.score, test },
    };
  },
});

interface Sizes {
  readonly batch: number;
  readonly window: number;
  readonly hidden: number;
  readonly seed: number;
}

/** Scaled temperatures [T,N,1] → final state [1,N,H] → how much warmer than the last of them the next is [N,1]. */
function createForecaster(gpu: Gpu, series: Series, { batch, window, hidden, seed }: Sizes) {
  const recurrent = createRecurrent(gpu, { cell: 'lstm', inputSize: 1, hiddenSize: hidden, forgetBias: 1, seed });
  const head = createLinear(gpu, { inputSize: hidden, outputSize: 1, seed: seed + 1 });
  const loss = createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 1, batchSize: batch, features: 1 });
  const planned = (rows: number, training: boolean) => ({ rows, states: recurrent.plan({ timeSteps: window, batchSize: rows, training }), head: head.plan({ rows }) });
  const [learning, measuring] = [planned(batch, true), planned(MEASURED, false)];
  /** @returns [N] the last temperatures, and [N] how much they change */
  const forward = ({ rows, states, head }: typeof learning, places: readonly number[]) => {
    const { inputs, targets } = seriesBatch(series, places, window);
    states.forward({ input: inputs });
    head.forward(states.hn);
    const last = inputs.subarray((window - 1) * rows);
    return { last, changes: targets.map((target, n) => target - last[n]!) };
  };
  return {
    operators: [recurrent, head],
    loss,
    /** Forward, loss and backward over `batch` places. */
    learn(places: readonly number[]): void {
      const { changes } = forward(learning, places);
      loss.run({ values: learning.head.output, targets: changes });
      learning.head.backward(loss.gradient);
      learning.states.backward({ dHn: learning.head.dInput });
    },
    async errors(places: readonly number[]): Promise<ForecastErrors> {
      const forecasts: number[] = [];
      for (let first = 0; first < places.length; first += MEASURED) {
        const some = places.slice(first, first + MEASURED);
        // A plan has a fixed N; the rows that fill it up are not looked at.
        const { last } = forward(measuring, [...some, ...Array<number>(MEASURED - some.length).fill(some[0]!)]);
        const changes = await measuring.head.output.read();
        forecasts.push(...some.map((_, n) => series.mean + series.deviation * (last[n]! + changes[n]!)));
      }
      return forecastErrors(forecasts, places.map((place) => series.values[place]!));
    },
  };
}
