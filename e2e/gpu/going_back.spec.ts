// A trainer goes back to a checkpoint from every state that it can be in, bit-identically, as often as it is asked to.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./going_back.page.ts')>('/e2e/gpu/going_back.page.ts');

/** What the way into each state throws. */
const states: Record<string, string> = {
  'before the first run': 'nothing',
  'after whole runs': 'nothing',
  'left with a step in flight': 'nothing',
  'left at once, twice': 'nothing',
  'aborted before the first step': 'AbortError',
  'aborted in the loop': 'AbortError',
  'aborted while a result is awaited': 'AbortError',
  'aborted while it validates': 'AbortError',
  'diverged': 'NotFiniteError',
  'a throw in the loop': 'TypeError',
  'in the midst of an evaluation': 'nothing',
  'evaluated in the loop': 'nothing',
  'another text': 'nothing',
  'refused by a restore': 'SafetensorsError',
  'restored twice': 'nothing',
};

test('a trainer goes on from a checkpoint to the bit, from every state, twice in a row', async ({ inPage }) => {
  const { expected, undisturbed, results } = await inPage(page, 'goingBack');
  expect(Object.keys(results)).toEqual(Object.keys(states));
  expect(expected.losses).toHaveLength(12);
  expect(expected.losses).toEqual(undisturbed);
  expect(expected.checkpointEqual).toBe(true);
  for (const [name, thrown] of Object.entries(states)) {
    for (const [time, gone] of results[name]!.entries()) expect.soft(gone, `${name}, time ${time}`).toEqual({ ...expected, thrown });
  }
});

test('a step whose validation was aborted is validated and yielded by the next run', async ({ inPage }) => {
  const { name, steps } = await inPage(page, 'abortedValidation');
  expect(name).toBe('AbortError');
  expect(steps.slice(0, 3)).toEqual(['1', '2 validated', '3']);
});
