// The tuner's core: what fails is refused, what is left is timed, the fastest is chosen, and nothing is left behind.
import { expect, pageOf, test } from '../harness.ts';
import type { Fault } from './tuning.page.ts';

const page = pageOf<typeof import('./tuning.page.ts')>('/e2e/gpu/tuning.page.ts');

test('candidates that do not compile, or whose results are wrong, missing or not a number, are refused with the reason', async ({ inPage }) => {
  const faults: Fault[] = ['none', 'wrong result', 'no result', 'not a number', 'does not compile', 'none'];
  const { result, errors } = await inPage(page, 'choose', faults, { expectErrors: true });
  const { best, times, leaked } = result!;
  expect(times.map(({ finite }) => finite)).toEqual([true, false, false, false, false, true]);
  expect(times.map(({ refused }) => refused)).toEqual([
    null, expect.stringMatching(/^its results are .* from the default's/), expect.stringMatching(/^its results are/), expect.stringMatching(/^its results are NaN from the default's/),
    expect.stringContaining('Nowhere'), null,
  ]);
  const [first, last] = [times[0]!.milliseconds, times[5]!.milliseconds];
  expect(best).toBe(last < first ? 5 : 0);
  expect(leaked).toBe(0);
  // Browsers complain of the shader in their consoles, each in its own words: of the type, or of the module alone. The engine adds nothing.
  expect(errors.filter((error) => !/^Console: .*(?:Nowhere|"matmul")/s.test(error))).toEqual([]);
});

test('a default that fails is an error', async ({ inPage }) => {
  const { errors } = await inPage(page, 'choose', ['does not compile', 'none'] satisfies Fault[], { expectErrors: true });
  expect(errors.join()).toContain('the default failed');
});

test('a shortlist has 1 to 6 candidates; an aborted signal throws its reason and frees everything', async ({ inPage }) => {
  const { errors } = await inPage(page, 'choose', new Array<Fault>(7).fill('none'), { expectErrors: true });
  expect(errors.join()).toContain('7 candidates; a shortlist has 1 to 6');
  expect(await inPage(page, 'abort')).toEqual({ messages: ['enough', 'enough of the second'], leaked: 0 });
});

test('choices are kept by machine', async ({ inPage }) => {
  expect(await inPage(page, 'storage')).toEqual({ empty: {}, again: { a: { rowQuads: 2 }, b: 2 }, other: {} });
});
