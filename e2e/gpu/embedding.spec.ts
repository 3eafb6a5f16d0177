// The embedding operator: rows by token, and their gradient.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./embedding.page.ts')>('/e2e/gpu/embedding.page.ts');

for (const sizes of [{ vocabularySize: 1, size: 1, rows: 1 }, { vocabularySize: 7, size: 5, rows: 33 }, { vocabularySize: 300, size: 257, rows: 64 }]) {
  test(`rows and gradients of a table ${sizes.vocabularySize}×${sizes.size} at ${sizes.rows} tokens`, async ({ inPage }) => {
    const { rows, gradient, stepped, deviation } = await inPage(page, 'twoPasses', sizes);
    expect(rows).toBe(0);
    expect(gradient).toBeLessThan(1e-6);
    expect(stepped).toBeLessThan(1e-6);
    if (sizes.vocabularySize > 100) expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
  });
}

test('wrong tokens are named, and a plan without training has no backward pass', async ({ inPage }) => {
  const results = await inPage(page, 'refusals');
  const expected: Record<string, RegExp> = {
    outside: /^RangeError: token 5 at position 1 is outside the vocabulary; tokens go from 0 to 4/,
    fewer: /^RangeError: this plan is for 3 tokens; 2 were given/,
    numbers: /^TypeError: the tokens must be a Uint32Array of 3; /,
    backward: /^Error: this plan was made without training: true/,
    size: /^RangeError: vocabularySize must be a whole number/,
    destroyed: /^DestroyedError: .*the embedding plan was destroyed/,
  };
  expect(Object.keys(results)).toEqual(Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) expect.soft(results[name], name).toMatch(message);
});
