// Random configurations of ONNX's recurrent operators, the arrays that go in, and the parameters in ONNX's layout.
// Pure functions of a number, so that Node and a page draw the same.

import type { ActivationOption } from '../../src/reference/activation.ts';
import type { CellOptions } from '../../src/reference/cell.ts';
import { cells, type CellName } from '../../src/reference/cells.ts';
import { recurrentShapes } from '../../src/reference/recurrent.ts';
import type { Attribute } from './model.ts';

export interface Sizes {
  /** T */ readonly timeSteps: number;
  /** N */ readonly batchSize: number;
  /** I */ readonly inputSize: number;
  /** H */ readonly hiddenSize: number;
}

/** One layer, as plain data. */
export interface OnnxCase extends Sizes {
  readonly seed: number;
  readonly cell: CellName;
  readonly cellOptions: CellOptions;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly bias: boolean;
  /** [N], all of T steps without it. */
  readonly lengths?: readonly number[];
  /** h0 and c0 are given. */
  readonly initial: boolean;
}

/** Everything exact in float32, so that all implementations start from the same numbers. */
export interface OnnxArrays {
  /** By PyTorch's names, `peephole_l0` i f o (i o where coupled). */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** [T,N,I] */
  readonly input: Float32Array;
  /** [D,N,H] each; h0 only with `initial`, c0 only with `initial` and a cell that has c. */
  readonly h0?: Float32Array;
  readonly c0?: Float32Array;
}

/** Blocks of W, R and B in ONNX's order, as places in the reference's, and the peepholes' i o f; null for one that is ignored. */
interface Layout {
  readonly operator: 'RNN' | 'LSTM' | 'GRU';
  readonly gates: readonly (number | null)[];
  readonly peepholes?: readonly (number | null)[];
}

const lstmGates = [0, 3, 1, 2];
const coupledGates = [0, 2, null, 1];
export const layouts: Partial<Record<CellName, Layout>> = {
  lstm: { operator: 'LSTM', gates: lstmGates },
  peephole_lstm: { operator: 'LSTM', gates: lstmGates, peepholes: [0, 2, 1] },
  coupled_lstm: { operator: 'LSTM', gates: coupledGates },
  coupled_peephole_lstm: { operator: 'LSTM', gates: coupledGates, peepholes: [0, 1, null] },
  gru: { operator: 'GRU', gates: [1, 0, 2] },
  rnn_tanh: { operator: 'RNN', gates: [0] },
  rnn_relu: { operator: 'RNN', gates: [0] },
  ind_rnn: { operator: 'RNN', gates: [0] },
};

const variants: readonly (readonly [CellName, CellOptions])[] = [
  ['lstm', {}], ['peephole_lstm', {}], ['coupled_lstm', {}], ['coupled_peephole_lstm', {}], ['gru', { resetAfter: true }], ['gru', { resetAfter: false }],
  ['rnn_tanh', {}], ['rnn_relu', {}], ['ind_rnn', {}],
];

/** Uniform in [0, 1): xorshift32. */
export function uniform(seed: number): () => number {
  let state = seed * 2654435761 >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The configuration of a seed, no larger than `most`: cells take turns, everything else is drawn. */
export function onnxCase(seed: number, most: Sizes): OnnxCase {
  const draw = uniform(seed + 1);
  for (let warm = 0; warm < 8; warm++) draw();
  const upTo = (limit: number): number => 1 + Math.floor(draw() * limit);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)]!;
  const [cell, own] = variants[seed % variants.length]!;
  const alpha = (): number => 0.25 + draw() / 2;
  const activation = (): ActivationOption =>
    pick<() => ActivationOption>([
      () => 'sigmoid', () => 'tanh', () => 'relu', () => ({ affine: [alpha(), draw() - 0.5] }), () => ({ hardSigmoid: [alpha(), draw()] }),
    ])();
  const { operator } = layouts[cell]!;
  const cellOptions: CellOptions = {
    ...own,
    ...(draw() < 0.4 ? { clipGates: 0.3 + draw() } : {}),
    ...(draw() < 0.4 && operator !== 'RNN'
      ? { activations: { gate: activation(), candidate: activation(), ...(operator === 'LSTM' ? { output: activation() } : {}) } }
      : {}),
    ...(cell === 'ind_rnn' && draw() < 0.5 ? { activation: activation() } : {}),
  };
  const steps = upTo(most.timeSteps);
  const batch = upTo(most.batchSize);
  const lengths = draw() < 0.5 ? Array.from({ length: batch }, () => upTo(steps)) : undefined;
  return {
    seed, cell, cellOptions, timeSteps: steps, batchSize: batch, ...(lengths && { lengths }), initial: draw() < 0.6,
    inputSize: upTo(most.inputSize), hiddenSize: upTo(most.hiddenSize),
    direction: pick(['forward', 'reverse', 'bidirectional'] as const), bias: draw() < 0.7,
  };
}

/** For a reader of the report. */
export function describeCase({ cell, cellOptions, timeSteps, batchSize, inputSize, hiddenSize, direction, bias, lengths, initial }: OnnxCase): string {
  const sizes = `T ${timeSteps}, N ${batchSize}, I ${inputSize}, H ${hiddenSize}`;
  const rest = `${direction}${bias ? '' : ', no bias'}${initial ? '' : ', from zeros'}${lengths ? `, lengths ${lengths}` : ''}`;
  return `${cell} ${JSON.stringify(cellOptions)}, ${sizes}, ${rest}`;
}

/** Directions' suffixes of the parameters' names; there are D. */
export const suffixesOf = ({ direction }: Pick<OnnxCase, 'direction'>): readonly string[] =>
  ({ forward: [''], reverse: ['_reverse'], bidirectional: ['', '_reverse'] })[direction];

/** The arrays that go into a configuration. */
export function onnxArrays(given: OnnxCase): OnnxArrays {
  const { seed, cell, timeSteps, batchSize, inputSize, hiddenSize, initial } = given;
  const draw = uniform(1000 + seed);
  const random = (size: number, scale: number): Float32Array => Float32Array.from({ length: size }, () => (2 * draw() - 1) * scale);
  const parameters: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(recurrentShapes({ ...given, cell: cells[cell] }))) {
    parameters[name] = random(shape.reduce((a, b) => a * b, 1), name.startsWith('weight') && shape.length > 1 ? 1.5 / Math.sqrt(shape[1]!) : 0.8);
  }
  const input = random(timeSteps * batchSize * inputSize, 1.5);
  const states = suffixesOf(given).length * batchSize * hiddenSize;
  return { parameters, input, ...(initial && { h0: random(states, 1), ...(cells[cell].states > 1 && { c0: random(states, 1) }) }) };
}

/** The operator's attributes; `floats` names those that are floats whatever their value. */
export function onnxAttributes(
  { cell, cellOptions, hiddenSize, direction }: OnnxCase,
): { readonly attributes: Record<string, Attribute>; readonly floats: readonly string[] } {
  const { operator } = layouts[cell]!;
  const { gate = 'sigmoid', candidate = 'tanh', output = 'tanh' } = cellOptions.activations ?? {};
  const ofRnn: ActivationOption = cell === 'rnn_tanh' ? 'tanh' : cellOptions.activation ?? 'relu';
  const one = { RNN: [ofRnn], GRU: [gate, candidate], LSTM: [gate, candidate, output] }[operator];
  const all = direction === 'bidirectional' ? [...one, ...one] : one;
  const constants = all.flatMap((item) => (typeof item === 'string' ? [] : ['affine' in item ? item.affine : item.hardSigmoid]));
  return {
    floats: ['clip'],
    attributes: {
      hidden_size: hiddenSize,
      direction,
      activations: all.map((item) => (
        typeof item === 'string' ? item[0]!.toUpperCase() + item.slice(1) : 'affine' in item ? 'Affine' : 'HardSigmoid'
      )),
      ...(constants.length ? { activation_alpha: constants.map(([alpha]) => alpha), activation_beta: constants.map(([, beta]) => beta) } : {}),
      ...(cellOptions.clipGates === undefined ? {} : { clip: cellOptions.clipGates }),
      ...(operator === 'GRU' ? { linear_before_reset: cellOptions.resetAfter ? 1 : 0 } : {}),
      ...(cell.startsWith('coupled') ? { input_forget: 1 } : {}),
    },
  };
}

/** Blocks of `size` values of `array` in another order; an ignored block is filled with 1e3, which would be seen. */
export function reorder(array: Float32Array, size: number, order: readonly (number | null)[]): Float32Array {
  const all = new Float32Array(order.length * size).fill(1e3);
  order.forEach((from, k) => { if (from !== null) all.set(array.subarray(from * size, (from + 1) * size), k * size); });
  return all;
}

/** u [H] as the matrix [H,H] with u on its diagonal. */
export function diagonalMatrix(u: Float32Array): Float32Array {
  const matrix = new Float32Array(u.length ** 2);
  u.forEach((value, j) => { matrix[j * u.length + j] = value; });
  return matrix;
}
