// The engine against ONNX Runtime's RNN, LSTM and GRU: outputs and final states of random configurations, both in float32.

import { expect, pageOf, test } from '../harness.ts';
import { relativeL2 } from '../golden.ts';
import { describeCase, layouts, onnxArrays, onnxCase, type OnnxCase } from '../onnx/cases.ts';
import { runOnnx } from '../onnx/operator.ts';

const page = pageOf<typeof import('./onnx.page.ts')>('/e2e/gpu/onnx.page.ts');

// Both round: the engine is held to 1e-5 of float64, and so is ONNX Runtime (e2e/node/reference_onnx.spec.ts).
const BOUND = 3e-5;
const COUNT = 54;
const MOST = { timeSteps: 12, batchSize: 19, inputSize: 40, hiddenSize: 140 };

// Not the seeds that the reference is compared on.
const cases = Array.from({ length: COUNT }, (_, k) => onnxCase(900 + k, MOST));

test('the configurations hold every cell and every option, and sizes of no multiple', () => {
  const count = (has: (given: OnnxCase) => unknown): number => cases.filter((given) => Boolean(has(given))).length;
  for (const cell of Object.keys(layouts)) expect(count((given) => given.cell === cell), cell).toBeGreaterThanOrEqual(6);
  for (const direction of ['forward', 'reverse', 'bidirectional']) {
    expect(count((given) => given.direction === direction), direction).toBeGreaterThanOrEqual(12);
    expect(count((given) => given.direction === direction && given.lengths), `${direction}, lengths`).toBeGreaterThanOrEqual(5);
  }
  for (const resetAfter of [true, false]) expect(count(({ cellOptions }) => cellOptions.resetAfter === resetAfter)).toBe(6);
  expect(count(({ cellOptions }) => cellOptions.clipGates)).toBeGreaterThanOrEqual(12);
  expect(count(({ cellOptions }) => cellOptions.activations)).toBeGreaterThanOrEqual(12);
  expect(count(({ initial }) => !initial)).toBeGreaterThanOrEqual(10);
  expect(count(({ bias }) => !bias)).toBeGreaterThanOrEqual(10);
  expect(count(({ hiddenSize }) => hiddenSize % 4 !== 0)).toBeGreaterThanOrEqual(30);
});

test(`${COUNT} random configurations agree with ONNX Runtime`, async ({ inPage }) => {
  test.slow(); // nearly every configuration has constants of its own, hence kernels of its own to compile
  const results = await inPage(page, 'runAll', cases);
  let [worst, where] = [0, ''];
  for (const [k, given] of cases.entries()) {
    const expected = await runOnnx(given, onnxArrays(given));
    for (const name of ['output', 'hn', 'cn'] as const) {
      if (expected[name].length === 0) continue; // no c
      const error = relativeL2(results[k]![name], expected[name]);
      expect.soft(error, `seed ${given.seed}: relative L2 error of ${name}, ${describeCase(given)}`).toBeLessThanOrEqual(BOUND);
      if (!(error <= worst)) [worst, where] = [error, `${name} of seed ${given.seed}, ${describeCase(given)}`];
    }
  }
  console.log(`${COUNT} configurations; worst relative L2 error against ONNX Runtime ${worst.toExponential(2)}, ${where}`);
});
