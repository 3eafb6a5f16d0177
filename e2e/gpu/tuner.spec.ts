// Tuning of a real network: every op measured once, the results unchanged, the choices there for the next device.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./tuner.page.ts')>('/e2e/gpu/tuner.page.ts');

test('ops are measured once, verified, and remembered by adapter and browser', async ({ inPage }) => {
  test.setTimeout(180_000);
  const { asked, leaked, progress, found, errors, again, nextKnows, offKnows, refusal, chosen } = await inPage(page, 'tuned');
  expect(found.map(({ key }) => key).sort()).toEqual([...asked].sort());
  expect(asked).toContain('lstm.forward T=5 N=9 H=20 D=2');
  expect(asked).toContain('matmul.tn 80x6x45');
  for (const { key, candidates, refused } of found) {
    expect(candidates, key).toBeGreaterThan(1);
    expect(candidates, key).toBeLessThanOrEqual(6);
    expect(refused, `candidates of ${key} that are not the op`).toEqual([]);
  }
  expect(leaked).toBe(0);
  expect(progress.map(({ done }) => done)).toEqual(Array.from({ length: asked.length + 1 }, (_, i) => i));
  for (const error of errors.flat()) expect(error).toBeLessThan(2e-6);
  expect(again).toBe(0);
  expect(nextKnows.sort()).toEqual([...asked].sort());
  expect(chosen).toEqual(found.find(({ key }) => key.startsWith('lstm.forward'))!.best);
  expect(offKnows).toBe(0);
  expect(refusal).toContain("opened with tune: 'off'");
});

test("a weights' gradient is also measured summed in slices, and that is the same gradient", async ({ inPage }) => {
  const candidates = await inPage(page, 'gradientCandidates');
  expect(candidates.map(({ slices }) => slices)).toEqual([1, 1, 1, 1, 8, 8]);
  expect(candidates.filter(({ refused }) => refused !== null)).toEqual([]);
});
