// Parameters begin by their object's seed, each with numbers of its own.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./initial_weights.page.ts')>('/e2e/gpu/initial_weights.page.ts');

test('the same seed gives the same parameters, another one others, and no two parameters begin alike', async ({ inPage }) => {
  const results = await inPage(page, 'bySeed');
  expect(Object.keys(results)).toHaveLength(5);
  for (const [name, [first, again, other]] of Object.entries(results)) {
    expect.soft(again, name).toEqual(first);
    for (const parameter of Object.keys(first)) expect.soft(other[parameter], `${name}: ${parameter} of another seed`).not.toEqual(first[parameter]);
    // The same numbers of another scale would be alike too.
    const begins = Object.values(first).map((values) => values.slice(0, 5).map((w) => (w / values[0]!).toFixed(4)).join());
    expect.soft(new Set(begins).size, `${name}: parameters that begin in different ways`).toBe(begins.length);
  }
});

test('forgetBias raises the forget gate of one bias by so much, and nothing else', async ({ inPage }) => {
  for (const by of [1, -2.5]) {
    const raised = await inPage(page, 'forgetBiases', by);
    for (const [name, values] of Object.entries(raised)) {
      expect(values).toHaveLength(24);
      values.forEach((value, i) => expect.soft(value, `${name}, element ${i}`).toBeCloseTo(i >= 3 && i < 6 ? by : 0, 6));
    }
  }
});
