// The float64 reference against ONNX Runtime's RNN, LSTM and GRU: outputs and final states of random configurations.

import { test, expect } from 'playwright/test';
import { makeCell } from '../../src/reference/cells.ts';
import { recurrentForward } from '../../src/reference/recurrent.ts';
import { relativeL2 } from '../golden.ts';
import { describeCase, layouts, onnxArrays, onnxCase, type OnnxCase } from '../onnx/cases.ts';
import { runOnnx } from '../onnx/operator.ts';

const BOUND = 1e-5;
const COUNT = 72;
const MOST = { timeSteps: 8, batchSize: 5, inputSize: 9, hiddenSize: 17 };

const wide = (array: Float32Array): Float64Array => Float64Array.from(array);

const cases = Array.from({ length: COUNT }, (_, seed) => onnxCase(seed, MOST));

test('the configurations hold every cell and every option many times', () => {
  const count = (has: (given: OnnxCase) => unknown): number => cases.filter((given) => Boolean(has(given))).length;
  for (const cell of Object.keys(layouts)) expect(count((given) => given.cell === cell), cell).toBeGreaterThanOrEqual(8);
  for (const direction of ['forward', 'reverse', 'bidirectional']) expect(count((given) => given.direction === direction)).toBeGreaterThanOrEqual(10);
  expect(count(({ lengths, direction, cell }) => lengths && direction !== 'forward' && cell.includes('lstm'))).toBeGreaterThanOrEqual(5);
  expect(count(({ cellOptions, cell }) => cellOptions.clipGates && cell.includes('peephole'))).toBeGreaterThanOrEqual(3);
  for (const resetAfter of [true, false]) expect(count(({ cellOptions }) => cellOptions.clipGates && cellOptions.resetAfter === resetAfter)).toBeGreaterThanOrEqual(2);
  expect(count(({ cellOptions }) => cellOptions.activations)).toBeGreaterThanOrEqual(10);
  expect(count(({ initial }) => !initial)).toBeGreaterThanOrEqual(10);
  expect(count(({ bias }) => !bias)).toBeGreaterThanOrEqual(10);
});

for (const given of cases) {
  test(`ONNX Runtime ${given.seed}: ${describeCase(given)}`, async () => {
    const arrays = onnxArrays(given);
    const expected = await runOnnx(given, arrays);
    const parameters = Object.fromEntries(Object.entries(arrays.parameters).map(([name, array]) => [name, wide(array)]));
    const { h0, c0, input } = arrays;
    const options = { ...given, cell: makeCell(given.cell, given.cellOptions) };
    const actual = recurrentForward(options, parameters, wide(input), { h0: h0 && wide(h0), c0: c0 && wide(c0) });
    for (const name of ['output', 'hn', 'cn'] as const) expect(relativeL2(actual[name], expected[name]), name).toBeLessThan(BOUND);
  });
}
