// A stack of L recurrent layers in one or both directions: PyTorch's torch.nn.LSTM(…) in shapes, names and meaning.

import { expectShape } from './arithmetic.ts';
import { backpropagate } from './backpropagate.ts';
import type { Cell } from './cell.ts';
import { featuresOf, maskShapes, weightShapes, type LayerMasks, type LayerWeights } from './layer.ts';
import { unfold, type Unfolded } from './unfold.ts';

export interface RecurrentOptions {
  readonly cell: Cell;
  /** T */
  readonly timeSteps: number;
  /** N */
  readonly batchSize: number;
  /** I */
  readonly inputSize: number;
  /** H */
  readonly hiddenSize: number;
  /** P, below H: the features of h, for cells with c. */
  readonly projSize?: number | undefined;
  /** L; 1 without it. */
  readonly numLayers?: number;
  /** 'bidirectional' has D = 2, the others D = 1. */
  readonly direction?: 'forward' | 'reverse' | 'bidirectional';
  /** How both directions' outputs become a layer's: side by side (the default), their sum, or their mean. */
  readonly merge?: 'concat' | 'sum' | 'mean';
  readonly bias?: boolean;
  /** [N] steps of each row; all T without it. */
  readonly lengths?: ArrayLike<number> | undefined;
}

/**
 * By name: `weight_ih_l0`, `weight_hh_l1_reverse`, `bias_ih_l0`, …; with a projection `weight_hr_l0`, with peepholes
 * `peephole_l0`, with layer normalization `norm_ih_l0`, `norm_hh_l0`, `norm_c_l0`, `norm_c_bias_l0`. LayerWeights has their shapes.
 */
export type Parameters = Readonly<Record<string, Float64Array>>;

/**
 * By name, each optional: `recurrent_dropout_l0`, `zoneout_h_l1_reverse`, `zoneout_c_l0` (LayerMasks has their shapes), and
 * `dropout_l0` [T,N,O], which multiplies what layer 0 gives to layer 1 (O is a layer's output features).
 */
export type Masks = Readonly<Record<string, Float64Array>>;

/** Shape of every parameter, in PyTorch's order. A layer that runs in reverse only has the suffix `_reverse` too. */
export function recurrentShapes(options: Omit<RecurrentOptions, 'timeSteps' | 'batchSize' | 'lengths'>): Record<string, number[]> {
  const { numLayers = 1, bias = true } = options;
  const shapes: Record<string, number[]> = {};
  for (let l = 0; l < numLayers; l++) {
    for (const suffix of directionsOf(options)) {
      const one = weightShapes({ ...options, inputSize: inputSizeOf(options, l) }, bias);
      for (const [name, shape] of Object.entries(one)) if (shape) shapes[`${name}_l${l}${suffix}`] = shape;
    }
  }
  return shapes;
}

/** Shape of every mask that the stack could be given. */
export function recurrentMaskShapes(options: RecurrentOptions): Record<string, number[]> {
  const { timeSteps, batchSize, numLayers = 1 } = options;
  const shapes: Record<string, number[]> = {};
  for (let l = 0; l < numLayers; l++) {
    if (l < numLayers - 1) shapes[`dropout_l${l}`] = [timeSteps, batchSize, outputSizeOf(options)];
    for (const suffix of directionsOf(options)) {
      for (const [name, shape] of Object.entries(maskShapes(options))) if (shape) shapes[`${name}_l${l}${suffix}`] = shape;
    }
  }
  return shapes;
}

export interface RecurrentForward {
  readonly options: RecurrentOptions;
  readonly masks: Masks;
  /** [T,N,D*F], the forward direction's F first ([T,N,F] where they are summed or averaged); 0 beyond a row's length. F is P or H. */
  readonly output: Float64Array;
  /** [L*D,N,F] */
  readonly hn: Float64Array;
  /** [L*D,N,H]; empty for a cell without c. */
  readonly cn: Float64Array;
  /** One entry a layer and direction, in the order of hn. */
  readonly unfolded: readonly Unfolded[];
}

/**
 * Runs the stack over `input` [T,N,I]; `h0` [L*D,N,F], `c0` [L*D,N,H] are zeros where not given.
 * Throws a RangeError for an array of another size, or with a name that has no place here.
 */
export function recurrentForward(
  options: RecurrentOptions, parameters: Parameters, input: Float64Array,
  initial: { h0?: Float64Array | undefined; c0?: Float64Array | undefined } = {}, masks: Masks = {},
): RecurrentForward {
  const { cell, timeSteps, batchSize, numLayers = 1 } = options;
  const directions = directionsOf(options);
  const rows = timeSteps * batchSize;
  expectNames(parameters, recurrentShapes(options));
  const known = recurrentMaskShapes(options);
  for (const [name, mask] of Object.entries(masks)) {
    if (!known[name]) throw new RangeError(`mask ${name} is given, but the network can take only ${Object.keys(known).join(', ')}`);
    expectShape(`mask ${name}`, mask, known[name]);
  }
  if (initial.c0 && cell.states < 2) throw new RangeError(`c0 is given, but the cell ${cell.name} has no state c`);
  const states = splitStates(options, [['h0', initial.h0], ['c0', initial.c0]]);

  const unfolded: Unfolded[] = [];
  let layerInput = input;
  for (let l = 0; l < numLayers; l++) {
    const runs = directions.map((suffix, d) => unfold(
      { ...options, inputSize: inputSizeOf(options, l), reverse: suffix !== '' },
      pick(parameters, LAYER_WEIGHTS, `_l${l}${suffix}`) as unknown as LayerWeights, layerInput, states[l * directions.length + d]!,
      pick(masks, LAYER_MASKS, `_l${l}${suffix}`),
    ));
    unfolded.push(...runs);
    layerInput = multiplied(merge(options, runs.map((run) => run.output), rows), masks[`dropout_l${l}`]);
  }
  const finals = unfolded.map((run) => run.final);
  return { options, masks, output: layerInput, hn: joinState(finals, 0), cn: joinState(finals, 1), unfolded };
}

export interface RecurrentBackward {
  /** [T,N,I] */
  readonly dInput: Float64Array;
  /** [L*D,N,F] */
  readonly dH0: Float64Array;
  /** [L*D,N,H]; empty for a cell without c. */
  readonly dC0: Float64Array;
  /** Of every parameter, by its name, in fresh arrays. */
  readonly gradients: Parameters;
}

/** Back-propagates `dOutput` (of output's shape), `dHn` [L*D,N,F] and `dCn` [L*D,N,H], each zeros where not given. */
export function recurrentBackward(
  forward: RecurrentForward,
  upstream: { dOutput?: Float64Array | undefined; dHn?: Float64Array | undefined; dCn?: Float64Array | undefined },
): RecurrentBackward {
  const { options, masks, unfolded } = forward;
  const { cell, timeSteps, batchSize, numLayers = 1 } = options;
  const directions = directionsOf(options);
  const D = directions.length;
  const rows = timeSteps * batchSize;
  if (upstream.dCn && cell.states < 2) throw new RangeError(`dCn is given, but the cell ${cell.name} has no state c`);
  if (upstream.dOutput) expectShape('dOutput', upstream.dOutput, [timeSteps, batchSize, outputSizeOf(options)]);
  const dFinal = splitStates(options, [['dHn', upstream.dHn], ['dCn', upstream.dCn]]);

  const gradients: Record<string, Float64Array> = {};
  const dInitial: (readonly Float64Array[])[] = Array.from({ length: numLayers * D });
  let dLayer = upstream.dOutput ?? new Float64Array(rows * outputSizeOf(options));
  for (let l = numLayers - 1; l >= 0; l--) {
    const dInput = new Float64Array(rows * inputSizeOf(options, l));
    const dOutputs = mergeBackward(options, multiplied(dLayer, masks[`dropout_l${l}`]), rows);
    directions.forEach((suffix, d) => {
      const result = backpropagate(unfolded[l * D + d]!, dOutputs[d]!, dFinal[l * D + d]!);
      for (const [name, gradient] of Object.entries(result.gradients)) if (gradient) gradients[`${name}_l${l}${suffix}`] = gradient;
      dInitial[l * D + d] = result.dInitial;
      for (let i = 0; i < dInput.length; i++) dInput[i]! += result.dInput[i]!;
    });
    dLayer = dInput;
  }
  return { dInput: dLayer, dH0: joinState(dInitial, 0), dC0: joinState(dInitial, 1), gradients };
}

/** PyTorch's suffix of each direction, in the order of hn. */
function directionsOf({ direction = 'forward' }: Pick<RecurrentOptions, 'direction'>): readonly string[] {
  return { forward: [''], reverse: ['_reverse'], bidirectional: ['', '_reverse'] }[direction];
}

type Sizes = Pick<RecurrentOptions, 'hiddenSize' | 'projSize' | 'direction' | 'merge' | 'inputSize'>;

function outputSizeOf(options: Sizes): number {
  return featuresOf(options) * (options.merge === undefined || options.merge === 'concat' ? directionsOf(options).length : 1);
}

const inputSizeOf = (options: Sizes, layer: number): number => (layer === 0 ? options.inputSize : outputSizeOf(options));

const LAYER_WEIGHTS = [
  'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh', 'weight_hr', 'peephole', 'norm_ih', 'norm_hh', 'norm_c', 'norm_c_bias',
] as const;
const LAYER_MASKS = ['recurrent_dropout', 'zoneout_h', 'zoneout_c'] as const;

function pick<K extends keyof LayerWeights | keyof LayerMasks>(
  arrays: Parameters, names: readonly K[], suffix: string,
): Partial<Record<K, Float64Array>> {
  const found: Partial<Record<K, Float64Array>> = {};
  for (const name of names) {
    const array = arrays[`${name}${suffix}`];
    if (array) found[name] = array;
  }
  return found;
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

/** Per layer and direction, h [N,F] and c [N,H] of the [L*D,N,·] arrays, zeros for one not given. */
function splitStates(options: RecurrentOptions, arrays: readonly (readonly [string, Float64Array | undefined])[]): Float64Array[][] {
  const { cell, batchSize, hiddenSize, numLayers = 1 } = options;
  const count = numLayers * directionsOf(options).length;
  const widths = [featuresOf(options), hiddenSize];
  arrays.forEach(([name, array], k) => { if (array) expectShape(name, array, [count, batchSize, widths[k]!]); });
  return Array.from({ length: count }, (_, one) => arrays.slice(0, cell.states).map(([, array], k) => {
    const size = batchSize * widths[k]!;
    return array?.slice(one * size, (one + 1) * size) ?? new Float64Array(size);
  }));
}

/** [L*D,N,·] of the given state, empty when the cell has not got it. */
function joinState(states: readonly (readonly Float64Array[])[], state: number): Float64Array {
  return Float64Array.from(states.flatMap((one) => [...(one[state] ?? [])]));
}

/** D arrays [R,F] → a layer's output [R,O]. */
function merge(options: RecurrentOptions, arrays: readonly Float64Array[], rows: number): Float64Array {
  const F = featuresOf(options);
  const O = outputSizeOf(options);
  const scale = options.merge === 'mean' ? 1 / arrays.length : 1;
  const all = new Float64Array(rows * O);
  arrays.forEach((array, d) => {
    for (let row = 0; row < rows; row++) for (let j = 0; j < F; j++) all[row * O + (d * F + j) % O]! += scale * array[row * F + j]!;
  });
  return all;
}

/** The gradient by a layer's output [R,O] → that by each direction's, D arrays [R,F]. */
function mergeBackward(options: RecurrentOptions, dOutput: Float64Array, rows: number): Float64Array[] {
  const F = featuresOf(options);
  const O = outputSizeOf(options);
  const directions = directionsOf(options);
  const scale = options.merge === 'mean' ? 1 / directions.length : 1;
  return directions.map((_, d) => {
    const array = new Float64Array(rows * F);
    for (let row = 0; row < rows; row++) for (let j = 0; j < F; j++) array[row * F + j] = scale * dOutput[row * O + (d * F + j) % O]!;
    return array;
  });
}

const multiplied = (array: Float64Array, mask: Float64Array | undefined): Float64Array => (mask ? array.map((value, i) => value * mask[i]!) : array);
