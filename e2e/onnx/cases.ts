// Random configurations of ONNX's recurrent operators, and the reference's parameters in ONNX's layout.

import type { ActivationOption } from '../../src/reference/activation.ts';
import type { CellOptions } from '../../src/reference/cell.ts';
import { makeCell, type CellName } from '../../src/reference/cells.ts';
import type { RecurrentOptions } from '../../src/reference/recurrent.ts';
import type { Attribute } from './reference_onnx_model.ts';

export interface OnnxCase {
  readonly cell: CellName;
  readonly cellOptions: CellOptions;
  readonly options: RecurrentOptions;
  /** h0 and c0 are given. */
  readonly initial: boolean;
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

/** The k-th configuration: cells take turns, everything else is drawn. */
export function onnxCase(k: number): OnnxCase {
  const draw = uniform(k + 1);
  for (let warm = 0; warm < 8; warm++) draw();
  const upTo = (limit: number): number => 1 + Math.floor(draw() * limit);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)]!;
  const [cell, own] = variants[k % variants.length]!;
  const alpha = (): number => 0.25 + draw() / 2;
  const activation = (): ActivationOption =>
    pick<() => ActivationOption>([
      () => 'sigmoid', () => 'tanh', () => 'relu', () => ({ affine: [alpha(), draw() - 0.5] }), () => ({ hardSigmoid: [alpha(), draw()] }),
    ])();
  const { operator } = layouts[cell]!;
  const cellOptions: CellOptions = {
    ...own,
    ...(draw() < 0.4 ? { clip: 0.3 + draw() } : {}),
    ...(draw() < 0.4 && operator !== 'RNN'
      ? { activations: { gate: activation(), candidate: activation(), ...(operator === 'LSTM' ? { output: activation() } : {}) } }
      : {}),
    ...(cell === 'ind_rnn' && draw() < 0.5 ? { activation: activation() } : {}),
  };
  const steps = upTo(8);
  const batch = upTo(5);
  const lengths = draw() < 0.5 ? Array.from({ length: batch }, () => upTo(steps)) : undefined;
  return {
    cell, cellOptions, initial: draw() < 0.6,
    options: {
      cell: makeCell(cell, cellOptions), steps, batch, inputSize: upTo(9), hiddenSize: upTo(17),
      direction: pick(['forward', 'reverse', 'bidirectional'] as const), bias: draw() < 0.7, lengths,
    },
  };
}

/** The operator's attributes; `floats` names those that are floats whatever their value. */
export function onnxAttributes(
  { cell, cellOptions, options }: OnnxCase,
): { readonly attributes: Record<string, Attribute>; readonly floats: readonly string[] } {
  const { operator } = layouts[cell]!;
  const { gate = 'sigmoid', candidate = 'tanh', output = 'tanh' } = cellOptions.activations ?? {};
  const ofRnn: ActivationOption = cell === 'rnn_tanh' ? 'tanh' : cellOptions.activation ?? 'relu';
  const one = { RNN: [ofRnn], GRU: [gate, candidate], LSTM: [gate, candidate, output] }[operator];
  const all = options.direction === 'bidirectional' ? [...one, ...one] : one;
  const constants = all.flatMap((item) => (typeof item === 'string' ? [] : ['affine' in item ? item.affine : item.hardSigmoid]));
  return {
    floats: ['clip'],
    attributes: {
      hidden_size: options.hiddenSize,
      direction: options.direction!,
      activations: all.map((item) => (
        typeof item === 'string' ? item[0]!.toUpperCase() + item.slice(1) : 'affine' in item ? 'Affine' : 'HardSigmoid'
      )),
      ...(constants.length ? { activation_alpha: constants.map(([alpha]) => alpha), activation_beta: constants.map(([, beta]) => beta) } : {}),
      ...(cellOptions.clip === undefined ? {} : { clip: cellOptions.clip }),
      ...(operator === 'GRU' ? { linear_before_reset: cellOptions.resetAfter ? 1 : 0 } : {}),
      ...(cell.startsWith('coupled') ? { input_forget: 1 } : {}),
    },
  };
}

/** Blocks of `size` values of `array` in another order; an ignored block is filled with 1e3, which would be seen. */
export function reorder(array: Float64Array, size: number, order: readonly (number | null)[]): Float32Array {
  const all = new Float32Array(order.length * size).fill(1e3);
  order.forEach((from, k) => { if (from !== null) all.set(array.subarray(from * size, (from + 1) * size), k * size); });
  return all;
}

/** u [H] as the matrix [H,H] with u on its diagonal. */
export function diagonalMatrix(u: Float64Array): Float64Array {
  const matrix = new Float64Array(u.length ** 2);
  u.forEach((value, j) => { matrix[j * u.length + j] = value; });
  return matrix;
}
