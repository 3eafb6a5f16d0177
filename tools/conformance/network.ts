// From a case's names, gate order and layout to those of the engine's operator, and back.
import type { RecurrentOptions } from '../../src/layers/recurrent.ts';
import { featuresOf, type Architecture } from './architecture.ts';
import { decode, decodeShaped, MalformedCase, sameShape, type Tensor } from './tensor.ts';
import { Unsupported } from './words.ts';

/** A weight of the case and the parameter of the engine that stands for it. */
export interface Weight {
  /** Of the case: `l0.fwd.Wx`. */ readonly name: string;
  /** Of the engine: `weight_ih_l0`. */ readonly parameter: string;
  /** Letters of the blocks along axis 0, as the case has them and as the engine has them. */
  readonly letters: { readonly own: string; readonly engine: string };
  /** The case's shape. */ readonly shape: readonly number[];
  /** Null: not in the case, zero. */ readonly values: Float64Array | null;
}

export interface Network {
  /** Time first. */
  readonly options: RecurrentOptions;
  readonly weights: readonly Weight[];
  /** L*D */ readonly states: number;
  /** F: features of h, H or those of the projection. */ readonly features: number;
  /** D*F */ readonly columns: number;
  readonly hasCellState: boolean;
}

/** @param named further weights by name, of which a result is wanted: absent ones count as zero */
export function networkOf(one: Architecture, named: readonly string[] = []): Network {
  const { cell, layers, direction, input, hidden, projSize, clip, activations, peephole, peepholeOutput } = one;
  const D = direction === 'bidirectional' ? 2 : 1;
  const weights = weightsOf(one, [...Object.keys(one.weights), ...named]);
  return {
    options: {
      cell: engineCell(one), inputSize: input, hiddenSize: hidden, numLayers: layers, direction, ...(projSize > 0 && { projSize }),
      bias: weights.some(({ parameter }) => parameter.startsWith('bias')),
      ...(cell === 'gru' && { resetAfter: one.resetAfter }),
      ...(clip !== null && { clipGates: clip }),
      ...(activations && { activations }),
      ...(peephole && { peepholeOutput }),
    },
    weights,
    states: layers * D,
    features: featuresOf(one),
    columns: D * featuresOf(one),
    hasCellState: cell === 'lstm',
  };
}

function engineCell({ cell, coupled, peephole }: Architecture): RecurrentOptions['cell'] {
  if (cell !== 'lstm') return cell;
  return coupled ? (peephole ? 'coupled_peephole_lstm' : 'coupled_lstm') : peephole ? 'peephole_lstm' : 'lstm';
}

/** Gates of weight_ih and weight_hh in the engine's order. */
const engineGates = ({ cell, coupled }: Architecture): string => (cell === 'gru' ? 'rzn' : cell !== 'lstm' ? 'h' : coupled ? 'igo' : 'ifgo');

function weightsOf(one: Architecture, names: readonly string[]): Weight[] {
  const { layers, direction, input, hidden, projSize, coupled, peephole } = one;
  const directions = { forward: ['fwd'], reverse: ['bwd'], bidirectional: ['fwd', 'bwd'] }[direction];
  const hasBias = names.some((name) => /\.b[xh]$/.test(name));
  const weights: Weight[] = [];
  for (let l = 0; l < layers; l++) {
    const features = l === 0 ? input : directions.length * featuresOf(one);
    for (const side of directions) {
      const suffix = `_l${l}${side === 'bwd' ? '_reverse' : ''}`;
      const add = (kind: string, parameter: string, own: string, engine: string, columns: readonly number[], required: boolean, rows = hidden): void => {
        const name = `l${l}.${side}.${kind}`;
        weights.push(weightOf(one, name, `${parameter}${suffix}`, { own, engine }, [rows, ...columns], required));
      };
      const gates = engineGates(one);
      add('Wx', 'weight_ih', one.gateOrder, gates, [features], true);
      add('Wh', 'weight_hh', one.gateOrder, gates, [featuresOf(one)], true);
      if (projSize > 0) add('Wr', 'weight_hr', 'r', 'r', [hidden], true, projSize);
      if (hasBias) add('bx', 'bias_ih', one.gateOrder, gates, [], false);
      if (hasBias) add('bh', 'bias_hh', one.gateOrder, gates, [], false);
      if (peephole) add('P', 'peephole', one.peepholeOrder, coupled ? 'io' : 'ifo', [], false);
    }
  }
  const known = new Set(weights.map(({ name }) => name));
  const stray = Object.keys(one.weights).find((name) => !known.has(name));
  if (stray) throw new Unsupported(`weight ${stray} in a network of ${layers} layers, ${direction}`);
  return weights;
}

/** @param block the shape of one of its blocks: [H,I], [H,F], [H], or [P,H] of the projection */
function weightOf(
  one: Architecture, name: string, parameter: string, { own, engine }: Weight['letters'], [rows = 0, ...columns]: readonly number[], required: boolean,
): Weight {
  const given = one.weights[name];
  const shapeFor = (letters: string): number[] => [letters.length * rows, ...columns];
  if (given === undefined) {
    if (required) throw new MalformedCase(`weight ${name} [${shapeFor(own)}] is missing`);
    return { name, parameter, letters: { own, engine }, shape: shapeFor(own), values: null };
  }
  // A coupled cell has no use for the forget gate's block; it may be there or not.
  const fewer = own.replace('f', '');
  if (one.coupled && fewer !== own && sameShape(decode(name, given).shape, shapeFor(fewer))) own = fewer;
  return { name, parameter, letters: { own, engine }, shape: shapeFor(own), values: decodeShaped(name, given, shapeFor(own)).values };
}

/** Blocks of `from` in the order of `to`; zeros for one that `from` has not got. */
export function reorder(values: Float64Array, from: string, to: string): Float64Array {
  const block = values.length / from.length;
  const result = new Float64Array(to.length * block);
  [...to].forEach((letter, k) => {
    const at = from.indexOf(letter);
    if (at >= 0) result.set(values.subarray(at * block, (at + 1) * block), k * block);
  });
  return result;
}

/** What the engine's parameter is to hold. */
export function toEngine({ letters, shape, values }: Weight): Float32Array {
  const own = values ?? new Float64Array(shape.reduce((product, each) => product * each, 1));
  return Float32Array.from(reorder(own, letters.own, letters.engine));
}

/** The engine's gradient of that parameter as the case lays it out: 0 for a block that the engine has not got. */
export function gradientOf({ letters, shape }: Weight, array: Float32Array): Tensor {
  return { shape, values: reorder(Float64Array.from(array), letters.engine, letters.own) };
}

/** The engine's parameter likewise; a block that the engine has not got stays what it was. */
export function weightAfter(weight: Weight, array: Float32Array): Tensor {
  const { letters, values } = weight;
  const tensor = gradientOf(weight, array);
  const block = tensor.values.length / letters.own.length;
  [...letters.own].forEach((letter, k) => {
    if (values && !letters.engine.includes(letter)) tensor.values.set(values.subarray(k * block, (k + 1) * block), k * block);
  });
  return tensor;
}
