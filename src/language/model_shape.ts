// A model's shape: what its options make of layers and parameters, before it has memory.
import type { Activation, CellOptions } from '../cells/activation.ts';
import { checkOptions, isPlain, type Checks } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { finite, wholeNumber } from '../checks/values.ts';
import type { ParameterSpec } from '../layers/parameters.ts';
import { cellOf, checkProjection, LAYER_OPTIONS, type RecurrentOptions } from '../layers/recurrent.ts';
import { checkDepth } from '../layers/sizes.ts';
import { outputColumns, stackParameters, type LayerShape } from '../layers/stack_parameters.ts';

/** A layer, with the operator's options that have a sense in a model that reads forward. Masks are drawn in training alone. */
export interface LayerOptions extends CellOptions, Pick<RecurrentOptions, 'cell' | 'resetAfter' | 'recurrentInit' | 'projSize'> {
  /** H */
  readonly hiddenSize: number;
  /** The chance that an element of what this layer gives to the next, or to the head, is dropped in training. Default 0. */
  readonly dropout?: number;
}

/** A learned embedding. */
export interface EmbeddingOptions {
  /** E: features of each token's row. */
  readonly size: number;
}

/** What a file keeps of a model besides its weights and its vocabulary. */
export interface ModelJSON {
  readonly embedding: EmbeddingOptions | 'one-hot';
  readonly layers: readonly LayerOptions[];
  readonly forgetBias: number;
}

export interface ModelShape {
  readonly layers: readonly LayerShape[];
  readonly parameters: readonly ParameterSpec[];
}

const LAYER: Checks<LayerOptions> = { ...LAYER_OPTIONS, hiddenSize: wholeNumber };

/** What a model's options must be, those of its layers among them. */
export const MODEL_SHAPE: Checks<ModelJSON> = {
  embedding: checkEmbedding,
  layers: (layers, name) => {
    if (!Array.isArray(layers) || layers.length === 0) {
      throw new RangeError(`${name} must list at least one layer, such as { cell: 'lstm', hiddenSize: 128 }; ${shown(layers)} was given`);
    }
    checkDepth(layers.length, 'the number of layers');
    layers.forEach((layer: LayerOptions, l) => checkOptions(layer, 'a layer', LAYER, ['cell', 'hiddenSize'], `${name}[${l}].`));
  },
  forgetBias: finite,
};

/** @throws TypeError for what is neither 'one-hot' nor { size }; RangeError for a size that is no positive whole number */
function checkEmbedding(embedding: EmbeddingOptions | 'one-hot', name: string): void {
  if (embedding === 'one-hot') return;
  if (!isPlain(embedding)) throw new TypeError(`${name} must be { size: 64 }, or of another size, or 'one-hot'; ${shown(embedding)} was given`);
  checkOptions(embedding, 'an embedding', { size: wholeNumber }, ['size'], `${name}.`);
}

/** @throws RangeError or TypeError for an option that is out of bounds or of another type, saying which layer it is of */
export function modelShape(vocabulary: number, json: ModelJSON): ModelShape {
  checkOptions(json, 'a model', MODEL_SHAPE, ['embedding', 'layers', 'forgetBias']);
  const { embedding, layers, forgetBias } = json;
  const shapes: LayerShape[] = [];
  for (const [l, layer] of layers.entries()) {
    const below = shapes.at(-1);
    const inputSize = below ? outputColumns(below) : embedding === 'one-hot' ? vocabulary : embedding.size;
    shapes.push(layerShape(layer, `layers[${l}]`, { inputSize, forgetBias }));
  }
  const top = outputColumns(shapes.at(-1)!);
  const headInit = { distribution: 'uniform', scale: 1 / Math.sqrt(top) } as const;
  const table: ParameterSpec[] =
    embedding === 'one-hot' ? [] : [{ name: 'embedding.weight', shape: [vocabulary, embedding.size], initialise: { distribution: 'normal', scale: 1 } }];
  return {
    layers: shapes,
    parameters: [
      ...table,
      ...stackParameters(shapes),
      { name: 'head.weight', shape: [vocabulary, top], initialise: headInit },
      { name: 'head.bias', shape: [vocabulary], initialise: headInit },
    ],
  };
}

/** One layer, its options checked. */
function layerShape(options: LayerOptions, name: string, { inputSize, forgetBias }: { inputSize: number; forgetBias: number }): LayerShape {
  const { hiddenSize, dropout = 0, recurrentInit = 'uniform', projSize = 0 } = options;
  try {
    const shape: LayerShape = { cell: cellOf(options), inputSize, hiddenSize, projSize, bias: true, direction: 'forward', merge: 'concat', dropout, forgetBias, recurrentInit };
    checkProjection(shape);
    return shape;
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`;
    throw error;
  }
}

/**
 * How one model differs from another in what it computes, `training` included or not, in words; null where it does not. How weights
 * began is no matter.
 */
export function modelDifference(file: ModelJSON, own: ModelJSON, { training }: { training: boolean }): string | null {
  const [there, here] = [file, own].map(({ embedding }) => JSON.stringify(embedding));
  if (there !== here) return `embedding ${there} in the file and ${here} here`;
  if (file.layers.length !== own.layers.length) return `${file.layers.length} layers in the file and ${own.layers.length} here`;
  for (const [l, layer] of own.layers.entries()) {
    const [theirs, ours] = [computed(file.layers[l]!, training), computed(layer, training)];
    for (const [option, value] of Object.entries(ours)) {
      const [a, b] = [JSON.stringify(theirs[option]), JSON.stringify(value)];
      if (a !== b) return `layers[${l}].${option} ${a} in the file and ${b} here`;
    }
  }
  return null;
}

/** A layer's options with their defaults, by name. */
function computed(layer: LayerOptions, training: boolean): Record<string, unknown> {
  const { hiddenSize, projSize = 0, layerNorm = false, peepholeOutput = 'new', clipGates = null, zoneout = {}, activations = {}, dropout = 0, recurrentDropout = 0 } = layer;
  const { name } = cellOf(layer);
  const candidate: Activation = name === 'rnn_relu' ? 'relu' : 'tanh';
  return {
    cell: name, hiddenSize, projSize, layerNorm, peepholeOutput, clipGates, 'zoneout.h': zoneout.h ?? 0, 'zoneout.c': zoneout.c ?? 0,
    'activations.gate': activations.gate ?? 'sigmoid', 'activations.candidate': activations.candidate ?? candidate, 'activations.output': activations.output ?? 'tanh',
    ...(training && { dropout, recurrentDropout }),
  };
}
