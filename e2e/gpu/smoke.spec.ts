import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./smoke.page.ts')>('/e2e/gpu/smoke.page.ts');

test('the adapter runs a shader of the pipeline', async ({ inPage }, { annotations }) => {
  const x = Array.from({ length: 64 }, (_, i) => i);
  const { adapter, y } = await inPage(page, 'scaleAndAdd', { x, scale: 10 });
  console.log(`adapter: ${adapter}`);
  annotations.push({ type: 'adapter', description: adapter });
  expect(y).toBeInstanceOf(Float32Array);
  expect([...y]).toEqual(x.map((value) => 10 * value + ((value + 1) % 64)));
});

for (const [kind, message] of [
  ['validation', /^GPUValidationError: /],
  ['after destroy', /^GPUValidationError: /],
  ['uncaptured', /^Uncaptured GPUValidationError: /],
  ['unbalanced pop', /^The \S+ scope of the test is gone/],
  ['console', /^Console: said on the console/],
] as const) {
  test(`an error of kind "${kind}" in a page is seen`, async ({ inPage }) => {
    const { result, errors } = await inPage(page, 'mistake', kind, { expectErrors: true });
    expect(result).toBe(kind);
    expect(errors).toEqual([expect.stringMatching(message)]);
    await expect(inPage(page, 'mistake', kind)).rejects.toThrow(errors[0]?.slice(0, 20));
  });
}

test('an exception in a page is seen, and the next call is clean', async ({ inPage }) => {
  const { result, errors } = await inPage(page, 'mistake', 'exception', { expectErrors: true });
  expect(result).toBeNull();
  expect(errors).toEqual([expect.stringMatching(/^RangeError: thrown in the page/)]);
  await expect(inPage(page, 'mistake', 'exception')).rejects.toThrow('thrown in the page');
  expect(await inPage(page, 'mistake', 'none')).toBe('none');
});

test('a function that is not there is named', async ({ inPage }) => {
  // @ts-expect-error The types know the module's functions too.
  await expect(inPage(page, 'nothing')).rejects.toThrow(`${page.path} exports no function nothing; it has leaveOpen`);
});

test('a device that a call leaves open is destroyed', async ({ inPage }) => {
  await inPage(page, 'leaveOpen');
  expect(await inPage(page, 'leftBehind')).toBe('destroyed');
});

test('a call is refused while another runs in the same page, and the first one ends as if alone', async ({ inPage }) => {
  const [first, second] = await Promise.allSettled([inPage(page, 'mistake', 'none'), inPage(page, 'leaveOpen')]);
  expect(first).toEqual({ status: 'fulfilled', value: 'none' });
  expect(second).toMatchObject({ status: 'rejected', reason: { message: `${page.path} leaveOpen was called while ${page.path} mistake still runs in the same page; await one call before the next` } });
  expect(await inPage(page, 'mistake', 'none')).toBe('none');
});
