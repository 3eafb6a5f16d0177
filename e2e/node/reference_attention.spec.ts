// The reference's attention against PyTorch's numbers (e2e/golden), finite differences, and its limits.

import { readFileSync } from 'node:fs';
import { test, expect } from 'playwright/test';
import { attentionBackward, attentionForward, type AttentionParameters, type AttentionSizes } from '../../src/reference/attention.ts';
import { attentionCases, worstElement, type AttentionCase } from '../golden.ts';

const BOUND = 1e-10;

function expectArray(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>, bound = BOUND): void {
  const worst = worstElement(actual, expected);
  expect(worst.error, `${name}[${worst.index}] is ${worst.actual}, expected is ${worst.expected}`).toBeLessThan(bound);
}

const cases = attentionCases(JSON.parse(readFileSync(new URL('../golden/attention.json', import.meta.url), 'utf8')));

/** What the reference takes of a case; past a row's length the encoder states are `padding`. */
function taken(golden: AttentionCase, padding?: number): { sizes: AttentionSizes; parameters: AttentionParameters; decoder: Float64Array; encoder: Float64Array; dOutput: Float64Array } {
  const { decoder, encoder, dOutput } = golden.given;
  const { batchSize, encoderSize, lengths } = golden;
  const isPadding = (i: number): boolean => lengths !== null && Math.floor(i / (batchSize * encoderSize)) >= lengths[Math.floor(i / encoderSize) % batchSize]!;
  return {
    sizes: { ...golden, lengths: lengths ?? undefined },
    parameters: golden.parameters as unknown as AttentionParameters,
    decoder: decoder!,
    encoder: padding === undefined ? encoder! : encoder!.map((x, i) => (isPadding(i) ? padding : x)),
    dOutput: dOutput!,
  };
}

test('there are cases of both scores, with lengths and without', () => {
  const kinds = cases.map(({ score, lengths }) => `${score}${lengths ? ', lengths' : ''}`);
  expect([...new Set(kinds)].sort()).toEqual(['dot', 'dot, lengths', 'general', 'general, lengths']);
});

for (const golden of cases) {
  test(`${golden.name}: outputs and gradients are PyTorch's, whatever the padding holds`, () => {
    for (const padding of [undefined, NaN]) {
      const { sizes, parameters, decoder, encoder, dOutput } = taken(golden, padding);
      const forward = attentionForward(sizes, parameters, decoder, encoder);
      for (const name of ['weights', 'context', 'output'] as const) expectArray(name, forward[name], golden.results[name]!);
      const gradients = attentionBackward(sizes, parameters, decoder, encoder, dOutput);
      for (const name of ['dDecoder', 'dEncoder'] as const) expectArray(name, gradients[name], golden.gradients[name]!);
      expect(Object.keys(gradients.parameters)).toEqual(Object.keys(golden.parameterGradients));
      for (const [name, expected] of Object.entries(golden.parameterGradients)) expectArray(name, gradients.parameters[name]!, expected);
    }
  });

  test(`${golden.name}: gradients are the finite differences'`, () => {
    const { sizes, parameters, decoder, encoder, dOutput } = taken(golden);
    const { dDecoder, dEncoder, parameters: dParameters } = attentionBackward(sizes, parameters, decoder, encoder, dOutput);
    const all: Record<string, Float64Array> = { decoder: decoder.slice(), encoder: encoder.slice() };
    for (const [name, values] of Object.entries(golden.parameters)) all[name] = values.slice();
    const loss = (): number => {
      const { output } = attentionForward(sizes, all as unknown as AttentionParameters, all['decoder']!, all['encoder']!);
      return output.reduce((sum, y, i) => sum + y * dOutput[i]!, 0);
    };
    const analytic: Record<string, Float64Array> = { decoder: dDecoder, encoder: dEncoder, ...dParameters };
    for (const [name, values] of Object.entries(all)) {
      const numeric = values.map((x, i) => {
        const at = (value: number): number => {
          values[i] = value;
          const result = loss();
          values[i] = x;
          return result;
        };
        return (at(x + 1e-5) - at(x - 1e-5)) / 2e-5;
      });
      expectArray(name, analytic[name]!, numeric, 1e-7);
    }
  });
}

test('weights of a row sum to 1 within its length and are 0 past it; a row without source has a context of zeros', () => {
  const sizes = { timeSteps: 1, sourceTimeSteps: 3, batchSize: 2, decoderSize: 1, encoderSize: 1, outputSize: 1, lengths: [2, 0] };
  const weight_c = Float64Array.of(1, 1);
  const { weights, context, output } = attentionForward(sizes, { weight_c }, Float64Array.of(1, 2), Float64Array.of(0, NaN, Math.log(3), NaN, NaN, NaN));
  expectArray('weights', weights, [0.25, 0.75, 0, 0, 0, 0]);
  expectArray('context', context, [0.75 * Math.log(3), 0]);
  expectArray('output', output, [Math.tanh(1 + 0.75 * Math.log(3)), Math.tanh(2)]);
});

test('what does not fit is refused by name', () => {
  const sizes = { timeSteps: 1, sourceTimeSteps: 1, batchSize: 1, decoderSize: 1, encoderSize: 2, outputSize: 1 };
  const [one, two, three] = [new Float64Array(1), new Float64Array(2), new Float64Array(3)];
  expect(() => attentionForward(sizes, { weight_c: three }, one, two)).toThrow(/states of 1 and 2 features have no dot product; give weight_a \[1, 2\]/);
  expect(() => attentionForward(sizes, { weight_c: two, weight_a: two }, one, two)).toThrow(/weight_c has 2 values/);
  expect(() => attentionForward(sizes, { weight_c: three, weight_a: one }, one, two)).toThrow(/weight_a has 1 values/);
  expect(() => attentionForward(sizes, { weight_c: three, weight_a: two }, one, one)).toThrow(/encoder has 1 values/);
  expect(() => attentionBackward(sizes, { weight_c: three, weight_a: two }, one, two, two)).toThrow(/dOutput has 2 values/);
});
