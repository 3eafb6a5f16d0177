// The layers of a stack and their parameters, by PyTorch's names.
import { recurrentGates, type Cell } from '../cells/cell.ts';
import type { ParameterSpec } from './parameters.ts';

export type Direction = 'forward' | 'reverse' | 'bidirectional';
export type Merge = 'concat' | 'sum' | 'mean';

/** One layer of a stack, before it has memory. */
export interface LayerShape {
  readonly cell: Cell;
  /** I */ readonly inputSize: number;
  /** H */ readonly hiddenSize: number;
  /** P: features of h where it is projected, below H; 0 where it is not. */ readonly projSize: number;
  readonly bias: boolean;
  readonly direction: Direction;
  /** What becomes of the two outputs of a bidirectional layer. */
  readonly merge: Merge;
  /** Chance that an element of what this layer gives to the next one is dropped, in training. */
  readonly dropout: number;
  /** Added to the forget gate's input-side bias at the start. */
  readonly forgetBias: number;
  /** Of weight_hh: 'uniform' in ±1/√H, or the identity for every gate, biases 0 (IRNN, Le et al. 2015). */
  readonly recurrentInit: 'uniform' | 'identity';
}

export type ParameterKind =
  | 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh' | 'peephole' | 'weight_hr' | 'norm_ih' | 'norm_hh' | 'norm_c' | 'norm_c_bias';

/** D: directions of a layer. */
export const directionsOf = ({ direction }: Pick<LayerShape, 'direction'>): 1 | 2 => (direction === 'bidirectional' ? 2 : 1);

/** F: features of h in one direction, P where it is projected and else H. */
export const featuresOf = ({ hiddenSize, projSize }: Pick<LayerShape, 'hiddenSize' | 'projSize'>): number => projSize || hiddenSize;

/** Whether a pass in training draws masks for the layer. */
export const drawsMasks = ({ dropout, cell: { constants } }: Pick<LayerShape, 'dropout' | 'cell'>): boolean =>
  dropout > 0 || ['RECURRENT_DROPOUT', 'ZONEOUT_H', 'ZONEOUT_C'].some((name) => (constants[name] ?? 0) > 0);

/** Features of a layer's output: D*F, or F where its directions are merged. */
export const outputColumns = (layer: LayerShape): number => (layer.merge === 'concat' ? directionsOf(layer) : 1) * featuresOf(layer);

/** PyTorch's name of a parameter of layer `index` in a direction: 0 the first, 1 the second of a bidirectional layer. */
export function parameterName(kind: ParameterKind, index: number, layer: Pick<LayerShape, 'direction'>, direction: number): string {
  return `${kind}_l${index}${layer.direction === 'reverse' || direction === 1 ? '_reverse' : ''}`;
}

/** The parameters of a stack, in PyTorch's order and with its default initialisation, uniform in ±1/√H. */
export function stackParameters(layers: readonly LayerShape[]): ParameterSpec[] {
  return layers.flatMap((layer, index) => Array.from({ length: directionsOf(layer) }, (_, d) => directionParameters(layer, index, d)).flat());
}

function directionParameters(layer: LayerShape, index: number, direction: number): ParameterSpec[] {
  const { cell, inputSize, hiddenSize, projSize, bias, forgetBias, recurrentInit } = layer;
  const name = (kind: ParameterKind): string => parameterName(kind, index, layer, direction);
  const uniform = { distribution: 'uniform', scale: 1 / Math.sqrt(hiddenSize) } as const;
  const [G, R] = [cell.gateOrder.length, recurrentGates(cell)];
  const forget = cell.gateOrder.indexOf('f');
  const raise = forget < 0 || forgetBias === 0 ? undefined : { from: forget * hiddenSize, to: (forget + 1) * hiddenSize, by: forgetBias };
  const identity = recurrentInit === 'identity';
  const biasInit = identity ? { distribution: 'uniform', scale: 0 } as const : uniform;
  const specs: ParameterSpec[] = [{ name: name('weight_ih'), shape: [G * hiddenSize, inputSize], initialise: uniform }];
  if (R > 0) specs.push({ name: name('weight_hh'), shape: [R * hiddenSize, featuresOf(layer)], initialise: identity ? { distribution: 'identity', scale: 1 } : uniform });
  if (cell.diagonal) {
    const ones = identity && cell.diagonal.name === 'weight_hh';
    specs.push({
      name: name(cell.diagonal.name),
      shape: [cell.diagonal.gates.length * hiddenSize],
      initialise: ones ? { distribution: 'uniform', scale: 0, raise: { from: 0, to: hiddenSize, by: 1 } } : uniform,
    });
  }
  if (bias) {
    specs.push({ name: name('bias_ih'), shape: [G * hiddenSize], initialise: { ...biasInit, ...(raise && { raise }) } });
    if (R > 0) specs.push({ name: name('bias_hh'), shape: [R * hiddenSize], initialise: biasInit });
  }
  if (projSize > 0) specs.push({ name: name('weight_hr'), shape: [projSize, hiddenSize], initialise: uniform });
  if (cell.norm) {
    const constant = (kind: ParameterKind, size: number, value: number): ParameterSpec =>
      ({ name: name(kind), shape: [size], initialise: { distribution: 'uniform', scale: 0, raise: { from: 0, to: size, by: value } } });
    specs.push(constant('norm_ih', G * hiddenSize, 1), constant('norm_hh', R * hiddenSize, 1));
    // From norm_hh on they are one stretch: the time loop binds them as one.
    if (cell.states.includes('c')) specs.push(constant('norm_c', hiddenSize, 1), constant('norm_c_bias', hiddenSize, 0));
  }
  return specs;
}
