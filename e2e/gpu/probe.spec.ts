// The adapter's arithmetic is as accurate as the engine needs it: what tools/probe/accuracy.ts measures, of the shaders' own functions.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./probe.page.ts')>('/e2e/gpu/probe.page.ts');

test('activations are accurate, bounded, and give NaN for NaN', async ({ inPage }, { annotations }) => {
  const report = await inPage(page, 'accuracyHere');
  annotations.push({ type: 'accuracy', description: JSON.stringify(report) });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  const { functions: { bounded_tanh: tanh, sigmoid }, expOfBound, largest, far, halfOverflow, ofNaN } = report;
  expect(tanh.points).toBeGreaterThan(10_000);

  // Sigmoid rests on exp, which WGSL bounds; tanh on products, sums and one quotient.
  expect(expOfBound.error).toBeLessThanOrEqual(1);
  expect(sigmoid.absolute.error).toBeLessThanOrEqual(5e-7);
  expect(sigmoid.relative.error).toBeLessThanOrEqual(2e-5);
  expect(tanh.relative.error).toBeLessThanOrEqual(1e-6);
  expect(largest.bounded_tanh).toBeLessThanOrEqual(1);

  for (const [i, value] of far.bounded_tanh.entries()) expect(value, `tanh far out, ${i}`).toBeCloseTo(i % 2 === 0 ? 1 : -1, 5);
  for (const [i, value] of far.sigmoid.entries()) expect(value, `sigmoid far out, ${i}`).toBeCloseTo(i % 2 === 0 ? 1 : 0, 6);
  // The rest is the adapter's own, which may give anything.
  const own = Object.entries(ofNaN).filter(([name]) => /^(bounded_tanh|sigmoid|activate .*)$/.test(name));
  expect(own).toHaveLength(7);
  expect(own.map(([name, value]) => `${name}: ${value}`)).toEqual(own.map(([name]) => `${name}: NaN`));
  expect([null, 'Infinity']).toContain(halfOverflow);
});
