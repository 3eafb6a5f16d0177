// Case files in the format of `npm run conformance`, made by the float64 reference, with the gates in whatever order a case asks for.
import type { ActivationOption } from '../../src/reference/activation.ts';
import { makeCell, type CellName } from '../../src/reference/cells.ts';
import { recurrentBackward, recurrentForward, recurrentShapes, type RecurrentOptions } from '../../src/reference/recurrent.ts';

export type Dtype = 'float32' | 'float64' | 'int32';

export interface EncodedTensor {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly data: string;
}

export interface Recipe {
  readonly id: string;
  readonly cell: 'rnn_tanh' | 'rnn_relu' | 'lstm' | 'gru';
  /** As the file has it; a coupled LSTM with an `f` in it has an unused block. */
  readonly gateOrder: string;
  readonly peepholeOrder?: string;
  readonly layers?: number;
  readonly direction?: 'forward' | 'reverse' | 'bidirectional';
  readonly sizes?: { readonly input: number; readonly hidden: number; readonly batch: number; readonly time: number };
  readonly batchFirst?: boolean;
  readonly bias?: 'both' | 'single' | 'recurrent' | 'none';
  /** P: features of h after a projection, `l0.fwd.Wr` [P,H]. */ readonly projSize?: number;
  readonly lengths?: readonly number[];
  readonly coupled?: boolean;
  /** The unused blocks of f are left out of the weights, though the orders name it. */
  readonly withoutForget?: boolean;
  readonly peephole?: boolean;
  readonly peepholeOutput?: 'new' | 'previous';
  readonly resetAfter?: boolean;
  readonly clip?: number;
  readonly activations?: { readonly gate?: ActivationOption; readonly candidate?: ActivationOption; readonly output?: ActivationOption };
  readonly loss?: 'dot' | 'mse';
  readonly initialStates?: boolean;
  readonly dtype?: Dtype;
  /** The factor of the cotangents, a power of two; 1 without. With one, the case has a floor far below its gradients. */ readonly upstream?: number;
}

/** A case; tests break one by changing parts of it. */
export interface MadeCase {
  id: string;
  task: string;
  cell: string;
  options: Record<string, unknown>;
  gateOrder: string;
  weights: Record<string, unknown>;
  inputs: Record<string, EncodedTensor>;
  loss?: { type: string };
  expected: { output: EncodedTensor; hn: EncodedTensor; cn?: EncodedTensor; loss?: number; grads?: Record<string, EncodedTensor> };
  tolerance: Record<string, number>;
}

export function encode(values: ArrayLike<number>, shape: readonly number[], dtype: Dtype = 'float32'): EncodedTensor {
  const typed = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype].from(values);
  return { shape, dtype, data: Buffer.from(typed.buffer).toString('base64') };
}

/** A whole number from -40 to 40 over `divisor`, which float32 has exactly for a power of two. */
export function drawing(seed: number, divisor: number): (count: number) => Float64Array {
  let state = seed;
  return (count) => Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) % 81 - 40) / divisor;
  });
}

/** [A,B,C] → [B,A,C] */
function swapped(values: ArrayLike<number>, [a, b, c]: readonly [number, number, number]): Float64Array {
  return Float64Array.from({ length: a * b * c }, (_, k) => values[(Math.floor(k / c) % a) * b * c + Math.floor(k / (a * c)) * c + (k % c)]!);
}

/** The case of a recipe: with `loss` of the task gradients, else forward. */
export function makeCase(recipe: Recipe, seed: number): MadeCase {
  const { id, cell, gateOrder, layers = 1, direction = 'forward', batchFirst = false, bias = 'both', loss, dtype = 'float32' } = recipe;
  const { coupled = false, peephole = false, lengths = null, initialStates = false, peepholeOrder = 'iof' } = recipe;
  const { input, hidden, batch, time } = recipe.sizes ?? { input: 3, hidden: 5, batch: 2, time: 4 };
  const D = direction === 'bidirectional' ? 2 : 1;
  const options: RecurrentOptions = {
    cell: referenceCell(recipe), timeSteps: time, batchSize: batch, inputSize: input, hiddenSize: hidden, numLayers: layers, direction,
    ...(recipe.lengths && { lengths: recipe.lengths }), ...(recipe.projSize && { projSize: recipe.projSize }),
  };
  const features = recipe.projSize ?? hidden;
  const [small, whole] = [drawing(seed, 64), drawing(seed + 1, 16)];
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const absent = (parameter: string): boolean =>
    (parameter.startsWith('bias_ih') && bias !== 'both' && bias !== 'single') || (parameter.startsWith('bias_hh') && bias !== 'both' && bias !== 'recurrent');
  const parameters = Object.fromEntries(Object.entries(recurrentShapes(options)).map(([name, shape]) => {
    return [name, absent(name) ? new Float64Array(size(shape)) : small(size(shape))];
  }));

  const [state, cells] = [[layers * D, batch, features], [layers * D, batch, hidden]];
  const outward = (values: ArrayLike<number>, features: number, type: Dtype): EncodedTensor =>
    (batchFirst ? encode(swapped(values, [time, batch, features]), [batch, time, features], type) : encode(values, [time, batch, features], type));
  const x = dtype === 'int32' ? whole(time * batch * input).map((value) => Math.round(value)) : whole(time * batch * input);
  const initial = initialStates ? { h0: whole(size(state)), ...(cell === 'lstm' && { c0: whole(size(cells)) }) } : {};
  const forward = recurrentForward(options, parameters, x, initial);
  const states = Object.entries(initial).map(([name, values]) => [name, encode(values as Float64Array, name === 'c0' ? cells : state)]);
  const inputs = { x: outward(x, input, dtype), ...Object.fromEntries(states) };

  const real: Dtype = dtype === 'int32' ? 'float32' : dtype;
  const engineLetters = cell === 'gru' ? 'rzn' : cell !== 'lstm' ? 'h' : coupled ? 'igo' : 'ifgo';
  /** Every reference array by the case's name, its blocks in the case's order; `filler` for a block that the reference has not got. */
  const named = (arrays: Readonly<Record<string, Float64Array>>, filler: number): Record<string, EncodedTensor> => {
    const result: Record<string, EncodedTensor> = {};
    for (const [name, values] of Object.entries(arrays)) {
      const [, kind = '', layer = '', reverse] = /^(.*)_l(\d+)(_reverse)?$/.exec(name)!;
      const short = { weight_ih: 'Wx', weight_hh: 'Wh', bias_ih: 'bx', bias_hh: 'bh', peephole: 'P', weight_hr: 'Wr' }[kind]!;
      if (absent(name)) continue;
      const [from, whole] = short === 'P' ? [coupled ? 'io' : 'ifo', peepholeOrder] : short === 'Wr' ? ['r', 'r'] : [engineLetters, gateOrder];
      const to = recipe.withoutForget ? whole.replace('f', '') : whole;
      const block = values.length / from.length;
      const rows = [...to].flatMap((letter) => {
        const at = from.indexOf(letter);
        return at < 0 ? Array.from({ length: block }, () => filler) : [...values.subarray(at * block, (at + 1) * block)];
      });
      const height = short === 'Wr' ? features : hidden;
      const columns = short.startsWith('W') ? [block / height] : [];
      result[`l${layer}.${reverse ? 'bwd' : 'fwd'}.${short}`] = encode(rows, [to.length * height, ...columns], real);
    }
    return result;
  };
  const output = (values: ArrayLike<number>): EncodedTensor => outward(values, D * features, real);
  const made: MadeCase = {
    id, task: loss ? 'gradients' : 'forward', cell, gateOrder,
    options: {
      layers, direction, bidirectional: D === 2, input, hidden, ...(recipe.projSize && { projSize: recipe.projSize }), batch, time, batchFirst, bias, lengths, initialStates,
      peephole, ...(peephole && { peepholeOrder, peepholeOutputState: recipe.peepholeOutput ?? 'new' }), coupledInputForget: coupled,
      ...(cell === 'gru' && { resetAfter: recipe.resetAfter ?? true }), clip: recipe.clip ?? null, activations: recipe.activations ?? null,
    },
    weights: named(parameters, 7),
    inputs,
    expected: {
      output: output(forward.output), hn: encode(forward.hn, state, real), ...(cell === 'lstm' && { cn: encode(forward.cn, cells, real) }),
    },
    tolerance: { default: 3e-5, loss: 2e-4, grads: 1e-4 },
  };
  if (!loss) return made;

  made.loss = { type: loss };
  const sum = (a: Float64Array, b: Float64Array): number => a.reduce((total, value, k) => total + value * b[k]!, 0);
  let upstream: { dOutput: Float64Array; dHn?: Float64Array; dCn?: Float64Array };
  if (loss === 'mse') {
    const target = whole(forward.output.length);
    const difference = forward.output.map((value, k) => value - target[k]!);
    made.inputs.target = output(target);
    made.expected.loss = sum(difference, difference) / difference.length / 2;
    upstream = { dOutput: difference.map((value) => value / difference.length) };
  } else {
    const factor = recipe.upstream ?? 1;
    const drawn = (shape: readonly number[]): Float64Array => whole(size(shape)).map((value) => value * factor);
    upstream = { dOutput: drawn([forward.output.length]), dHn: drawn(state), ...(cell === 'lstm' && { dCn: drawn(cells) }) };
    if (factor !== 1) made.tolerance.floor = 1e-15;
    made.inputs.dOutput = output(upstream.dOutput);
    made.inputs.dHn = encode(upstream.dHn!, state);
    if (upstream.dCn) made.inputs.dCn = encode(upstream.dCn, cells);
    const { dOutput, dHn, dCn } = upstream;
    made.expected.loss = sum(forward.output, dOutput) + sum(forward.hn, dHn!) + (dCn ? sum(forward.cn, dCn) : 0);
  }
  const { gradients, dInput, dH0, dC0 } = recurrentBackward(forward, upstream);
  made.expected.grads = {
    ...named(gradients, 0), x: outward(dInput, input, real),
    ...(initialStates && { h0: encode(dH0, state, real), ...(cell === 'lstm' && { c0: encode(dC0, cells, real) }) }),
  };
  return made;
}

function referenceCell({ cell, coupled, peephole, peepholeOutput, resetAfter, clip, activations }: Recipe): RecurrentOptions['cell'] {
  const names: Record<string, CellName> = { lstm: 'lstm', 'lstm+p': 'peephole_lstm', 'lstm+c': 'coupled_lstm', 'lstm+c+p': 'coupled_peephole_lstm' };
  const name = names[`${cell}${coupled ? '+c' : ''}${peephole ? '+p' : ''}`] ?? (cell as CellName);
  return makeCell(name, {
    ...(clip !== undefined && { clipGates: clip }), ...(activations && { activations }),
    ...(peephole && peepholeOutput && { peepholeOutput }), ...(cell === 'gru' && { resetAfter: resetAfter ?? true }),
  });
}

/** Every part of the format once, each in some case. */
export const recipes: readonly Recipe[] = [
  { id: 'lstm-deep', cell: 'lstm', gateOrder: 'iofg', layers: 2, direction: 'bidirectional', batchFirst: true, initialStates: true, loss: 'dot',
    lengths: [4, 0, 2], sizes: { input: 3, hidden: 5, batch: 3, time: 4 } },
  { id: 'lstm-mse', cell: 'lstm', gateOrder: 'gofi', bias: 'single', loss: 'mse', lengths: [3, 4] },
  { id: 'lstm-peephole', cell: 'lstm', gateOrder: 'ifgo', peephole: true, peepholeOutput: 'previous', clip: 0.75, direction: 'reverse', initialStates: true,
    loss: 'dot' },
  { id: 'lstm-coupled', cell: 'lstm', gateOrder: 'iofg', coupled: true, peephole: true, initialStates: true, loss: 'dot' },
  { id: 'lstm-coupled-three', cell: 'lstm', gateOrder: 'oig', peepholeOrder: 'oi', coupled: true, peephole: true, direction: 'bidirectional', loss: 'mse' },
  { id: 'lstm-coupled-left-out', cell: 'lstm', gateOrder: 'ofig', peepholeOrder: 'ofi', coupled: true, peephole: true, withoutForget: true, loss: 'dot' },
  { id: 'lstm-activations', cell: 'lstm', gateOrder: 'iofg', bias: 'recurrent',
    activations: { gate: 'relu', candidate: 'sigmoid', output: { affine: [0.5, 0.25] } } },
  { id: 'lstm-projected', cell: 'lstm', gateOrder: 'iofg', projSize: 2, layers: 2, direction: 'bidirectional', initialStates: true, lengths: [4, 2], loss: 'dot' },
  { id: 'lstm-vanishing', cell: 'lstm', gateOrder: 'fogi', upstream: 2 ** -44, loss: 'dot' },
  { id: 'gru-after', cell: 'gru', gateOrder: 'zrn', direction: 'reverse', lengths: [1, 4], initialStates: true, loss: 'dot' },
  { id: 'gru-before', cell: 'gru', gateOrder: 'nrz', resetAfter: false, bias: 'recurrent', direction: 'bidirectional', layers: 2, loss: 'dot', batchFirst: true },
  { id: 'gru-one-step', cell: 'gru', gateOrder: 'rzn', sizes: { input: 2, hidden: 7, batch: 3, time: 1 }, dtype: 'float64' },
  { id: 'rnn-tanh', cell: 'rnn_tanh', gateOrder: 'h', bias: 'none', loss: 'mse', batchFirst: true },
  { id: 'rnn-relu', cell: 'rnn_relu', gateOrder: 'h', dtype: 'int32', initialStates: true, layers: 3 },
];
