// What the torture demands can fail: each demand is given what it must refuse.
import { expect, test } from 'playwright/test';
import { Chance } from '../../tools/torture/chance.ts';
import { demandError, demandSame, isOwn, settled } from '../../tools/torture/demands.ts';
import { Growth } from '../../tools/torture/growth.ts';
import { parseOptions } from '../../tools/torture/options.mjs';
import { renderTorture } from '../../tools/torture/report.mjs';
import { RunTally } from '../../tools/torture/tally.mjs';
import { takeTurn } from '../../tools/torture/turn.ts';

/** What the JavaScript engine throws by itself. */
function thrown(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('an error that the JavaScript engine made is none of the engine\'s own', () => {
  const nothing = undefined as unknown as { x: { y: number }; f(): void };
  for (const body of [() => nothing.x, () => ({} as typeof nothing).f(), () => [...(5 as unknown as number[])], () => new Array(-1), () => { const { x } = nothing; return x; }, () => 1n + (1 as unknown as bigint)]) {
    const error = thrown(body);
    expect(isOwn(error), String(error)).toBe(false);
  }
  expect(isOwn('a string')).toBe(false);
  expect(isOwn(Object.assign(new Error('x'), { name: 'AbortError' }))).toBe(false);
  expect(isOwn(new RangeError('hiddenSize must be a whole number of at least 1; 0 was given'))).toBe(true);
  expect(() => demandError('a call', new RangeError('batch must be…'), ['DeviceLostError'])).toThrow('a call failed with RangeError: batch must be…');
});

test('a promise that never settles is told of', async () => {
  await expect(settled('a call', new Promise(() => {}), 20)).rejects.toThrow('a call has not settled after 0.02 seconds');
  expect(await settled('a call', Promise.resolve(3))).toEqual({ value: 3 });
  const error = new Error('no');
  expect(await settled('a call', Promise.reject(error))).toEqual({ error });
});

test('results are compared by their bits', () => {
  demandSame('x', Float32Array.of(1, NaN), Float32Array.of(1, NaN));
  demandSame('x', [{ a: [1, 2] }], [{ a: [1, 2] }]);
  expect(() => demandSame('x', Float32Array.of(1, 0), Float32Array.of(1, -0))).toThrow('x differs from the undisturbed');
  expect(() => demandSame('x', [0], [-0])).toThrow('x differs');
  expect(() => demandSame('x', [1], [1, 2])).toThrow('x differs');
  expect(() => demandSame('x', { a: Uint8Array.of(1) }, { a: Uint8Array.of(2) })).toThrow('x differs');
});

test('what grows is found, and what only moves is not', () => {
  const grown = (exact: (round: number) => number, heap: (round: number) => number): string | null => {
    const growth = new Growth();
    for (let round = 0; round < 20; round++) growth.add({ bytes: exact(round) }, heap(round));
    return growth.judge();
  };
  expect(grown(() => 100, (round) => 5e6 + (round % 3) * 3e5)).toBeNull();
  expect(grown((round) => (round < 2 ? 50 : 100), () => 5e6)).toBeNull();
  expect(grown((round) => (round < 15 ? 100 : 104), () => 5e6)).toBe('bytes: 104 after round 20, 100 after round 3');
  expect(grown(() => 100, (round) => 5e6 + round * 1e5)).toContain('the JavaScript heap: ');
});

test('a turn goes on after a lost case, and draws the same for the same case', async () => {
  const seen: number[] = [];
  const result = await takeTurn('kind', { seed: 1, first: 5, most: 4, milliseconds: 60_000 }, async (chance, tally, index) => {
    seen.push(index, chance.next());
    tally.inject('fault');
    if (index === 6) throw new TypeError('x is not a function');
  });
  expect(result.next).toBe(9);
  expect(result.injected).toEqual({ fault: 4 });
  expect(result.lost.map((one) => [one.fault, one.case])).toEqual([['fault', 6]]);
  expect(result.lost[0]!.what).toContain('an error that nobody expected: TypeError: x is not a function');
  expect(seen[1]).toBe(new Chance(1, 'kind', 5).next());
  expect(seen[1]).not.toBe(seen[3]);
});

test('the report counts what was lost, and says how to run it again', () => {
  const tally = new RunTally();
  tally.add('files', { next: 3, injected: { 'a bit of a file flipped': 10 }, lost: [{ fault: 'a bit of a file flipped', case: 2, what: 'it was accepted' }], counts: { 'last GPU buffers': 4 } });
  tally.add('endurance', { next: 1, injected: { 'an abort of run': 3, 'an abort of generate': 4 }, lost: [], counts: {} });
  const text = renderTorture(tally, { seed: 8, minutes: 10, host: 'node', adapter: 'some adapter', load: [1, 2], skipped: [] });
  expect(text).toContain('| a bit of a file flipped | 10 | 9 | 1 |');
  expect(text).toContain('Lost in all: 1.');
  expect(text).toContain('npm run torture -- --seed 8 --host node --only files --case 2');
  expect(text).toContain('| aborts | 7 | 200 |');
});

test('what is measured after every case of a turn is told by its last value, and what is counted by its sum', async () => {
  const { counts } = await takeTurn('any', { seed: 1, first: 5, most: 3, milliseconds: 10_000 }, async (_, tally, index) => {
    tally.measure('bytes', 100 + index);
    tally.count('things', index);
  });
  expect(counts).toEqual({ 'last bytes': 107, things: 18 });
});

test('wrong words are named', () => {
  expect(parseOptions(['--minutes', '2', '--seed', '7', '--only', 'bands', '--case', '3'])).toEqual({ minutes: 2, seed: 7, host: 'chromium', only: 'bands', one: 3, short: false });
  expect(parseOptions(['--help'])).toBe('help');
  for (const [words, said] of [
    [['--minutes', '0'], '--minutes is 0'], [['--seed', '-1'], 'seed'], [['--host', 'deno'], '--host is "deno"'], [['--only', 'x'], '--only is "x"'], [['--case', '1'], '--case needs --only'], [['--what'], '--what'],
  ] as const) expect(() => parseOptions([...words]), said).toThrow(said);
});
