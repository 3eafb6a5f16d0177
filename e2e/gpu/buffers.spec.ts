// Arrays shared with an application: its shaders bind results where they lie, and its buffers are read from where their numbers are.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./buffers.page.ts')>('/e2e/gpu/buffers.page.ts');

test('a shader of the application reads every array where it lies', async ({ inPage }) => {
  const results = await inPage(page, 'bound');
  expect(results).toHaveLength(7);
  for (const { name, offset, same } of results) expect.soft({ aligned: offset % 256, same }, name).toEqual({ aligned: 0, same: true });
  expect(results.some(({ first }) => first > 0), 'an array that begins within its binding').toBe(true);
});

test('an input is taken from a part of an application\'s buffer, and parts that are not there are named', async ({ inPage }) => {
  const { results, refused } = await inPage(page, 'parts');
  expect(results).toEqual([true, true]);
  const expected: Record<string, RegExp> = {
    small: /^RangeError: input has shape \[2,2,2\], 32 bytes; the buffer "all of it" has 24 from byte 40/,
    past: /^RangeError: the buffer "all of it" given for input has 64 bytes; 32 from byte 40 were asked for/,
    odd: /^RangeError: offset of the buffer given for input must be a multiple of 4 bytes from 0; 2 was given/,
    negative: /^RangeError: offset of the buffer given for input must be a multiple of 4 bytes from 0; -4 was given/,
    size: /^RangeError: size of the buffer given for input must be a multiple of 4 bytes from 0; 1\.5 was given/,
    none: /^TypeError: input must be a Float32Array, a GPUBuffer, \{ buffer, offset, size \} or a GpuArray/,
  };
  expect(Object.keys(refused)).toEqual(Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) expect.soft(refused[name], name).toMatch(message);
});

test('rows of a stream begin again while the others go on', async ({ inPage }) => {
  const { kept, some, fresh, zero, refused } = await inPage(page, 'resetRows');
  expect(kept[0]).not.toEqual(fresh[0]);
  expect(some).toEqual([fresh[0], kept[1], fresh[2]]);
  expect(zero).toBe(true);
  expect(refused).toMatch(/^RangeError: rows\[0\] is 3; it must be a whole number from 0 to 2/);
});
