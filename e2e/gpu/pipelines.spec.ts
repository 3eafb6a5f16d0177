// Pipelines compiled side by side before they are needed: once each, with nothing left to wait for, and errors told in one place.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./pipelines.page.ts')>('/e2e/gpu/pipelines.page.ts');

test('what is prepared is compiled once, beside the page, and replays as it is', async ({ inPage }) => {
  const { waiting, beside, prepared, after, c } = await inPage(page, 'prepareTwice');
  expect({ waiting, beside, prepared, after }).toEqual({ waiting: 0, beside: 2, prepared: 2, after: 2 });
  // Two products of 8 terms 2·3, and one of 8 terms 2·2.
  expect(c).toEqual(new Array(32).fill(2 * 48 + 32));
});

test('a shader that does not compile is no error of preparing; who needs it hears why', async ({ inPage }) => {
  const { result } = await inPage(page, 'prepareBroken', undefined, { expectErrors: true });
  const { prepared, error } = result!;
  expect(prepared).toBe(2); // the two others
  expect(error).toEqual({ name: 'ShaderError', message: expect.stringMatching(/could not be made into a pipeline[^]*Nowhere/) });
});

test('a second engine on a device makes no pipeline again, and hears of a broken shader as the first', async ({ inPage }) => {
  const { result } = await inPage(page, 'openTwice', undefined, { expectErrors: true });
  const computed = new Array(32).fill(2 * 48 + 32);
  expect(result).toEqual([{ made: 3, computed, broken: 'ShaderError' }, { made: 0, computed, broken: 'ShaderError' }]);
});

test('training and generation wait for no pipeline one by one', async ({ inPage }) => {
  const { trained, generated, size } = await inPage(page, 'trainAndGenerate');
  expect(trained.waiting).toBe(0);
  expect(trained.beside).toBeGreaterThan(8);
  expect(generated.waiting).toBe(0);
  expect(generated.beside).toBe(size);
});

test('a device lost meanwhile ends the waiting', async ({ inPage }) => {
  expect(await inPage(page, 'lostMeanwhile')).toBe('DeviceLostError');
});

test('a trainer that has not run yet can be tuned', async ({ inPage }) => {
  const keys = await inPage(page, 'announced');
  expect(keys).toEqual(expect.arrayContaining(['gru.forward T=8 N=4 H=8 D=1', 'gru.backward T=8 N=4 H=8 D=1']));
});
