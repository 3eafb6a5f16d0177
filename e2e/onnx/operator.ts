// ONNX Runtime's RNN, LSTM and GRU on PyTorch's parameters, in Node. It computes in float32.
// Version 1.16 is the last that brings its binaries in the package and runs no script to fetch others.

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { cells } from '../../src/reference/cells.ts';
import { diagonalMatrix, layouts, onnxAttributes, reorder, suffixesOf, type OnnxArrays, type OnnxCase } from './cases.ts';
import { onnxModel, type OnnxValue } from './model.ts';

export interface OnnxResults {
  /** [T,N,D*H] */
  readonly output: Float32Array;
  /** [D,N,H] */
  readonly hn: Float32Array;
  /** [D,N,H]; empty for a cell without c. */
  readonly cn: Float32Array;
}

export async function runOnnx(given: OnnxCase, { parameters, input, h0, c0 }: OnnxArrays): Promise<OnnxResults> {
  const { cell, timeSteps: T, batchSize: N, inputSize: I, hiddenSize: H, bias, lengths } = given;
  const { operator, gates, peepholes } = layouts[cell]!;
  const { diagonal } = cells[cell];
  const suffixes = suffixesOf(given);
  const D = suffixes.length;
  const G = gates.length;
  /** The same of both directions, one after the other. */
  const both = (one: (suffix: string) => Float32Array[]): Float32Array =>
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
  feed('X', input, [T, N, I]);
  feed('W', both((suffix) => [reorder(parameters[`weight_ih_l0${suffix}`]!, H * I, gates)]), [D, G * H, I]);
  feed('R', both((suffix) => {
    const weight = parameters[`weight_hh_l0${suffix}`]!;
    return [reorder(diagonal ? diagonalMatrix(weight) : weight, H * H, gates)];
  }), [D, G * H, H]);
  feed('B', bias ? both((suffix) => [
    reorder(parameters[`bias_ih_l0${suffix}`]!, H, gates),
    diagonal ? new Float32Array(H) : reorder(parameters[`bias_hh_l0${suffix}`]!, H, gates),
  ]) : undefined, [D, 2 * G * H]);
  feed('sequence_lens', lengths && Int32Array.from(lengths), [N]);
  feed('initial_h', h0, [D, N, H]);
  if (operator === 'LSTM') {
    feed('initial_c', c0, [D, N, H]);
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
  const output = new Float32Array(T * N * D * H);
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < D; d++) {
      for (let n = 0; n < N; n++) for (let j = 0; j < H; j++) output[((t * N + n) * D + d) * H + j] = y[((t * D + d) * N + n) * H + j]!;
    }
  }
  return { output, hn: Y_h!.data as Float32Array, cn: (Y_c?.data ?? new Float32Array()) as Float32Array };
}
