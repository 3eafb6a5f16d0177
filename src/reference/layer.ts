// One layer in one direction: its sizes, its parameters, its masks, and the checks of all of them.

import { expectIndices, expectShape } from './arithmetic.ts';
import type { Cell } from './cell.ts';

export interface LayerOptions {
  readonly cell: Cell;
  /** T */
  readonly timeSteps: number;
  /** N */
  readonly batchSize: number;
  /** I */
  readonly inputSize: number;
  /** H */
  readonly hiddenSize: number;
  /** P: h[t] = W_hr·(the cell's h), a vector of P. For cells with c; none without it. */
  readonly projSize?: number | undefined;
  /** Each row runs from its own last element to its first. */
  readonly reverse?: boolean;
  /** [N] steps of each row, 0 to T; all T without it. */
  readonly lengths?: ArrayLike<number> | undefined;
}

/** Features of h and of the output, F: P where there is a projection, else H. */
export const featuresOf = ({ hiddenSize, projSize }: Pick<LayerOptions, 'hiddenSize' | 'projSize'>): number => projSize ?? hiddenSize;

/** The parameters of one layer in one direction; their gradients have the same form. */
export interface LayerWeights {
  /** [Gi*H, I] */
  readonly weight_ih: Float64Array;
  /** [Gr*H, F], [Gr*H] for a diagonal cell. Not of a cell without recurrent gates. */
  readonly weight_hh?: Float64Array | undefined;
  /** [Gi*H] */
  readonly bias_ih?: Float64Array | undefined;
  /** [Gr*H]; not of a diagonal cell. */
  readonly bias_hh?: Float64Array | undefined;
  /** [P, H] the projection. */
  readonly weight_hr?: Float64Array | undefined;
  /** [peepholes*H], for cells that have them. */
  readonly peephole?: Float64Array | undefined;
  /** [Gi*H], [Gr*H], [H] gains and [H] bias of a layer-normalized cell; the last two where it has c. */
  readonly norm_ih?: Float64Array | undefined;
  readonly norm_hh?: Float64Array | undefined;
  readonly norm_c?: Float64Array | undefined;
  readonly norm_c_bias?: Float64Array | undefined;
}

/** Shapes of the parameters, null for one that this layer has not got. */
export function weightShapes(
  { cell, inputSize, hiddenSize: H, projSize }: Omit<LayerOptions, 'timeSteps' | 'batchSize'>, bias: boolean,
): Record<keyof LayerWeights, number[] | null> {
  const { inputGates, recurrentGates, diagonal, peepholes, layerNorm } = cell;
  const matrix = [recurrentGates * H, projSize ?? H];
  return {
    weight_ih: [inputGates * H, inputSize],
    weight_hh: recurrentGates === 0 ? null : diagonal ? [recurrentGates * H] : matrix,
    bias_ih: bias ? [inputGates * H] : null,
    bias_hh: bias && recurrentGates > 0 && !diagonal ? [recurrentGates * H] : null,
    weight_hr: projSize === undefined ? null : [projSize, H],
    peephole: peepholes > 0 ? [peepholes * H] : null,
    norm_ih: layerNorm ? [inputGates * H] : null,
    norm_hh: layerNorm ? [recurrentGates * H] : null,
    norm_c: layerNorm && cell.states > 1 ? [H] : null,
    norm_c_bias: layerNorm && cell.states > 1 ? [H] : null,
  };
}

/** Given masks, each optional. */
export interface LayerMasks {
  /** [N,F] multiplies h[t-1] inside the recurrent product, at every step the same (Gal & Ghahramani 2016). */
  readonly recurrent_dropout?: Float64Array | undefined;
  /**
   * [T,N,F] by time, 0 to 1: h[t] = m·h[t-1] + (1 - m)·(the cell's h[t]), so 1 keeps the old value and the rate itself is what
   * evaluation takes (Krueger et al. 2017). The cell's h is made from its own new c, whatever the zoneout of c.
   */
  readonly zoneout_h?: Float64Array | undefined;
  /** [T,N,H] the same for c. */
  readonly zoneout_c?: Float64Array | undefined;
}

/** Shapes of the masks, null for one that has no sense in this layer. */
export function maskShapes(options: Omit<LayerOptions, 'inputSize'>): Record<keyof LayerMasks, number[] | null> {
  const { cell, timeSteps, batchSize, hiddenSize } = options;
  return {
    recurrent_dropout: cell.recurrentGates > 0 ? [batchSize, featuresOf(options)] : null,
    zoneout_h: [timeSteps, batchSize, featuresOf(options)],
    zoneout_c: cell.states > 1 ? [timeSteps, batchSize, hiddenSize] : null,
  };
}

/** Throws a RangeError for an array that is missing, of another size, or not of this layer, and for a projection that the cell cannot have. */
export function checkLayer(options: LayerOptions, weights: LayerWeights, masks: LayerMasks): void {
  const { cell, timeSteps, batchSize, hiddenSize, projSize, lengths } = options;
  if (projSize !== undefined && (cell.states < 2 || !(projSize > 0 && projSize < hiddenSize))) {
    throw new RangeError(
      `projSize is ${projSize}, but it must be from 1 to ${hiddenSize - 1}, below the hidden size, and the cell one with c (${cell.name} is given)`,
    );
  }
  const shapes = weightShapes(options, weights.bias_ih !== undefined);
  for (const [name, shape] of Object.entries(shapes) as [keyof LayerWeights, number[] | null][]) {
    const array = weights[name];
    if (shape && !array) throw new RangeError(`${name} is missing; the cell ${cell.name} has it, of shape [${shape.join(', ')}]`);
    if (!shape && array) throw new RangeError(`${name} is given, but this layer of the cell ${cell.name} has none`);
    if (shape && array) expectShape(name, array, shape);
  }
  for (const [name, shape] of Object.entries(maskShapes(options)) as [keyof LayerMasks, number[] | null][]) {
    const array = masks[name];
    if (!shape && array) throw new RangeError(`the mask ${name} is given, but it has no place in a layer of the cell ${cell.name}`);
    if (shape && array) expectShape(name, array, shape);
  }
  if (lengths) {
    expectShape('lengths', lengths, [batchSize]);
    expectIndices('lengths', lengths, timeSteps + 1);
  }
}

/** Throws a RangeError unless `states` are the cell's: h [N,F], and c [N,H] where it has it. */
export function expectStates(name: string, states: readonly Float64Array[], options: LayerOptions): void {
  const { cell, batchSize, hiddenSize } = options;
  if (states.length !== cell.states) throw new RangeError(`${name} holds ${states.length} states, but the cell ${cell.name} carries ${cell.states}`);
  states.forEach((state, k) => expectShape(`${name}[${k}]`, state, [batchSize, k === 0 ? featuresOf(options) : hiddenSize]));
}

export const lengthOf = (options: LayerOptions, n: number): number => options.lengths?.[n] ?? options.timeSteps;

/** The time that row n reads at its step s. */
export const timeOf = (options: LayerOptions, n: number, s: number): number => (options.reverse ? lengthOf(options, n) - 1 - s : s);
