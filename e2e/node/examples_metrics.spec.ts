// What the examples measure themselves by: the n-gram model, climatology; and what networks read.
import { expect, test } from 'playwright/test';
import { endlessBatches } from '../../examples/data/epoch.ts';
import { oneHot } from '../../examples/data/one_hot.ts';
import { createRandom } from '../../examples/data/random.ts';
import { climatologyErrors } from '../../examples/metrics/forecast_errors.ts';
import { NgramModel } from '../../examples/metrics/witten_bell.ts';

const probability = (model: NgramModel, tokens: readonly number[]): number => Math.exp(-model.surprise(tokens, tokens.length - 1));

test.describe('n-grams by Witten and Bell', () => {
  test('are the arithmetic of their definition', () => {
    const model = new NgramModel(2, 4);
    model.count([0, 1, 0, 1, 0, 2]);
    // Unigrams: 0 three times, 1 twice, 2 once: three different of six. P(1) = (2 + 3/4) / 9.
    const [p1, p2, p3] = [(2 + 3 / 4) / 9, (1 + 3 / 4) / 9, (3 / 4) / 9];
    expect(probability(model, [1])).toBeCloseTo(p1, 12);
    // After 0: 1 twice, 2 once, two different of three.
    expect(probability(model, [0, 1])).toBeCloseTo((2 + 2 * p1) / 5, 12);
    expect(probability(model, [0, 3])).toBeCloseTo((2 * p3) / 5, 12);
    // After 2 nothing was seen.
    expect(probability(model, [2, 2])).toBeCloseTo(p2, 12);
    // From the second token on, and from the first.
    expect(model.surprise([0, 1], 1)).toBeCloseTo(-Math.log((2 + 2 * p1) / 5), 12);
    expect(model.surprise([0, 1])).toBeCloseTo(-Math.log((3 + 3 / 4) / 9) - Math.log((2 + 2 * p1) / 5), 12);
  });

  test('are probabilities: over all tokens they sum to 1, whatever came before', () => {
    const random = createRandom(3);
    const model = new NgramModel(4, 6);
    model.count(Array.from({ length: 400 }, () => Math.min(random.below(6), random.below(6))));
    for (const before of [[], [5], [0, 0, 0], [1, 5, 5], [0, 1, 2, 3]]) {
      const sum = [0, 1, 2, 3, 4, 5].reduce((all, token) => all + probability(model, [...before, token]), 0);
      expect(sum, `after ${before}`).toBeCloseTo(1, 12);
    }
  });

  test('a context ends with its sequence, and contexts of different lengths are apart', () => {
    const model = new NgramModel(3, 2);
    model.count([0]);
    model.count([0]);
    // 0 was never seen after 0, nor after 0 0.
    const p0 = (2 + 1 / 2) / 3;
    expect(probability(model, [0])).toBeCloseTo(p0, 12);
    expect(probability(model, [0, 0])).toBeCloseTo(p0, 12);
    expect(probability(model, [0, 0, 0])).toBeCloseTo(p0, 12);
  });

  test('an untrained one is uniform; what does not fit is refused', () => {
    expect(new NgramModel(3, 5).surprise([0, 4])).toBeCloseTo(2 * Math.log(5), 12);
    expect(() => new NgramModel(0, 5)).toThrow('order is 0');
    expect(() => new NgramModel(10, 100)).toThrow('too many contexts');
    expect(() => new NgramModel(2, 5).count([5])).toThrow('5 is no token; tokens go from 0 to 4');
  });
});

test('one-hot rows; a token beyond the size reads nothing', () => {
  expect([...oneHot([1, 0, 3], 3)]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0]);
});

test('batches without end: every item once an epoch, in another order', () => {
  const next = endlessBatches(['a', 'bb', 'c', 'dd', 'e', 'ff'], ({ length }) => length, { batchSize: 2, seed: 1 });
  const epochs = [0, 1, 2, 3].map(() => [next(), next(), next()].flat());
  for (const epoch of epochs) expect([...epoch].sort()).toEqual(['a', 'bb', 'c', 'dd', 'e', 'ff']);
  expect(new Set(epochs.map(String)).size).toBeGreaterThan(1);
});

test.describe('climatology', () => {
  // A year of 8 days; every year the same, but for a rise of 1 a year.
  const values = Float64Array.from({ length: 32 }, (_, i) => (i % 8) * 10 + Math.floor(i / 8));

  test('is the mean of the known years at the same time', () => {
    const options = { known: 16, period: 8, halfWidth: 0 };
    // Day 3: 30 and 31 are known, their mean is 30.5; the truth is 32, then 33.
    expect(climatologyErrors(values, [19], options).mae).toBeCloseTo(1.5, 12);
    expect(climatologyErrors(values, [19, 27], options).mse).toBeCloseTo((1.5 ** 2 + 2.5 ** 2) / 2, 12);
  });

  test('goes around the turn of the year', () => {
    // Day 0 and a day to either side: 70, 0, 10 and 71, 1, 11; day 24's own value is 3.
    expect(climatologyErrors(values, [24], { known: 16, period: 8, halfWidth: 1 }).mae).toBeCloseTo((70 + 0 + 10 + 71 + 1 + 11) / 6 - 3, 12);
  });

  test('needs a year', () => {
    expect(() => climatologyErrors(values, [20], { known: 7, period: 8 })).toThrow('at least 8');
    expect(() => climatologyErrors(values, [20], { known: 40, period: 8 })).toThrow('there are 32 in all');
  });
});
