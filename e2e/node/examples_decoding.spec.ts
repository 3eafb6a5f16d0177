// Greedy and beam search on toy distributions whose best answers are known.
import { expect, test } from 'playwright/test';
import { createRandom } from '../../examples/data/random.ts';
import { decodeBeam, decodeGreedy, type Hypothesis, type Step } from '../../examples/metrics/decoding.ts';

const START = 0;
const END = 1;
const [A, B, C] = [2, 3, 4];

/** Probabilities of the next token by what came so far; a state is that text. */
type Table = Readonly<Record<string, Readonly<Record<number, number>>>>;

function stepOf(table: Table, V = 5): Step<string> {
  return (states, tokens) => {
    const next = states.map((state, k) => (tokens[k] === START ? state : `${state}${'  ABC'[tokens[k]!]}`));
    const logProbabilities = next.flatMap((state) => Array.from({ length: V }, (_, token) => Math.log(table[state]?.[token] ?? 0)));
    return { states: next, logProbabilities };
  };
}

// A is likelier than B, but goes on into a spread; B ends for certain: 0.6 · 0.4 against 0.4 · 1.
const GARDEN_PATH: Table = {
  '': { [A]: 0.6, [B]: 0.4 },
  A: { [A]: 0.4, [B]: 0.3, [C]: 0.3 },
  AA: { [END]: 1 }, AB: { [END]: 1 }, AC: { [END]: 1 },
  B: { [END]: 1 },
};
const options = { start: START, end: END, maximumLength: 6 };

test('greedy search walks into the garden path; a beam of 2 finds the better answer', async () => {
  const [greedy] = await decodeGreedy(stepOf(GARDEN_PATH), [''], options);
  expect(greedy).toMatchObject({ tokens: [A, A], ended: true });
  expect(greedy!.logProbability).toBeCloseTo(Math.log(0.24), 12);
  const [found] = await decodeBeam(stepOf(GARDEN_PATH), [''], { ...options, width: 2 });
  expect(found!.map(({ tokens }) => tokens)).toEqual([[B], [A, A]]);
  expect(found![0]!.logProbability).toBeCloseTo(Math.log(0.4), 12);
  expect(found!.every(({ ended }) => ended)).toBe(true);
});

test('a beam of 1 is greedy search', async () => {
  const found = await decodeBeam(stepOf(GARDEN_PATH), [''], { ...options, width: 1 });
  expect(found).toEqual([await decodeGreedy(stepOf(GARDEN_PATH), [''], options)]);
});

test('length normalisation lets a longer answer win that costs less a token', async () => {
  // B: 0.5 with 2 tokens. A A A A: 0.5 · 0.95³ · 0.9 = 0.386 with 5.
  const table: Table = {
    '': { [A]: 0.5, [B]: 0.5 }, B: { [END]: 1 },
    A: { [A]: 0.95, [END]: 0.05 }, AA: { [A]: 0.95, [END]: 0.05 }, AAA: { [A]: 0.95, [END]: 0.05 }, AAAA: { [END]: 0.9, [C]: 0.1 },
  };
  const best = async (lengthPenalty: number) =>
    (await decodeBeam(stepOf(table), [''], { ...options, width: 3, lengthPenalty }))[0]![0]!;
  expect((await best(0)).tokens).toEqual([B]);
  const long = await best(1);
  expect(long.tokens).toEqual([A, A, A, A]);
  expect(long.score).toBeCloseTo(Math.log(0.5 * 0.95 ** 3 * 0.9) / (10 / 6), 12);
});

test('sources side by side give what each gives alone, and steps see only handles of the step before', async () => {
  const tables: Table[] = [GARDEN_PATH, { '': { [C]: 0.7, [END]: 0.3 }, C: { [END]: 0.6, [C]: 0.4 }, CC: { [END]: 1 } }, { '': { [END]: 1 } }];
  interface Handle { readonly source: number; readonly prefix: string; readonly call: number }
  const calls: number[] = [];
  const together: Step<Handle> = (handles, tokens) => {
    expect(new Set(handles.map(({ call }) => call))).toEqual(new Set([calls.length]));
    calls.push(handles.length);
    const rows = handles.map(({ source, prefix }, k) => stepOf(tables[source]!)([prefix], tokens.subarray(k, k + 1)));
    return Promise.all(rows).then((results) => ({
      states: results.map(({ states }, k) => ({ source: handles[k]!.source, prefix: states[0]!, call: calls.length })),
      logProbabilities: results.flatMap(({ logProbabilities }) => Array.from(logProbabilities)),
    }));
  };
  const found = await decodeBeam(together, tables.map((_, source) => ({ source, prefix: '', call: 0 })), { ...options, width: 2 });
  const alone = await Promise.all(tables.map(async (table) => (await decodeBeam(stepOf(table), [''], { ...options, width: 2 }))[0]!));
  expect(found).toEqual(alone);
  expect(found[2]).toEqual([{ tokens: [], logProbability: 0, score: 0, ended: true }]);
  expect(calls[0]).toBe(3);
  expect(calls[1]).toBe(3); // two of the first, one of the second, none of the third
});

test('a beam as wide as the tree finds the best answers of all, in order', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const lengthPenalty = [0, 0.6, 1.5][seed % 3]!;
    const table = randomTable(seed);
    const all = everyAnswer(table, 3, lengthPenalty);
    const wide = (await decodeBeam(stepOf(table), [''], { ...options, maximumLength: 3, width: 40, lengthPenalty }))[0]!;
    const ended = wide.filter((hypothesis) => hypothesis.ended);
    expect(ended.map(({ tokens }) => tokens.join(' '))).toEqual(all.map(({ tokens }) => tokens.join(' ')));
    ended.forEach(({ score }, i) => expect(score).toBeCloseTo(all[i]!.score, 10));
    // A narrow one is never better, and stops before the tree's end only where it may.
    const narrow = (await decodeBeam(stepOf(table), [''], { ...options, maximumLength: 3, width: 3, lengthPenalty }))[0]!;
    expect(narrow[0]!.score).toBeLessThanOrEqual(all[0]!.score + 1e-12);
  }
});

test('the maximum length cuts; what did not end says so and comes last', async () => {
  const endless: Table = { '': { [A]: 1 }, A: { [A]: 1 }, AA: { [A]: 0.9, [END]: 0.1 } };
  expect(await decodeGreedy(stepOf(endless), [''], { ...options, maximumLength: 2 })).toEqual([{ tokens: [A, A], logProbability: 0, score: 0, ended: false }]);
  const [found] = await decodeBeam(stepOf(endless), [''], { ...options, maximumLength: 2, width: 2 });
  expect(found!.map(({ tokens, ended }) => [tokens, ended])).toEqual([[[A, A], true]]);
  // Where nothing may follow, the search ends there.
  expect(await decodeGreedy(stepOf({ '': { [A]: 1 } }), [''], options)).toMatchObject([{ tokens: [A], ended: false }]);
});

test('it stops as soon as nothing can rank higher, and no sooner', async () => {
  let calls = 0;
  const search = async (table: Table, width: number, lengthPenalty = 0): Promise<Hypothesis[]> => {
    calls = 0;
    const step = stepOf(table);
    const [found] = await decodeBeam<string>((states, tokens) => (calls++, step(states, tokens)), [''], { ...options, width, lengthPenalty });
    return found!;
  };
  await search({ '': { [END]: 0.6, [A]: 0.4 } }, 1);
  expect(calls).toBe(1);
  // 0.6 and 0.36 ended; A B has 0.04 and can only fall.
  await search({ '': { [END]: 0.6, [A]: 0.4 }, A: { [END]: 0.9, [B]: 0.1 }, AB: { [B]: 1 } }, 2);
  expect(calls).toBe(2);
  // The empty answer and B ended and rank above A A as it stands; six tokens long, A A A A A A ranks above both.
  const forced = Object.fromEntries(['AA', 'AAA', 'AAAA', 'AAAAA'].map((prefix) => [prefix, { [A]: 1 }]));
  const table: Table = { '': { [END]: 0.3, [A]: 0.45, [B]: 0.25 }, A: { [END]: 0.5, [A]: 0.5 }, B: { [END]: 1 }, ...forced, AAAAAA: { [END]: 1 } };
  const found = await search(table, 2, 1);
  expect(found.map(({ tokens }) => tokens.length)).toEqual([6, 1]);
  expect(found[0]!.score).toBeCloseTo(Math.log(0.225) / 2, 12);
  expect(calls).toBe(7);
});

test('bad options and results are refused, and a signal stops', async () => {
  const step = stepOf(GARDEN_PATH);
  await expect(decodeBeam(step, [''], { ...options, width: 0 })).rejects.toThrow('width is 0; it must be a whole number of at least 1');
  await expect(decodeGreedy(step, [''], { ...options, maximumLength: 0.5 })).rejects.toThrow('maximumLength is 0.5');
  await expect(decodeBeam(step, [''], { ...options, width: 1, lengthPenalty: -1 })).rejects.toThrow('lengthPenalty is -1');
  await expect(decodeGreedy(() => ({ states: ['', ''], logProbabilities: [0, 0] }), [''], options)).rejects.toThrow('2 states for 1 hypotheses');
  await expect(decodeGreedy(() => ({ states: [''], logProbabilities: [0] }), [''], options)).rejects.toThrow('expected [K,V]');
  await expect(decodeGreedy(() => ({ states: [''], logProbabilities: [-1, NaN] }), [''], options)).rejects.toThrow('log-probability NaN for token 1');
  await expect(decodeGreedy(() => ({ states: [''], logProbabilities: [0.5, -1] }), [''], options)).rejects.toThrow('log-probability 0.5 for token 0');
  await expect(decodeGreedy(step, [''], { ...options, signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
});

/** A, B and the end follow on everything, with random probabilities. */
function randomTable(seed: number): Table {
  const random = createRandom(seed);
  const prefixes = ['', ...['A', 'B'].flatMap((x) => [x, ...['A', 'B'].flatMap((y) => [x + y, ...['A', 'B'].map((z) => x + y + z)])])];
  return Object.fromEntries(prefixes.map((prefix) => {
    const weights = [END, A, B].map((token) => [token, 0.05 + random.uniform()] as const);
    const sum = weights.reduce((total, [, weight]) => total + weight, 0);
    return [prefix, Object.fromEntries(weights.map(([token, weight]) => [token, weight / sum]))];
  }));
}

/** Every answer of at most `longest` tokens that ends, best first. */
function everyAnswer(table: Table, longest: number, lengthPenalty: number): Pick<Hypothesis, 'tokens' | 'score'>[] {
  const walk = (prefix: string, tokens: number[], nats: number): Pick<Hypothesis, 'tokens' | 'score'>[] => [
    { tokens, score: (nats + Math.log(table[prefix]![END]!)) / ((6 + tokens.length) / 6) ** lengthPenalty },
    ...(tokens.length === longest ? [] : [A, B].flatMap((token) =>
      walk(`${prefix}${'  AB'[token]}`, [...tokens, token], nats + Math.log(table[prefix]![token]!)))),
  ];
  return walk('', [], 0).sort((a, b) => b.score - a.score);
}
