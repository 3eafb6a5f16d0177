// The pairwise covering by which the default run chooses networks, and by which conformance cases are made.
import { expect, test } from 'playwright/test';
import { chosenCombinations, everyCombination, pairwise, type Combination, type OptionValues } from '../combinations.ts';

/** Pairs of values of two options that no combination has. */
function missing<Values extends OptionValues>(values: Values, chosen: readonly Combination<Values>[]): string[] {
  const names = Object.keys(values);
  return names.flatMap((a, k) => names.slice(k + 1).flatMap((b) => values[a]!.flatMap((first) => values[b]!.flatMap((second) =>
    (chosen.some((combination) => combination[a] === first && combination[b] === second) ? [] : [`${a} ${String(first)}, ${b} ${String(second)}`])))));
}

const OPTIONS = {
  direction: ['forward', 'reverse', 'bidirectional'], numLayers: [1, 2, 3], ragged: [false, true],
  sizes: [[1, 3], [3, 1], [7, 5], [33, 7], [130, 33]], clip: [undefined, 0.7],
} as const;

test('every pair of values of any two options is in a combination', () => {
  const seven = [1, 2, 3, 4, 5, 6, 7];
  const examples: readonly OptionValues[] = [OPTIONS, { one: [1], two: ['a', 'b'] }, { a: seven, b: seven, c: seven }];
  for (const values of examples) {
    const chosen = pairwise(values);
    expect(missing(values, chosen)).toEqual([]);
    for (const combination of chosen) expect(Object.keys(combination)).toEqual(Object.keys(values));
  }
});

test('a pair that is in no combination is found', () => {
  const chosen = pairwise(OPTIONS);
  const without = chosen.filter(({ direction, sizes }) => direction !== 'reverse' || sizes !== OPTIONS.sizes[4]);
  expect(missing(OPTIONS, without)).toContain('direction reverse, sizes 130,33');
});

test('a covering is far smaller than the product, and always the same', () => {
  const chosen = pairwise(OPTIONS);
  expect(everyCombination(OPTIONS)).toHaveLength(3 * 3 * 2 * 5 * 2);
  expect(chosen.length).toBeGreaterThanOrEqual(3 * 5);
  expect(chosen.length).toBeLessThanOrEqual(20);
  expect(pairwise(OPTIONS)).toEqual(chosen);
});

test('every combination is there once', () => {
  expect(everyCombination({ a: [1, 2], b: ['x', 'y', 'z'] })).toEqual([
    { a: 1, b: 'x' }, { a: 1, b: 'y' }, { a: 1, b: 'z' }, { a: 2, b: 'x' }, { a: 2, b: 'y' }, { a: 2, b: 'z' },
  ]);
});

test('UNFOLD_FULL=1 takes every combination', () => {
  const before = process.env.UNFOLD_FULL;
  try {
    process.env.UNFOLD_FULL = '1';
    expect(chosenCombinations(OPTIONS)).toEqual(everyCombination(OPTIONS));
    delete process.env.UNFOLD_FULL;
    expect(chosenCombinations(OPTIONS)).toEqual(pairwise(OPTIONS));
  } finally {
    if (before === undefined) delete process.env.UNFOLD_FULL;
    else process.env.UNFOLD_FULL = before;
  }
});
