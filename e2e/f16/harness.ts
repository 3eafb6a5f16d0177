// What the specs of f16 import: `test` with `inPage`, which skips a test where the host's adapter has no `shader-f16`. Mesa's llvmpipe under
// Deno has it, Chromium's software adapter has not.

import { pageOf, test as base, type InPage } from '../harness.ts';

export { expect, pageOf } from '../harness.ts';

const page = pageOf<typeof import('./storage.page.ts')>('/e2e/f16/storage.page.ts');

/** Asked once in each worker. */
let half: boolean | undefined;

export const test = base.extend<{ inPage: InPage }>({
  inPage: async ({ inPage }, use, info) => {
    half ??= await inPage(page, 'hasHalf');
    info.skip(!half, 'this host\'s adapter has no shader-f16');
    await use(inPage);
  },
});
