// Combinations of the values of several options: all of them, or few in which every value of an option meets every value of every other one.

/** The values that each option may have. */
export type OptionValues = Readonly<Record<string, readonly unknown[]>>;

/** One value of each option. */
export type Combination<Values extends OptionValues> = { readonly [Name in keyof Values]: Values[Name][number] };

/** Every combination; there are as many as the product of the numbers of values. */
export function everyCombination<const Values extends OptionValues>(values: Values): Combination<Values>[] {
  return Object.entries(values).reduce<Record<string, unknown>[]>((found, [name, all]) =>
    found.flatMap((combination) => all.map((value) => ({ ...combination, [name]: value }))), [{}]) as Combination<Values>[];
}

/**
 * Combinations until every pair of values of two options has met: each time, of many drawn ones, that which has the most new pairs. The
 * draws are those of one seed, so the same values always give the same combinations.
 */
export function pairwise<const Values extends OptionValues>(values: Values): Combination<Values>[] {
  const names = Object.keys(values);
  const counts = names.map((name) => values[name]!.length);
  const key = (a: number, i: number, b: number, j: number): string => `${a}.${i} ${b}.${j}`;
  const pairsOf = (chosen: readonly number[]): string[] => chosen.flatMap((i, a) => chosen.slice(a + 1).map((j, k) => key(a, i, a + 1 + k, j)));
  const open = new Set<string>();
  counts.forEach((first, a) => counts.slice(a + 1).forEach((second, k) => {
    for (let i = 0; i < first; i++) for (let j = 0; j < second; j++) open.add(key(a, i, a + 1 + k, j));
  }));
  let state = 7;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const found: number[][] = [];
  while (open.size > 0) {
    let best: number[] = [];
    let most = 0;
    for (let attempt = 0; attempt < 200 || most === 0; attempt++) {
      const drawn = counts.map(below);
      const count = pairsOf(drawn).filter((pair) => open.has(pair)).length;
      if (count > most) [best, most] = [drawn, count];
    }
    pairsOf(best).forEach((pair) => open.delete(pair));
    found.push(best);
  }
  return found.map((chosen) => Object.fromEntries(names.map((name, k) => [name, values[name]![chosen[k]!]])) as Combination<Values>);
}

/** What a run takes of them: a pairwise covering, or with `UNFOLD_FULL=1` every one. */
export function chosenCombinations<const Values extends OptionValues>(values: Values): Combination<Values>[] {
  return process.env.UNFOLD_FULL === '1' ? everyCombination(values) : pairwise(values);
}
