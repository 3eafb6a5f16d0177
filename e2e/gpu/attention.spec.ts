// Luong's attention as an operator: PyTorch's numbers, and the float64 reference over scores, lengths, odd sizes.
import { readFileSync } from 'node:fs';
import { expect, pageOf, test } from '../harness.ts';
import type { AttentionSetting } from './attention.page.ts';

const page = pageOf<typeof import('./attention.page.ts')>('/e2e/gpu/attention.page.ts');
const ARRAYS = ['weights', 'context', 'output', 'dDecoder', 'dEncoder', 'weight_c'];

/** Relative L2. */
const bound = (array: string): number => (['weights', 'context', 'output'].includes(array) ? 1e-5 : 1e-4);

test('outputs and gradients are those of PyTorch, at the guaranteed limits', async ({ inPage }) => {
  const file = JSON.parse(readFileSync(new URL('../golden/attention.json', import.meta.url), 'utf8')) as unknown;
  const reports = await inPage(page, 'golden', file);
  expect(Object.keys(reports)).toHaveLength(6);
  for (const [name, errors] of Object.entries(reports)) {
    expect(Object.keys(errors).sort()).toEqual([...ARRAYS, ...(name.startsWith('general') ? ['weight_a'] : [])].sort());
    for (const [array, error] of Object.entries(errors)) expect.soft(error, `${name}: ${array}`).toBeLessThan(bound(array));
  }
});

const SHAPES: Record<AttentionSetting['score'], readonly AttentionSetting['shape'][]> = {
  dot: [[1, 1, 1, 1, 1, 1], [3, 7, 33, 3, 3, 3], [7, 3, 1, 33, 33, 130], [2, 33, 3, 130, 130, 7]],
  general: [[1, 1, 1, 1, 3, 1], [3, 7, 33, 7, 3, 3], [7, 3, 1, 33, 130, 1], [33, 130, 3, 3, 7, 33], [2, 5, 7, 130, 33, 130]],
};

for (const score of ['dot', 'general'] as const) {
  test(`${score}: all arrays are the reference's at odd sizes, with lengths and without, padding NaN`, async ({ inPage }) => {
    const settings: AttentionSetting[] = SHAPES[score].flatMap((shape) => [false, true].map((ragged) => ({ score, shape, ragged })));
    const reports = await inPage(page, 'againstReference', settings);
    expect(reports).toHaveLength(settings.length);
    let worst = 0;
    reports.forEach(({ errors, same, sums, padding }, i) => {
      const { shape, ragged } = settings[i]!;
      const what = `T,S,N,H,E,A=${shape.join(',')}${ragged ? ', lengths' : ''}`;
      expect(Object.keys(errors).sort()).toEqual([...ARRAYS, ...(score === 'general' ? ['weight_a'] : [])].sort());
      for (const [array, error] of Object.entries(errors)) {
        worst = Math.max(worst, error);
        expect.soft(error, `${array}, ${what}`).toBeLessThan(bound(array));
      }
      expect.soft(same, `the same bits twice, ${what}`).toBe(true);
      expect.soft(sums, `a row's weights sum to 1, ${what}`).toBeLessThan(1e-6);
      expect.soft(padding, `weights past a row's length, ${what}`).toBe(0);
    });
    console.log(`${score}: worst relative L2 ${worst.toExponential(1)}`);
  });
}

test('one decoder step at a time, the encoder states given once, is the whole window to the bit', async ({ inPage }) => {
  const { steps, whole, bytesLeft } = await inPage(page, 'stepping');
  expect([...steps]).toEqual([...whole]);
  expect(whole.some((x) => x !== 0)).toBe(true);
  expect(bytesLeft).toBe(0);
});

test('what does not fit is refused before the GPU is asked', async ({ inPage }) => {
  const said = await inPage(page, 'refusals');
  const expected: Record<string, RegExp> = {
    score: /score must be one of "dot", "general"; "concat" was given/,
    unequal: /score "dot" compares states of one size; decoderSize 2 and encoderSize 3 were given. Use "general", or equal sizes/,
    size: /outputSize must be a whole number of at least 1; 0 was given/,
    steps: /sourceTimeSteps must be a whole number of at least 1; 0 was given/,
    noSource: /the first pass needs encoder states/,
    lengthsAlone: /lengths are those of the encoder states: give them together with encoder/,
    longLength: /lengths\[0\] is 3; it must be a whole number from 0 to 2/,
    shortDecoder: /decoder has shape \[1,1,2\], 2 elements; 1 were given/,
    untrained: /made without training: true/,
    untrainedGradient: /made without training: true/,
    early: /backward needs a forward pass before it/,
  };
  expect(Object.keys(said)).toEqual(Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) expect.soft(said[name], name).toMatch(message);
});
