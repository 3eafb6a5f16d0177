// The float64 reference against ONNX Runtime's RNN, LSTM and GRU, which computes in float32: outputs and final states of random
// configurations. Version 1.16 is the last that brings its binaries in the package and runs no script to fetch others.

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { test, expect } from 'playwright/test';
import { recurrentForward, recurrentShapes } from '../../src/reference/recurrent.ts';
import { relativeL2 } from '../golden.ts';
import { diagonalMatrix, layouts, onnxAttributes, onnxCase, reorder, uniform, type OnnxCase } from './reference_onnx_cases.ts';
import { onnxModel, type OnnxValue } from './reference_onnx_model.ts';

const BOUND = 1e-5;
const COUNT = 72;

interface Results { readonly output: Float64Array; readonly hn: Float64Array; readonly cn: Float64Array }
type Arrays = Record<string, Float64Array>;

const wide = (array: ArrayLike<number>): Float64Array => Float64Array.from(array);

/** Runs the operator on the reference's parameters and arrays. */
async function runOnnx(given: OnnxCase, parameters: Arrays, input: Float64Array, h0?: Float64Array, c0?: Float64Array): Promise<Results> {
  const { cell, options } = given;
  const { steps: T, batch: N, inputSize: I, hiddenSize: H, direction, bias, lengths } = options;
  const { operator, gates, peepholes } = layouts[cell]!;
  const suffixes = { forward: [''], reverse: ['_reverse'], bidirectional: ['', '_reverse'] }[direction!];
  const D = suffixes.length;
  const G = gates.length;
  /** The same of both directions, one after the other. */
  const both = (one: (suffix: string) => ArrayLike<number>[]): Float32Array =>
    Float32Array.from(suffixes.flatMap((suffix) => one(suffix).flatMap((part) => Array.from(part))));

  const inputs: (OnnxValue | '')[] = [];
  const feeds: Record<string, Tensor> = {};
  const feed = (name: string, values: Float32Array | Int32Array | undefined, shape: number[]): void => {
    if (!values) {
      inputs.push('');
      return;
    }
    const type = values instanceof Float32Array ? 'float32' : 'int32';
    inputs.push({ name, type, shape });
    feeds[name] = new Tensor(type, values, shape);
  };
  feed('X', Float32Array.from(input), [T, N, I]);
  feed('W', both((suffix) => [reorder(parameters[`weight_ih_l0${suffix}`]!, H * I, gates)]), [D, G * H, I]);
  feed('R', both((suffix) => {
    const weight = parameters[`weight_hh_l0${suffix}`]!;
    return [reorder(options.cell.diagonal ? diagonalMatrix(weight) : weight, H * H, gates)];
  }), [D, G * H, H]);
  feed('B', bias ? both((suffix) => [
    reorder(parameters[`bias_ih_l0${suffix}`]!, H, gates),
    options.cell.diagonal ? new Float32Array(H) : reorder(parameters[`bias_hh_l0${suffix}`]!, H, gates),
  ]) : undefined, [D, 2 * G * H]);
  feed('sequence_lens', lengths && Int32Array.from(lengths), [N]);
  feed('initial_h', h0 && Float32Array.from(h0), [D, N, H]);
  if (operator === 'LSTM') {
    feed('initial_c', c0 && Float32Array.from(c0), [D, N, H]);
    feed('P', peepholes && both((suffix) => [reorder(parameters[`peephole_l0${suffix}`]!, H, peepholes)]), [D, 3 * H]);
  }
  const { attributes, floats } = onnxAttributes(given);
  const names = operator === 'LSTM' ? ['Y', 'Y_h', 'Y_c'] : ['Y', 'Y_h'];
  const model = onnxModel(operator, attributes, inputs, names, floats);
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const { Y, Y_h, Y_c } = await session.run(feeds);
  await session.release();

  // Y is [T,D,N,H].
  const y = Y!.data as Float32Array;
  const output = new Float64Array(T * N * D * H);
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < D; d++) {
      for (let n = 0; n < N; n++) for (let j = 0; j < H; j++) output[((t * N + n) * D + d) * H + j] = y[((t * D + d) * N + n) * H + j]!;
    }
  }
  return { output, hn: wide(Y_h!.data as Float32Array), cn: wide((Y_c?.data ?? []) as Float32Array) };
}

const cases = Array.from({ length: COUNT }, (_, k) => onnxCase(k));

test('the configurations hold every cell and every option many times', () => {
  const count = (has: (given: OnnxCase) => unknown): number => cases.filter((given) => Boolean(has(given))).length;
  for (const cell of Object.keys(layouts)) expect(count((given) => given.cell === cell), cell).toBeGreaterThanOrEqual(8);
  for (const direction of ['forward', 'reverse', 'bidirectional']) expect(count(({ options }) => options.direction === direction)).toBeGreaterThanOrEqual(10);
  expect(count(({ options, cell }) => options.lengths && options.direction !== 'forward' && cell.includes('lstm'))).toBeGreaterThanOrEqual(5);
  expect(count(({ cellOptions, cell }) => cellOptions.clip && cell.includes('peephole'))).toBeGreaterThanOrEqual(3);
  for (const resetAfter of [true, false]) expect(count(({ cellOptions }) => cellOptions.clip && cellOptions.resetAfter === resetAfter)).toBeGreaterThanOrEqual(2);
  expect(count(({ cellOptions }) => cellOptions.activations)).toBeGreaterThanOrEqual(10);
  expect(count(({ initial }) => !initial)).toBeGreaterThanOrEqual(10);
  expect(count(({ options }) => !options.bias)).toBeGreaterThanOrEqual(10);
});

cases.forEach((given, k) => {
  const { cell, cellOptions, options, initial } = given;
  const { steps, batch, inputSize, hiddenSize, direction, bias, lengths } = options;
  const sizes = `T ${steps}, N ${batch}, I ${inputSize}, H ${hiddenSize}`;
  const rest = `${direction}${bias ? '' : ', no bias'}${lengths ? `, lengths ${lengths}` : ''}`;
  test(`ONNX Runtime ${k}: ${cell} ${JSON.stringify(cellOptions)}, ${sizes}, ${rest}`, async () => {
    const draw = uniform(1000 + k);
    // float32-exact, so that both start from the same numbers.
    const random = (size: number, scale: number): Float64Array => Float64Array.from({ length: size }, () => Math.fround((2 * draw() - 1) * scale));
    const D = direction === 'bidirectional' ? 2 : 1;
    const parameters: Arrays = {};
    for (const [name, shape] of Object.entries(recurrentShapes(options))) {
      parameters[name] = random(shape.reduce((a, b) => a * b, 1), name.startsWith('weight') && shape.length > 1 ? 1.5 / Math.sqrt(shape[1]!) : 0.8);
    }
    const input = random(steps * batch * inputSize, 1.5);
    const h0 = initial ? random(D * batch * hiddenSize, 1) : undefined;
    const c0 = initial && options.cell.states > 1 ? random(D * batch * hiddenSize, 1) : undefined;

    const expected = await runOnnx(given, parameters, input, h0, c0);
    const actual = recurrentForward(options, parameters, input, { h0, c0 });
    for (const name of ['output', 'hn', 'cn'] as const) expect(relativeL2(actual[name], expected[name]), name).toBeLessThan(BOUND);
  });
});
