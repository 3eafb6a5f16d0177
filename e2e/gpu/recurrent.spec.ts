// Outputs and gradients of every cell against the float64 reference, over layers, odd sizes and window lengths, and against PyTorch.
import { readFileSync } from 'node:fs';
import { expect, test } from '../harness.ts';
import type { RecurrentCase } from './recurrent.page.ts';

const base: RecurrentCase = { cell: 'lstm', inputSize: 5, hiddenSize: 7, layers: 1, steps: 4, batch: 3, bias: true };

const cases: RecurrentCase[] = [
  base,
  { ...base, steps: 1, batch: 1, inputSize: 1, hiddenSize: 1 },
  { ...base, layers: 2, hiddenSize: 33, inputSize: 3 },
  { ...base, layers: 3, hiddenSize: 16, batch: 8, steps: 12 },
  { ...base, layers: 2, bias: false, batch: 9 },
  { ...base, layers: 1, hiddenSize: 130, inputSize: 33, batch: 7, steps: 33 },
  { ...base, layers: 3, hiddenSize: 7, batch: 2, steps: 100 },
  { ...base, layers: 2, hiddenSize: 32, inputSize: 64, batch: 33, steps: 10 },
];

const OUTPUT_BOUND = 1e-5;
const GRADIENT_BOUND = 1e-4;

for (const given of cases) {
  const { cell, layers, inputSize, hiddenSize, batch, steps, bias } = given;
  const title = `${cell} L=${layers} I=${inputSize} H=${hiddenSize} N=${batch} T=${steps}${bias ? '' : ' without bias'} agrees with float64, forward and BPTT`;
  test(title, async ({ inPage }) => {
    const errors = await inPage<Record<string, number>>('/e2e/gpu/recurrent.page.ts', 'compare', given);
    const worst = Object.entries(errors).sort(([, a], [, b]) => b - a)[0]!;
    test.info().annotations.push({ type: 'worst', description: `${worst[0]} ${worst[1].toExponential(2)}` });
    for (const [name, error] of Object.entries(errors)) {
      const bound = ['output', 'hn', 'cn'].includes(name) ? OUTPUT_BOUND : GRADIENT_BOUND;
      expect.soft(error, `relative L2 error of ${name}`).toBeLessThanOrEqual(bound);
    }
  });
}

test('lstm agrees with PyTorch on the golden cases', async ({ inPage }) => {
  const file: unknown = JSON.parse(readFileSync(new URL('../golden/lstm.json', import.meta.url), 'utf8'));
  const { errors, left } = await inPage<{ errors: Record<string, Record<string, number>>; left: string[] }>('/e2e/gpu/recurrent.page.ts', 'golden', file);
  expect(Object.keys(errors).length, 'cases run').toBeGreaterThanOrEqual(5);
  expect(left.every((name) => /bidirectional|lengths/.test(name)), `cases left out: ${left.join(', ')}`).toBe(true);
  for (const [name, byArray] of Object.entries(errors)) {
    for (const [array, error] of Object.entries(byArray)) {
      const bound = ['output', 'hn', 'cn'].includes(array) ? OUTPUT_BOUND : GRADIENT_BOUND;
      expect.soft(error, `${name}: relative L2 error of ${array}`).toBeLessThanOrEqual(bound);
    }
  }
});
