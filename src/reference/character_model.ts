// A character model and one step of its training: tokens → embedding or one-hot → recurrent layers → linear → loss. Windows
// follow one another: the state after one is the initial state of the next, and no gradient crosses the border.

import { expectShape } from './arithmetic.ts';
import type { Cell } from './cell.ts';
import { embeddingBackward, embeddingForward, oneHot } from './embedding.ts';
import { gradientNorm } from './gradient_norm.ts';
import { linearBackward, linearForward } from './linear.ts';
import type { Optimizer } from './optimizer.ts';
import { expectNames, recurrentBackward, recurrentForward, recurrentShapes, type Masks, type Parameters } from './recurrent.ts';
import { softmaxCrossEntropy } from './softmax_cross_entropy.ts';

export interface CharacterModel {
  /** V */
  readonly vocabulary: number;
  /** Width of the embedding, or one-hot input. */
  readonly embedding: number | 'one-hot';
  /** From the input upwards; each may have its own cell and size. */
  readonly layers: readonly { readonly cell: Cell; readonly hiddenSize: number }[];
}

/** T steps of N parallel streams. */
export interface Window {
  readonly timeSteps: number;
  readonly batchSize: number;
  /** [T,N] */
  readonly inputs: ArrayLike<number>;
  /** [T,N] the token after each input. */
  readonly targets: ArrayLike<number>;
  /**
   * By name, each optional: `recurrent_dropout_l0` [N,H], `zoneout_h_l1`, `zoneout_c_l0` [T,N,H] (LayerMasks says what they do), and
   * `dropout_l0` [T,N,H], which multiplies what a layer gives to the next, or to the linear layer.
   */
  readonly masks?: Masks | undefined;
}

/** A layer's carried state, each [N,H]; c is empty for a cell without it. */
export interface LayerState {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** `embedding.weight` [V,E] (not for one-hot), `recurrent.weight_ih_l0` …, `linear.weight` [V,H], `linear.bias` [V]. */
export function characterModelShapes(model: CharacterModel): Record<string, number[]> {
  const { vocabulary, embedding, layers } = model;
  const shapes: Record<string, number[]> = {};
  if (embedding !== 'one-hot') shapes['embedding.weight'] = [vocabulary, embedding];
  layers.forEach(({ cell, hiddenSize }, l) => {
    const one = recurrentShapes({ cell, inputSize: inputSizeOf(model, l), hiddenSize });
    for (const [name, shape] of Object.entries(one)) shapes[layerName(name, l)] = shape;
  });
  shapes['linear.weight'] = [vocabulary, layers.at(-1)!.hiddenSize];
  shapes['linear.bias'] = [vocabulary];
  return shapes;
}

export interface WindowResult {
  /** Nats per character, mean over the window. */
  readonly loss: number;
  /** [T] nats per character, mean over the batch's targets that are not ignored. */
  readonly losses: Float64Array;
  /** [T,N,V] */
  readonly logits: Float64Array;
  /** Of every parameter, by its name. */
  readonly gradients: Parameters;
  /** The state to start the next window with, one entry a layer. */
  readonly state: readonly LayerState[];
}

/** Loss of the window and its gradients, starting from `state` (zeros without it). Throws a RangeError for sizes that do not fit. */
export function characterModelWindow(model: CharacterModel, parameters: Parameters, window: Window, state?: readonly LayerState[]): WindowResult {
  const { vocabulary, embedding, layers } = model;
  const { timeSteps, batchSize, inputs, targets, masks = {} } = window;
  const rows = timeSteps * batchSize;
  expectNames(parameters, characterModelShapes(model));

  let x = embedding === 'one-hot' ? oneHot(inputs, vocabulary) : embeddingForward(inputs, parameters['embedding.weight']!, vocabulary, embedding);
  const runs = layers.map(({ cell, hiddenSize }, l) => {
    const options = { cell, timeSteps, batchSize, inputSize: inputSizeOf(model, l), hiddenSize };
    const own = Object.fromEntries(Object.keys(recurrentShapes(options)).map((name) => [name, parameters[layerName(name, l)]!]));
    const initial = state?.[l];
    const run = recurrentForward(options, own, x, { h0: initial?.h, c0: cell.states > 1 ? initial?.c : undefined }, masksOf(masks, l));
    x = multiplied(run.output, masks[`dropout_l${l}`]);
    return run;
  });
  const linearSizes = { rows, inputSize: layers.at(-1)!.hiddenSize, outputSize: vocabulary };
  const logits = linearForward(linearSizes, parameters['linear.weight']!, parameters['linear.bias'], x);
  const { loss, losses, dLogits } = softmaxCrossEntropy(logits, targets, { timeSteps, batchSize, vocabulary });

  const linear = linearBackward(linearSizes, parameters['linear.weight']!, x, dLogits);
  const gradients: Record<string, Float64Array> = { 'linear.weight': linear.weight, 'linear.bias': linear.bias };
  let dOutput = linear.dInput;
  for (let l = layers.length - 1; l >= 0; l--) {
    const back = recurrentBackward(runs[l]!, { dOutput: multiplied(dOutput, masks[`dropout_l${l}`]) });
    for (const [name, gradient] of Object.entries(back.gradients)) gradients[layerName(name, l)] = gradient;
    dOutput = back.dInput;
  }
  if (embedding !== 'one-hot') gradients['embedding.weight'] = embeddingBackward(inputs, dOutput, vocabulary, embedding);
  return { loss, losses, logits, gradients, state: runs.map((run) => ({ h: run.hn, c: run.cn })) };
}

export interface StepResult {
  /** Nats per character, before the update. */
  readonly loss: number;
  readonly losses: Float64Array;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly state: readonly LayerState[];
}

/** One training step: window, clipping to the global norm `clip` (none without it), update of `parameters` in place. */
export function trainingStep(
  model: CharacterModel, parameters: Parameters, optimizer: Optimizer, window: Window, state?: readonly LayerState[], clip?: number,
): StepResult {
  const { loss, losses, gradients, state: next } = characterModelWindow(model, parameters, window, state);
  const norm = gradientNorm(gradients, clip);
  optimizer.update(parameters, gradients);
  return { loss, losses, gradientNorm: norm, state: next };
}

/** The masks inside layer `layer`, by the names of a network of one layer. */
const masksOf = (masks: Masks, layer: number): Masks =>
  Object.fromEntries(Object.entries(masks).filter(([name]) => name.endsWith(`_l${layer}`) && !name.startsWith('dropout')).map(([name, mask]) => [name.replace(`_l${layer}`, '_l0'), mask]));

const multiplied = (array: Float64Array, mask: Float64Array | undefined): Float64Array => {
  if (mask) expectShape('mask', mask, [array.length]);
  return mask ? array.map((value, i) => value * mask[i]!) : array;
};

const layerName = (name: string, layer: number): string => `recurrent.${name.replace('_l0', `_l${layer}`)}`;

function inputSizeOf({ vocabulary, embedding, layers }: CharacterModel, layer: number): number {
  if (layer > 0) return layers[layer - 1]!.hiddenSize;
  return embedding === 'one-hot' ? vocabulary : embedding;
}
