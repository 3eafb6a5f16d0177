// The layers of a stack and their parameters, by PyTorch's names.
import { recurrentGates, type Cell } from '../cells/cell.ts';
import type { ParameterSpec } from './parameters.ts';

export type Direction = 'forward' | 'reverse' | 'bidirectional';
export type Merge = 'concat' | 'sum' | 'mean';

/** One layer of a stack, before it has memory. */
export interface LayerShape {
  readonly cell: Cell;
  /** I */ readonly input: number;
  /** H */ readonly hidden: number;
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

export type ParameterKind = 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh' | 'peephole';

/** D: directions of a layer. */
export const directionsOf = ({ direction }: Pick<LayerShape, 'direction'>): 1 | 2 => (direction === 'bidirectional' ? 2 : 1);

/** Features of a layer's output: D*H, or H where its directions are merged. */
export const outputColumns = (layer: LayerShape): number => (layer.merge === 'concat' ? directionsOf(layer) : 1) * layer.hidden;

/** PyTorch's name of a parameter of layer `index` in a direction: 0 the first, 1 the second of a bidirectional layer. */
export function parameterName(kind: ParameterKind, index: number, layer: Pick<LayerShape, 'direction'>, direction: number): string {
  return `${kind}_l${index}${layer.direction === 'reverse' || direction === 1 ? '_reverse' : ''}`;
}

/** The parameters of a stack, in PyTorch's order and with its default initialisation, uniform in ±1/√H. */
export function stackParameters(layers: readonly LayerShape[]): ParameterSpec[] {
  return layers.flatMap((layer, index) => Array.from({ length: directionsOf(layer) }, (_, d) => directionParameters(layer, index, d)).flat());
}

function directionParameters(layer: LayerShape, index: number, direction: number): ParameterSpec[] {
  const { cell, input, hidden, bias, forgetBias, recurrentInit } = layer;
  const name = (kind: ParameterKind): string => parameterName(kind, index, layer, direction);
  const uniform = { distribution: 'uniform', scale: 1 / Math.sqrt(hidden) } as const;
  const [G, R] = [cell.gateOrder.length, recurrentGates(cell)];
  const forget = cell.gateOrder.indexOf('f');
  const raise = forget < 0 || forgetBias === 0 ? undefined : { from: forget * hidden, to: (forget + 1) * hidden, by: forgetBias };
  const identity = recurrentInit === 'identity';
  const biasInit = identity ? { distribution: 'uniform', scale: 0 } as const : uniform;
  const specs: ParameterSpec[] = [{ name: name('weight_ih'), shape: [G * hidden, input], initialise: uniform }];
  if (R > 0) specs.push({ name: name('weight_hh'), shape: [R * hidden, hidden], initialise: identity ? { distribution: 'identity', scale: 1 } : uniform });
  if (cell.diagonal) {
    const ones = identity && cell.diagonal.name === 'weight_hh';
    specs.push({
      name: name(cell.diagonal.name),
      shape: [cell.diagonal.gates.length * hidden],
      initialise: ones ? { distribution: 'uniform', scale: 0, raise: { from: 0, to: hidden, by: 1 } } : uniform,
    });
  }
  if (bias) {
    specs.push({ name: name('bias_ih'), shape: [G * hidden], initialise: { ...biasInit, ...(raise && { raise }) } });
    if (R > 0) specs.push({ name: name('bias_hh'), shape: [R * hidden], initialise: biasInit });
  }
  return specs;
}
