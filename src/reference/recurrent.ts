// A stack of L recurrent layers in one or both directions: PyTorch's torch.nn.LSTM(…) in shapes, names and meaning.

import { expectShape } from './arithmetic.ts';
import type { Cell } from './cell.ts';
import { backpropagate, unfold, weightShapes, type Unfolded, type UnfoldWeights } from './unfold.ts';

export interface RecurrentOptions {
  readonly cell: Cell;
  /** T */
  readonly steps: number;
  /** N */
  readonly batch: number;
  /** I */
  readonly inputSize: number;
  /** H */
  readonly hiddenSize: number;
  /** L; 1 without it. */
  readonly layers?: number;
  /** 'bidirectional' has D = 2, the others D = 1. */
  readonly direction?: 'forward' | 'reverse' | 'bidirectional';
  readonly bias?: boolean;
  /** [N] steps of each row; all T without it. */
  readonly lengths?: ArrayLike<number> | undefined;
}

/** By name: `weight_ih_l0`, `weight_hh_l1_reverse`, `bias_ih_l0`, …; cells with diagonal weights add `diagonal_l0`. */
export type Parameters = Readonly<Record<string, Float64Array>>;

/** Shape of every parameter, in PyTorch's order. A layer that runs in reverse only has the suffix `_reverse` too. */
export function recurrentShapes(options: Omit<RecurrentOptions, 'steps' | 'batch' | 'lengths'>): Record<string, number[]> {
  const { cell, inputSize, hiddenSize, layers = 1, bias = true } = options;
  const directions = directionsOf(options);
  const shapes: Record<string, number[]> = {};
  for (let l = 0; l < layers; l++) {
    for (const suffix of directions) {
      const one = weightShapes(cell, l === 0 ? inputSize : directions.length * hiddenSize, hiddenSize, bias);
      for (const [name, shape] of Object.entries(one)) if (shape) shapes[`${name}_l${l}${suffix}`] = shape;
    }
  }
  return shapes;
}

export interface RecurrentForward {
  readonly options: RecurrentOptions;
  /** [T,N,D*H], the forward direction's H first; 0 beyond a row's length. */
  readonly output: Float64Array;
  /** [L*D,N,H] */
  readonly hn: Float64Array;
  /** [L*D,N,H]; empty for a cell without c. */
  readonly cn: Float64Array;
  /** One entry a layer and direction, in the order of hn. */
  readonly unfolded: readonly Unfolded[];
}

/** Runs the stack over `input` [T,N,I]; `h0`, `c0` [L*D,N,H] are zeros where not given. Throws a RangeError for an array of another size. */
export function recurrentForward(
  options: RecurrentOptions, parameters: Parameters, input: Float64Array, initial: { h0?: Float64Array | undefined; c0?: Float64Array | undefined } = {},
): RecurrentForward {
  const { cell, steps, batch, inputSize, hiddenSize, layers = 1 } = options;
  const directions = directionsOf(options);
  expectNames(parameters, recurrentShapes(options));
  if (initial.c0 && cell.states < 2) throw new RangeError(`c0 is given, but the cell ${cell.name} has no state c`);
  const states = splitStates(options, [['h0', initial.h0], ['c0', initial.c0]]);

  const unfolded: Unfolded[] = [];
  let layerInput = input;
  for (let l = 0; l < layers; l++) {
    const runs = directions.map((suffix, d) => unfold(
      { ...options, inputSize: l === 0 ? inputSize : directions.length * hiddenSize, reverse: suffix !== '' },
      pick(parameters, `_l${l}${suffix}`), layerInput, states[l * directions.length + d]!,
    ));
    unfolded.push(...runs);
    layerInput = interleave(runs.map((run) => run.output), steps * batch, hiddenSize);
  }
  return { options, output: layerInput, hn: joinState(unfolded.map((run) => run.final), 0), cn: joinState(unfolded.map((run) => run.final), 1), unfolded };
}

export interface RecurrentBackward {
  /** [T,N,I] */
  readonly dInput: Float64Array;
  /** [L*D,N,H] */
  readonly dH0: Float64Array;
  /** [L*D,N,H]; empty for a cell without c. */
  readonly dC0: Float64Array;
  /** Of every parameter, by its name, in fresh arrays. */
  readonly gradients: Parameters;
}

/** Back-propagates `dOutput` [T,N,D*H], `dHn` and `dCn` [L*D,N,H], each zeros where not given. */
export function recurrentBackward(
  forward: RecurrentForward,
  upstream: { dOutput?: Float64Array | undefined; dHn?: Float64Array | undefined; dCn?: Float64Array | undefined },
): RecurrentBackward {
  const { options, unfolded } = forward;
  const { cell, steps, batch, inputSize, hiddenSize, layers = 1 } = options;
  const directions = directionsOf(options);
  const D = directions.length;
  if (upstream.dCn && cell.states < 2) throw new RangeError(`dCn is given, but the cell ${cell.name} has no state c`);
  if (upstream.dOutput) expectShape('dOutput', upstream.dOutput, [steps, batch, D * hiddenSize]);
  const dFinal = splitStates(options, [['dHn', upstream.dHn], ['dCn', upstream.dCn]]);

  const gradients: Record<string, Float64Array> = {};
  const dInitial: (readonly Float64Array[])[] = Array.from({ length: layers * D });
  let dLayer = upstream.dOutput ?? new Float64Array(steps * batch * D * hiddenSize);
  for (let l = layers - 1; l >= 0; l--) {
    const dInput = new Float64Array(steps * batch * (l === 0 ? inputSize : D * hiddenSize));
    directions.forEach((suffix, d) => {
      const result = backpropagate(unfolded[l * D + d]!, part(dLayer, D, d, steps * batch, hiddenSize), dFinal[l * D + d]!);
      for (const [name, gradient] of Object.entries(result.gradients)) if (gradient) gradients[`${name}_l${l}${suffix}`] = gradient;
      dInitial[l * D + d] = result.dInitial;
      for (let i = 0; i < dInput.length; i++) dInput[i]! += result.dInput[i]!;
    });
    dLayer = dInput;
  }
  return { dInput: dLayer, dH0: joinState(dInitial, 0), dC0: joinState(dInitial, 1), gradients };
}

/** PyTorch's suffix of each direction, in the order of hn. */
function directionsOf({ direction = 'forward' }: { readonly direction?: RecurrentOptions['direction'] }): readonly string[] {
  return { forward: [''], reverse: ['_reverse'], bidirectional: ['', '_reverse'] }[direction];
}

function pick(parameters: Parameters, suffix: string): UnfoldWeights {
  return {
    weight_ih: parameters[`weight_ih${suffix}`]!,
    weight_hh: parameters[`weight_hh${suffix}`]!,
    bias_ih: parameters[`bias_ih${suffix}`],
    bias_hh: parameters[`bias_hh${suffix}`],
    diagonal: parameters[`diagonal${suffix}`],
  };
}

/** Throws a RangeError unless `parameters` holds exactly the names and sizes of `shapes`. */
export function expectNames(parameters: Parameters, shapes: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const array = parameters[name];
    if (!array) throw new RangeError(`parameter ${name} [${shape.join(', ')}] is missing; given are ${Object.keys(parameters).join(', ')}`);
    expectShape(name, array, shape);
  }
  for (const name of Object.keys(parameters)) {
    if (!shapes[name]) throw new RangeError(`parameter ${name} is given, but the network has only ${Object.keys(shapes).join(', ')}`);
  }
}

/** Per layer and direction, per state: [N,H] of the [L*D,N,H] arrays, zeros for one not given. */
function splitStates(options: RecurrentOptions, arrays: readonly (readonly [string, Float64Array | undefined])[]): Float64Array[][] {
  const { cell, batch, hiddenSize, layers = 1 } = options;
  const count = layers * directionsOf(options).length;
  const size = batch * hiddenSize;
  for (const [name, array] of arrays) if (array) expectShape(name, array, [count, batch, hiddenSize]);
  return Array.from({ length: count }, (_, k) =>
    arrays.slice(0, cell.states).map(([, array]) => array?.slice(k * size, (k + 1) * size) ?? new Float64Array(size)));
}

/** [L*D,N,H] of the given state, empty when the cell has not got it. */
function joinState(states: readonly (readonly Float64Array[])[], state: number): Float64Array {
  return Float64Array.from(states.flatMap((one) => [...(one[state] ?? [])]));
}

/** D arrays [R,H] → [R,D*H]. */
function interleave(arrays: readonly Float64Array[], rows: number, size: number): Float64Array {
  const all = new Float64Array(arrays.length * rows * size);
  arrays.forEach((array, d) => {
    for (let row = 0; row < rows; row++) all.set(array.subarray(row * size, (row + 1) * size), (row * arrays.length + d) * size);
  });
  return all;
}

/** The d-th [R,H] of [R,D*H]. */
function part(all: Float64Array, D: number, d: number, rows: number, size: number): Float64Array {
  const array = new Float64Array(rows * size);
  for (let row = 0; row < rows; row++) array.set(all.subarray((row * D + d) * size, (row * D + d + 1) * size), row * size);
  return array;
}
