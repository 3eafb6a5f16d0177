// The torture's own instruments: guard bands see a kernel that goes past its buffers, and the meter sees buffers that stay.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./torture.page.ts')>('/e2e/gpu/torture.page.ts');
/** 2 as a float32, and 4. */
const [TWO, FOUR] = [0x40000000, 0x40800000];

test('a kernel within its buffers leaves the bands as they are', async ({ inPage }) => {
  expect(await inPage(page, 'moved', { from: 3, to: 1, poison: TWO })).toEqual({ damage: [], sink: [0, 11, 0, 0], size: 16 });
});

test('a kernel that writes one element past its buffer is seen, and one that writes far beyond it, up to the end of the band', async ({ inPage }) => {
  const next = await inPage(page, 'moved', { from: 0, to: 4, poison: TWO });
  expect(next).toEqual({ damage: ['sink (16 bytes) was written 0 words past the end'], sink: [0, 0, 0, 0], size: 16 });
  const far = await inPage(page, 'moved', { from: 0, to: 1027, poison: TWO });
  expect(far.damage).toEqual(['sink (16 bytes) was written 1023 words past the end']);
});

test('a kernel that reads past its buffer gives other results with another poison', async ({ inPage }) => {
  for (const [poison, sum] of [[TWO, 9], [FOUR, 11]] as const) {
    expect((await inPage(page, 'moved', { from: 4, to: 0, poison })).sink[0]).toBe(sum);
  }
});

test('a binding is as long as was asked for, although another of the same buffer begins within it', async ({ inPage }) => {
  expect(await inPage(page, 'spanned')).toBe(129 + 64);
});

test('the meter counts what is not destroyed, each once', async ({ inPage }) => {
  expect(await inPage(page, 'metered')).toEqual([{ bytes: 48, buffers: 2 }, { bytes: 32, buffers: 1 }, { bytes: 0, buffers: 0 }]);
});

test('a rejection that nobody catches loses the case that it is of', async ({ inPage }) => {
  const { result } = await inPage(page, 'unheard', undefined, { expectErrors: true });
  expect(result).toEqual(['0: a rejection that nobody caught: Error: left alone']);
});
