// Whatever can be used twice is the second time as a fresh one: nothing of what was given before shows, to the bit.
import { expect, pageOf, test } from '../harness.ts';
import type { operators, plans, runs, streams } from './reuse.page.ts';

const page = pageOf<typeof import('./reuse.page.ts')>('/e2e/gpu/reuse.page.ts');

function expectFresh(results: Awaited<ReturnType<typeof plans | typeof operators | typeof runs | typeof streams>>): void {
  expect(Object.keys(results).length).toBeGreaterThan(3);
  for (const [name, { first, again, fresh }] of Object.entries(results)) {
    expect.soft(again, name).toEqual(fresh);
    for (const values of Object.values(fresh)) expect.soft(values.every(Number.isFinite), name).toBe(true);
    // The first use must have been another one, or nothing is shown.
    expect.soft(first, `${name}, the first`).not.toEqual(fresh);
  }
}

test('a plan without states, gradients or lengths after one with them is a fresh one', async ({ inPage }) => {
  expectFresh(await inPage(page, 'plans'));
});

test('attention, linear layers and losses are fresh ones the second time', async ({ inPage }) => {
  expectFresh(await inPage(page, 'operators'));
});

test('a stream that is restored, reset or forked is a fresh one; a refused restore changes nothing', async ({ inPage }) => {
  expectFresh(await inPage(page, 'streams'));
});

test('a generation or an evaluation is as a first one', async ({ inPage }) => {
  expectFresh(await inPage(page, 'runs'));
});
