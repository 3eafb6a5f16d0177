// The examples' generator, symbols, padding, epochs and splits.
import { expect, test } from 'playwright/test';
import { epochBatches } from '../../examples/data/epoch.ts';
import { maskOf, IGNORED, teacherForcing } from '../../examples/data/teacher_forcing.ts';
import { padTimeFirst } from '../../examples/data/padding.ts';
import { createRandom, hashUniform } from '../../examples/data/random.ts';
import { hashedSplit, shuffledSplit } from '../../examples/data/split.ts';
import { Symbols } from '../../examples/data/symbols.ts';

const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

test.describe('createRandom', () => {
  test('the same seed and stream repeat; another of either does not', () => {
    const first = (seed: number, stream: number) => Array.from({ length: 8 }, createRandom(seed, stream).bits);
    expect(first(1, 2)).toEqual(first(1, 2));
    const others = [first(1, 2), first(2, 1), first(1, 3), first(3, 2), first(0, 0)];
    expect(new Set(others.flat()).size).toBe(40);
  });

  test('uniform numbers fill [0, 1) evenly, also across streams and seeds', () => {
    const draws: (() => number)[] = [
      createRandom(7).uniform,
      ((stream) => () => createRandom(7, stream++).uniform())(0),
      ((seed) => () => createRandom(seed++).uniform())(0),
    ];
    for (const draw of draws) {
      const values = Array.from({ length: 20_000 }, draw);
      const bins = Array<number>(20).fill(0);
      for (const value of values) bins[Math.floor(value * 20)]!++;
      // χ² with 19 degrees of freedom exceeds 43.8 once in a thousand.
      expect(bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(43.8);
      const pairs = values.slice(1).reduce((sum, value, i) => sum + (value - 0.5) * (values[i]! - 0.5), 0) / values.length;
      expect(Math.abs(pairs * 12)).toBeLessThan(0.03); // correlation of neighbours
    }
  });

  test('every order of three items comes equally often', () => {
    const random = createRandom(3);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffled('abc').join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  test('a hash places texts evenly, by text and seed alone', () => {
    const places = Array.from({ length: 20_000 }, (_, i) => hashUniform(`WORD${i}`, 1));
    expect(places.filter((place) => place < 0.1).length / 20_000).toBeCloseTo(0.1, 2);
    expect(hashUniform('WORD', 1)).toBe(hashUniform('WORD', 1));
    expect(hashUniform('WORD', 1)).not.toBe(hashUniform('WORD', 2));
    expect(hashUniform('AB', 1)).not.toBe(hashUniform('BA', 1));
  });

  test('bad seeds are refused', () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 32]) expect(() => createRandom(seed)).toThrow(`seed is ${seed}; it must be a whole number`);
    expect(() => createRandom(1).below(0)).toThrow('count is 0');
  });
});

test.describe('Symbols', () => {
  test('numbers the parts in code point order, extra ones last', () => {
    const symbols = Symbols.of(['ba', 'a\u{10000}', '\uFF21'], ['<end>']);
    expect(symbols.list).toEqual(['a', 'b', '\uFF21', '\u{10000}', '<end>']);
    expect(symbols.size).toBe(5);
    expect([...symbols.encode('ab\u{10000}')]).toEqual([0, 1, 3]);
    expect([...symbols.encode(['<end>', 'a'])]).toEqual([4, 0]);
    expect(symbols.decode([4, 1])).toEqual(['<end>', 'b']);
    expect(Symbols.of([['B', 'AH'], ['A']]).list).toEqual(['A', 'AH', 'B']);
  });

  test('what is unknown or ambiguous is refused by name', () => {
    expect(() => new Symbols(['a', 'b', 'a'])).toThrow('"a" is given twice');
    expect(() => new Symbols([])).toThrow('no symbols');
    expect(() => new Symbols([''])).toThrow('empty text');
    expect(() => new Symbols(['a', 'b']).encode('ax')).toThrow('"x" is not one of the 2 symbols, which are a b');
    expect(() => new Symbols(['a']).decode([1])).toThrow('1 is no token; tokens go from 0 to 0');
  });
});

test.describe('padding', () => {
  test('[T,N]: a step holds all rows, short rows end in 0', () => {
    const padded = padTimeFirst([[5, 6, 7], [8]]);
    expect(padded).toMatchObject({ timeSteps: 3, batchSize: 2 });
    expect([...padded.tokens]).toEqual([5, 8, 6, 0, 7, 0]);
    expect([...padded.lengths]).toEqual([3, 1]);
    expect([...padTimeFirst([[5], [8]], { timeSteps: 2 }).tokens]).toEqual([5, 8, 0, 0]);
    expect([...maskOf(padded)]).toEqual([1, 1, 1, 0, 1, 0]);
  });

  test('a decoder reads the start and answers with the end, one step each', () => {
    const arrays = teacherForcing([[5, 6], [8]], { start: 1, end: 2, timeSteps: 4 });
    expect(arrays).toMatchObject({ timeSteps: 4, batchSize: 2 });
    expect([...arrays.inputs]).toEqual([1, 1, 5, 8, 6, 0, 0, 0]);
    expect([...arrays.targets]).toEqual([5, 8, 6, 2, 2, IGNORED, IGNORED, IGNORED]);
    expect([...arrays.mask]).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect([...arrays.lengths]).toEqual([3, 2]);
    expect([...teacherForcing([[5], [8]], { start: [3, 4], end: 2 }).inputs]).toEqual([3, 4, 5, 8]);
  });

  test('what does not fit is refused with what would', () => {
    expect(() => padTimeFirst([])).toThrow('there are no sequences');
    expect(() => padTimeFirst([[1], []])).toThrow('sequence 1 is empty');
    expect(() => padTimeFirst([[1], [1, 2, 3]], { timeSteps: 2 })).toThrow('timeSteps is 2; sequence 1 has 3 tokens. Use at least 3');
    expect(() => teacherForcing([[1, 2]], { start: 0, end: 1, timeSteps: 2 })).toThrow('has 3 tokens');
    expect(() => teacherForcing([[1], [2]], { start: [0], end: 1 })).toThrow('1 start symbols for 2 sequences');
  });
});

test.describe('epochBatches', () => {
  const lengths = Array.from({ length: 103 }, (_, i) => 1 + (i * 7) % 10);

  test('an epoch takes each example once; the last are dropped or kept', () => {
    const kept = epochBatches(lengths, { batchSize: 10, seed: 1, last: 'keep' });
    expect(kept.map((batch) => batch.length)).toEqual([...Array(10).fill(10), 3]);
    expect(sorted(kept.flat())).toEqual([...Array(103).keys()]);
    const dropped = epochBatches(lengths, { batchSize: 10, seed: 1 });
    expect(dropped.map((batch) => batch.length)).toEqual(Array(10).fill(10));
    expect(new Set(dropped.flat()).size).toBe(100);
  });

  test('each epoch has an order of its own, which repeats by seed', () => {
    const of = (seed: number, epoch: number) => epochBatches(lengths, { batchSize: 10, seed, epoch }).flat();
    expect(of(1, 3)).toEqual(of(1, 3));
    expect(of(1, 3)).not.toEqual(of(1, 4));
    expect(of(1, 3)).not.toEqual(of(2, 3));
  });

  test('buckets hold like lengths, in random order', () => {
    const batches = epochBatches(lengths, { batchSize: 10, seed: 1, bucketed: true });
    const padded = (list: number[][]) => list.reduce((sum, batch) => {
      const most = Math.max(...batch.map((i) => lengths[i]!));
      return sum + batch.reduce((rest, i) => rest + most - lengths[i]!, 0);
    }, 0);
    expect(padded(batches)).toBeLessThan(50);
    expect(padded(epochBatches(lengths, { batchSize: 10, seed: 1 }))).toBeGreaterThan(300);
    const firsts = batches.map((batch) => lengths[batch[0]!]!);
    expect(firsts).not.toEqual(sorted(firsts));
    expect(new Set(batches.flat()).size).toBe(100);
  });

  test('a batch that nothing fills is refused', () => {
    expect(() => epochBatches([1, 1], { batchSize: 3, seed: 1 })).toThrow("2 examples do not fill a batch of 3; use a smaller batchSize, or last: 'keep'");
    expect(() => epochBatches([], { batchSize: 3, seed: 1, last: 'keep' })).toThrow('0 examples');
    expect(() => epochBatches([1], { batchSize: 0, seed: 1 })).toThrow('batchSize is 0');
  });
});

test.describe('splits', () => {
  const items = Array.from({ length: 1000 }, (_, i) => i);

  test('a shuffled split has its shares, and every item once', () => {
    const split = shuffledSplit(items, { seed: 1, validation: 0.2, test: 0.1 });
    expect([split.training.length, split.validation.length, split.test.length]).toEqual([700, 200, 100]);
    expect(sorted([...split.training, ...split.validation, ...split.test])).toEqual(items);
    expect(split.test).not.toEqual(sorted(split.test));
    expect(shuffledSplit(items, { seed: 2, validation: 0.2, test: 0.1 }).test).not.toEqual(split.test);
  });

  test('a hashed split keeps an item on its side when others go', () => {
    const key = (item: number) => `key ${item}`;
    const all = hashedSplit(items, key, { seed: 1, validation: 0.2, test: 0.1 });
    const half = hashedSplit(items.filter((item) => item % 2 === 0), key, { seed: 1, validation: 0.2, test: 0.1 });
    expect(half.test).toEqual(all.test.filter((item) => item % 2 === 0));
    expect(half.validation).toEqual(all.validation.filter((item) => item % 2 === 0));
    expect(Math.abs(all.test.length - 100)).toBeLessThan(40);
    expect(Math.abs(all.validation.length - 200)).toBeLessThan(50);
  });

  test('shares that leave a part empty are refused', () => {
    expect(() => shuffledSplit(items, { seed: 1, validation: 0.5, test: 0.5 })).toThrow('their sum below 1');
    expect(() => shuffledSplit(items, { seed: 1, validation: 0, test: 0.5 })).toThrow('validation is 0');
    expect(() => shuffledSplit([1, 2], { seed: 1, validation: 0.1, test: 0.1 })).toThrow('the validation and test part is empty');
  });
});
