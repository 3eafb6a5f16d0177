// Structures built from operators: states as edges between networks, a head on the final state, one update over all.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./structures.page.ts')>('/e2e/gpu/structures.page.ts');

for (const cell of ['lstm', 'gru', 'gru_reset_before', 'rnn_tanh'] as const) {
  test(`${cell}: a state handed from one network to another, and its gradient handed back, are those of one network over both`, async ({ inPage }) => {
    const errors = await inPage(page, 'stateEdge', { cell });
    expect(Object.keys(errors)).toHaveLength(10);
    for (const [array, error] of Object.entries(errors)) expect.soft(error, array).toBeLessThan(2e-6);
  });
}

test('a head takes the final states of layers and directions side by side', async ({ inPage }) => {
  const errors = await inPage(page, 'headOverStates');
  expect(Object.keys(errors)).toEqual(['output', 'dInput', 'weight', 'bias', 'zeroGradient']);
  for (const [array, error] of Object.entries(errors)) expect.soft(error, array).toBeLessThan(1e-6);
  const refused = await inPage(page, 'partsThatDoNotDivide', undefined, { expectErrors: true });
  expect(refused.errors[0]).toContain("parts is 3, which does not divide the layer's inputSize of 8");
});

test('one norm and one clip over several operators', async ({ inPage }) => {
  const { error, norm, expectedNorm, gradientLeft } = await inPage(page, 'globalClip');
  expect(expectedNorm, 'the clip is at work').toBeGreaterThan(0.5);
  expect(Math.abs(norm - expectedNorm) / expectedNorm).toBeLessThan(1e-6);
  expect(error).toBeLessThan(1e-6);
  expect(gradientLeft, 'a step clears the gradients').toBe(0);
});
