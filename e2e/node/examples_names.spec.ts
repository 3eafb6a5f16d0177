// Names with their gender: the data, the naive Bayes baseline, and what generated names are measured by.
import { expect, test } from 'playwright/test';
import { generatedName, generationBatch, generationSymbols } from '../../examples/data/name_generation.ts';
import { nameBatch, prepareNames } from '../../examples/data/names.ts';
import { dataPlugin, firstNames } from '../../examples/data/sources.mjs';
import { IGNORED } from '../../examples/data/teacher_forcing.ts';
import { createBigramModel, novelty } from '../../examples/metrics/generated_names.ts';
import { accuracy, chooseNaiveBayes, majorityAccuracy, trainNaiveBayes } from '../../examples/metrics/naive_bayes.ts';
import { ngrams } from '../../examples/metrics/ngrams.ts';

const TOY = { female: ['Ann', 'Kim', 'ann', 'Eve '], male: ['Bob', 'KIM', 'Al', 'Jo-Al'] };
const toy = () => prepareNames(TOY, { validation: 0.2, test: 0.2 });

test.describe('names', () => {
  test('lower case, each once, none of both lists', () => {
    const { training, validation, test: held, ...data } = toy();
    const all = [...training, ...validation, ...held].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(all).toEqual([
      { name: 'al', label: 1 }, { name: 'ann', label: 0 }, { name: 'bob', label: 1 }, { name: 'eve', label: 0 }, { name: 'jo-al', label: 1 },
    ]);
    expect(data).toMatchObject({ inBoth: 1, repeated: 1, longest: 5 });
    expect(data.symbols.list.join('')).toBe('-abejlnov');
    expect([training.length, validation.length, held.length]).toEqual([3, 1, 1]);
    expect(() => prepareNames({ female: [' '], male: ['a'] })).toThrow('a name is empty');
  });

  test('batches: characters [T,N], lengths and labels [N]', () => {
    const { symbols } = toy();
    const batch = nameBatch([{ name: 'ann', label: 0 }, { name: 'al', label: 1 }], symbols, { timeSteps: 4 });
    expect([...batch.labels]).toEqual([0, 1]);
    expect([...batch.lengths]).toEqual([3, 2]);
    expect(symbols.decode(batch.tokens).join('')).toBe('aanln---');
  });

  test('the lists: 8003 names of one gender, 27 characters', () => {
    const data = prepareNames(firstNames());
    expect(data.inBoth).toBe(419);
    expect(data.repeated).toBe(8);
    expect([data.training.length, data.validation.length, data.test.length]).toEqual([6403, 800, 800]);
    expect(data.symbols.list.join('')).toBe('-abcdefghijklmnopqrstuvwxyz');
    expect(data.longest).toBe(15);
    const names = [data.training, data.validation, data.test].map((part) => new Set(part.map(({ name }) => name)));
    expect(new Set(names.flatMap((part) => [...part])).size).toBe(8003);
    // More female names than male: what answering "female" always gets.
    expect(majorityAccuracy(data.training, data.test, 2)).toBeGreaterThan(0.54);
    expect(majorityAccuracy(data.training, data.test, 2)).toBeLessThan(0.6);
  });
});

test.describe('naive Bayes', () => {
  test('trigrams know where a name begins and ends', () => {
    expect(ngrams('ab', 3)).toEqual(['\uE000\uE000a', '\uE000ab', 'ab\uE001', 'b\uE001\uE001']);
    expect(ngrams('a', 2)).toEqual(['\uE000a', 'a\uE001']);
  });

  test('is the arithmetic of its definition', () => {
    // "a": trigrams ^^a ^a$ a$$, "b": ^^b ^b$ b$$. Six different ones, and one for the unseen: P(seen | class) = (2 + k) / (6 + 7k).
    const names = [{ name: 'a', label: 0 }, { name: 'a', label: 0 }, { name: 'b', label: 1 }];
    const model = trainNaiveBayes(names, 2, 1);
    expect(model.predict('a')).toBe(0); // 2/3 · (3/13)³ against 1/3 · (1/10)³
    expect(model.predict('b')).toBe(1); // 2/3 · (1/13)³ against 1/3 · (2/10)³
    // Nothing known: 2/3 · (1/13)⁴ = 2.3e-5 against 1/3 · (1/10)⁴ = 3.3e-5; the class with less seen is left more probability.
    expect(model.predict('cd')).toBe(1);
    // At k = 2 the share of the classes outweighs that: 2/3 · (2/20)⁴ against 1/3 · (2/17)⁴.
    expect(trainNaiveBayes(names, 2, 2).predict('cd')).toBe(0);
  });

  test('takes the k that validation likes best', () => {
    const training = [{ name: 'a', label: 0 }, { name: 'a', label: 0 }, { name: 'b', label: 1 }];
    const { model, validationAccuracy } = chooseNaiveBayes(training, [{ name: 'cd', label: 0 }], 2, [1, 1000]);
    expect(model.smoothing).toBe(1000);
    expect(validationAccuracy).toBe(1);
    expect(chooseNaiveBayes(training, [{ name: 'a', label: 0 }], 2, [3, 2]).model.smoothing).toBe(3);
  });

  test('is above 0.84 on names held out: the number to beat', () => {
    const { training, validation, test: held } = prepareNames(firstNames());
    const { model, validationAccuracy } = chooseNaiveBayes(training, validation, 2, [0.1, 0.3, 1, 3]);
    const reached = accuracy(held, (name) => model.predict(name));
    console.log(`names: trigram naive Bayes, k = ${model.smoothing}: validation ${validationAccuracy.toFixed(4)}, test ${reached.toFixed(4)}; ` +
      `always the larger class: ${majorityAccuracy(training, held, 2).toFixed(4)}`);
    expect(reached).toBeGreaterThan(0.84);
    expect(reached).toBeLessThan(0.9); // higher would mean that names leak from one part to another
  });

  test('bad input is refused', () => {
    const names = [{ name: 'a', label: 0 }];
    expect(() => trainNaiveBayes(names, 2, 1)).toThrow('class 1 has no name');
    expect(() => trainNaiveBayes(names, 1, 0)).toThrow('k is 0; it must be above 0');
    expect(() => trainNaiveBayes([{ name: 'x', label: 3 }], 2, 1)).toThrow('"x" has class 3; there are 2');
    expect(() => chooseNaiveBayes(names, names, 1, [])).toThrow('no k to choose from');
    expect(() => accuracy([], () => 0)).toThrow('there are no names');
  });
});

test.describe('generated names', () => {
  test('batches: a start symbol by class, the name, an end', () => {
    const { symbols: characters } = toy();
    const symbols = generationSymbols(characters);
    const batch = generationBatch([{ name: 'ann', label: 0 }, { name: 'al', label: 1 }], symbols);
    const [a, l, n, end] = ['a', 'l', 'n', '<end>'].map((symbol) => symbols.token(symbol));
    expect(symbols.size).toBe(characters.size + 3);
    expect([...batch.inputs]).toEqual([symbols.token('<female>'), symbols.token('<male>'), a, a, n, l, n, 0]);
    expect([...batch.targets]).toEqual([a, a, n, l, n, end, end, IGNORED]);
    expect([...batch.labels]).toEqual([0, 1]);
    expect([...batch.lengths]).toEqual([4, 3]);
    expect(generatedName([symbols.token('<female>'), a!, n!, end!, l!], symbols)).toBe('an');
    expect(generatedName([a!, l!], symbols)).toBe('al');
  });

  test('novelty: new, repeated, different', () => {
    expect(novelty(['ann', 'anna', 'anna', 'ana'], ['ann', 'bob'])).toEqual({ new: 0.75, inTraining: 0.25, distinct: 0.75 });
    expect(() => novelty([], ['a'])).toThrow('no generated names');
  });

  test('bigram perplexity is the arithmetic of its definition', () => {
    // Of "ab": ^a, ab, b$ once each; V = a, b, end, other. P(seen) = (1 + k)/(1 + 4k), P(unseen) = k/(1 + 4k).
    const model = createBigramModel(['ab'], 0.5);
    expect(model.perplexity(['ab'])).toBeCloseTo(3 / 1.5, 12);
    expect(model.surprise('a')).toBeCloseTo(-Math.log(0.5) - Math.log(0.5 / 3), 12);
    expect(model.perplexity(['ab', 'a'])).toBeCloseTo(Math.exp((4 * Math.log(2) + Math.log(6)) / 5), 12);
    // A character that was never seen leads on by nothing at all: uniform over V.
    expect(model.surprise('x')).toBeCloseTo(-Math.log(0.5 / 3) - Math.log(1 / 4), 12);
    expect(() => createBigramModel([], 1)).toThrow('no training names');
    expect(() => createBigramModel(['a'], 0)).toThrow('k is 0');
    expect(() => model.perplexity([])).toThrow('no measured names');
  });

  test('real names held out have perplexity 11, the same letters backwards 24', () => {
    const { training, test: held } = prepareNames(firstNames());
    const model = createBigramModel(training.map(({ name }) => name));
    expect(model.perplexity(held.map(({ name }) => name))).toBeGreaterThan(10.5);
    expect(model.perplexity(held.map(({ name }) => name))).toBeLessThan(12.5);
    expect(model.perplexity(held.map(({ name }) => [...name].reverse().join('')))).toBeGreaterThan(20);
  });
});

test('the Vite modules export the data and leave other modules alone', async () => {
  const plugin = dataPlugin() as unknown as { resolveId(id: string): string | undefined; load(id: string): string | undefined };
  const code = plugin.load(plugin.resolveId('virtual:first-names')!);
  const { default: lists } = (await import(`data:text/javascript,${encodeURIComponent(code!)}`)) as { default: unknown };
  expect(lists).toEqual(firstNames());
  for (const id of ['virtual:pronunciations', 'virtual:seattle-weather']) expect(plugin.load(plugin.resolveId(id)!)).toContain('export default');
  expect(plugin.resolveId('./main.ts')).toBeUndefined();
  expect(plugin.load('virtual:first-names')).toBeUndefined();
});
