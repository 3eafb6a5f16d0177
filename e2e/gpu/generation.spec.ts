// Drawing on the GPU and generating text.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./generation.page.ts')>('/e2e/gpu/generation.page.ts');

test('a trained model continues its text, reproducibly by seed', async ({ inPage }) => {
  const r = await inPage(page, 'trainAndGenerate');
  expect(r.loss).toBeLessThan(0.2);
  expect(r.greedy).toHaveLength(60);
  expect(r.greedy).toBe(' are blue; roses are red, violets are blue; roses are red, v');
  expect(r.pieces, 'text arrives in pieces').toBeGreaterThan(2);
  expect(r.again, 'temperature 0 does not depend on the seed').toBe(r.greedy);
  expect(r.top1, 'the likeliest of one').toBe(r.greedy);
  expect(r.warmAgain).toBe(r.warm);
  expect(r.warmOther).not.toBe(r.warm);
  expect(r.fromFile, 'a saved and loaded model').toBe(r.warm);
  expect(r.longPrompt, 'after a prompt of several blocks').toBe(r.expectedLong);
  expect(r.many.greedy, 'side by side as one by one, after prompts of different lengths').toEqual(r.each);
  expect(r.many.warm[0], 'the first of many draws what it draws alone').toBe(r.warm.slice(0, 35));
  expect(r.many.warm[3], 'equal prompts go different ways').not.toBe(r.many.warm[0]);
});

test('every character is drawn by a number of its own, the one that the seed, its place and its text say, whatever the blocks', async ({ inPage }) => {
  const cases = [
    // Blocks of 16, single characters behind them, less than a block.
    { prompts: 3, length: 35, temperature: 1, topK: 0, seed: 3 },
    { prompts: 1, length: 48, temperature: 1.7, topK: 0, seed: 4_000_000_000 },
    { prompts: 3, length: 5, temperature: 0.6, topK: 9, seed: 0 },
    { prompts: 3, length: 17, temperature: 3, topK: 1, seed: 7 },
    { prompts: 1, length: 20, temperature: 0, topK: 0, seed: 1 },
  ];
  const results = await inPage(page, 'drawnByHost', cases);
  for (const [i, { drawn, expected, margin }] of results.entries()) {
    expect(margin, 'no draw hangs on a rounding').toBeGreaterThan(1e-5);
    expect.soft(drawn, JSON.stringify(cases[i])).toEqual(expected);
  }
  expect(new Set(results[0]!.drawn.map((text) => text.join())).size, 'each text its own').toBe(3);
});

test('draws follow the softmax at their temperature', async ({ inPage }) => {
  const logits = [0.3, -1.2, 2.1, 0, 1.4, -3];
  const draws = 4000;
  for (const temperature of [0.5, 1, 2]) {
    const counts = await inPage(page, 'drawMany', { logits, temperature, topK: 0, draws });
    const weights = logits.map((x) => Math.exp(x / temperature));
    const sum = weights.reduce((a, b) => a + b);
    weights.forEach((w, v) => {
      const p = w / sum;
      const deviation = Math.sqrt(draws * p * (1 - p));
      expect.soft(Math.abs(counts[v]! - draws * p), `token ${v} at temperature ${temperature}: ${counts[v]} of ${draws}, p ${p.toFixed(3)}`).toBeLessThan(4.5 * deviation);
    });
  }
});

test('top-k draws only among the k likeliest, over more tokens than a workgroup has lanes', async ({ inPage }) => {
  const logits = Array.from({ length: 201 }, (_, v) => Math.sin(v * 12.9898) * 3);
  const best = logits.map((x, v) => [x, v] as const).sort(([a], [b]) => b - a).slice(0, 5).map(([, v]) => v);
  const counts = await inPage(page, 'drawMany', { logits, temperature: 3, topK: 5, draws: 400 });
  const drawn = [...counts.keys()].filter((v) => counts[v]! > 0);
  expect(drawn.sort((a, b) => a - b)).toEqual([...best].sort((a, b) => a - b));
});

test('what has no chance is never drawn, and the least and largest temperatures are limits of the others', async ({ inPage }) => {
  const draw = (logits: number[], temperature: number, draws = 400, drawn = 0) => inPage(page, 'drawMany', { logits, temperature, topK: 0, draws, drawn });
  // For these counters the generator's 24 bits of token 1 are all ones.
  for (const drawn of [37276787, 102529058]) expect.soft([...(await draw([0, -80], 1, 1, drawn))], `drawn ${drawn}`).toEqual([1, 0]);
  for (const temperature of [1e-20, 1e-38, 1e-39, 1e-45, 5e-324]) expect.soft([...(await draw([-1, 1, 3, 2], temperature))], `temperature ${temperature}`).toEqual([0, 0, 400, 0]);
  for (const temperature of [1e20, 1e38, 1e39, 1.7e308]) {
    for (const count of await draw([-1, 1, 3, 2], temperature)) expect.soft(Math.abs(count - 100), `temperature ${temperature}: ${count} of 400`).toBeLessThan(45);
  }
});

test('a model whose weights are not finite says so instead of text and of a loss; seeds and counts beyond 32 bits are refused', async ({ inPage }) => {
  const messages = await inPage(page, 'said');
  for (const value of ['NaN', 'Infinity']) {
    for (const what of ['generate', 'greedy', 'evaluate']) {
      expect.soft(messages[`${what} ${value}`], what).toMatch(/^NotFiniteModelError: .*the first weight that is not finite is in head\.bias.*checkpoint/);
    }
  }
  for (const name of ['seed', 'model seed', 'network seed', 'trainer seed']) expect.soft(messages[name], name).toMatch(/^RangeError: seed must be a whole number from 0 to 4294967295; \d+ was given/);
  expect.soft(messages.topK).toMatch(/^RangeError: topK must be a whole number from 0 to 4294967295; 4294967297 was given/);
  expect.soft(messages['largest seed']).toBe('nothing');
});

test('steps taken one at a time equal the whole sequence bit for bit', async ({ inPage }) => {
  const { whole, single } = await inPage(page, 'stepByStep', { numLayers: 2, hiddenSize: 21, timeSteps: 9 });
  expect([...single]).toEqual([...whole]);
});
