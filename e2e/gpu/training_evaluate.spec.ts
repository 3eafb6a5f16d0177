// Held-out text, schedules and the other optimizers in training: the reference's loss, and training that is not disturbed.
import { expect, pageOf, test } from '../harness.ts';
import type { Evaluation } from '../../src/language.ts';
import type { Evaluations } from './training_evaluate.page.ts';

const page = pageOf<typeof import('./training_evaluate.page.ts')>('/e2e/gpu/training_evaluate.page.ts');

test('evaluate gives the loss of the reference, over windows with a carried state', async ({ inPage }) => {
  const { results, left } = await inPage(page, 'evaluations');
  for (const [name, { windows, actual, expected }] of Object.entries(results)) {
    expect.soft(Math.abs(actual.loss - expected) / expected, name).toBeLessThan(2e-6);
    expect.soft(actual.bits, name).toBe(actual.loss / Math.LN2);
    expect.soft(actual.characters, name).toBe(windows * 35);
  }
  expect(results['all']!.windows).toBeGreaterThan(2);
  expect(left, 'bytes not freed').toBe(0);
});

test('evaluate is the mean over all characters, where windows count different numbers of them, and where each begins from zero', async ({ inPage }) => {
  const results = await inPage(page, 'unequalEvaluations');
  expect(Object.keys(results)).toHaveLength(3);
  for (const [name, { actual, expected, characters }] of Object.entries(results)) {
    expect.soft(Math.abs(actual.loss - expected) / expected, name).toBeLessThan(2e-6);
    expect.soft(actual.characters, name).toBe(characters);
  }
});

test('training is bit-identical with evaluations in its loop, beside it, aborted, and by validate', async ({ inPage }) => {
  const names = ['in the loop', 'beside the loop', 'validate', 'aborted'] as const satisfies Evaluations[];
  const [plain, ...others] = await inPage(page, 'trainedWith', ['none', ...names]);
  const { losses, weights, last } = plain!;
  expect(losses).toHaveLength(60);
  const inLoop: Evaluation[] = [];
  expect(others).toHaveLength(names.length);
  for (const [i, evaluations] of names.entries()) {
    const other = others[i]!;
    expect.soft(other.losses, evaluations).toEqual(losses);
    expect.soft(other.weights, evaluations).toEqual(weights);
    expect.soft(other.last, evaluations).toEqual(last);
    expect.soft(other.left, `${evaluations}: bytes not freed`).toBe(0);
    expect.soft(other.results.length, evaluations).toBe({ 'in the loop': 3, 'beside the loop': 6, validate: 3, aborted: 0 }[evaluations]);
    if (evaluations === 'in the loop') inLoop.push(...other.results);
    // The run waits, so that all windows are of the same weights.
    if (evaluations === 'beside the loop') expect.soft(other.results.filter((_, i) => i % 2 === 0)).toEqual(inLoop);
    if (evaluations !== 'validate') continue;
    expect.soft(other.steps).toEqual([10, 20, 30]);
    // Of the weights after the step that it comes with.
    expect.soft(other.results.at(-1)).toEqual(last);
    expect.soft(other.results[0]!.loss).toBeGreaterThan(last.loss);
  }
});

test('a schedule sets the rate of every step; a live change overrides it; checkpoints keep both', async ({ inPage }) => {
  const optimizer = 'schedule';
  const runs = await inPage(page, 'scheduled', [
    { optimizer, restart: false }, { optimizer, restart: true }, { optimizer, restart: false, live: 4e-3 }, { optimizer, restart: true, live: 4e-3 },
  ]);
  expect(runs).toHaveLength(4);
  const [plain, restarted, live, liveRestarted] = [runs[0]!, runs[1]!, runs[2]!, runs[3]!];
  const expected = Array.from({ length: 30 }, (_, s) => (s < 5 ? (1e-2 * (s + 1)) / 5 : 1e-3 + (9e-3 * (1 + Math.cos((Math.PI * Math.min(s - 5, 20)) / 20))) / 2));
  plain.rates.forEach((rate, s) => expect.soft(rate, `step ${s}`).toBeCloseTo(expected[s]!, 12));
  expect(plain.next).toBe(plain.rates[15]);
  expect(restarted).toEqual(plain);
  expect(live.rates).toEqual([...plain.rates.slice(0, 10), ...new Array<number>(20).fill(4e-3)]);
  expect(live.losses.slice(0, 11)).toEqual(plain.losses.slice(0, 11));
  expect(live.losses.slice(11)).not.toEqual(plain.losses.slice(11));
  expect(liveRestarted).toEqual(live);
});

for (const optimizer of ['rmsprop', 'sgd']) {
  test(`${optimizer} learns, and goes on bit-identically from a checkpoint`, async ({ inPage }) => {
    const [whole, restarted] = await inPage(page, 'scheduled', [{ optimizer, restart: false }, { optimizer, restart: true }]);
    const { losses } = whole!;
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.02);
    expect(restarted!.losses).toEqual(losses);
  });
}

test('a checkpoint of an earlier version is refused, and the error says that it is one', async ({ inPage }) => {
  const [unsealed, renamed] = await inPage(page, 'oldCheckpoints');
  expect(unsealed).toMatch(/^SafetensorsError: the file has no checksum in its first place.* an earlier version or another program wrote it/);
  expect(renamed).toMatch(/^RangeError: .*not a language model of this version: its format is "unfold-rnn character model 2"/);
});

test('a text that does not fit is refused, and the next evaluation works', async ({ inPage }) => {
  const { messages, after } = await inPage(page, 'refusals');
  const expected: Record<keyof typeof messages, RegExp> = {
    short: /the text has 20 characters, too few for batchSize 5 × timeSteps 7/,
    foreign: /token 77 at position 0 is outside the model's vocabulary of/,
    noText: /the text must have tokens \(a Uint32Array\)/,
    noWindows: /windows must be a whole number of at least 1, or Infinity; 0 was given/,
    free: /batchSize must be a whole number of at least 1; 0 was given/,
    validate: /validate.every must be a whole number of at least 1; 0 was given/,
  };
  expect(Object.keys(messages)).toEqual(Object.keys(expected));
  for (const name of Object.keys(expected) as (keyof typeof messages)[]) expect.soft(messages[name], name).toMatch(expected[name]);
  expect(after.loss).toBeGreaterThan(0);
});
