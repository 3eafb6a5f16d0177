// What a file says of a model, checked against itself before anything is made of it.
import { clip } from '../checks/shown.ts';
import { bytes as fileBytes } from '../checks/values.ts';
import { claimed, notFinite } from '../io/claims.ts';
import { isRecord, quote } from '../io/json.ts';
import { SafetensorsError, type SafetensorsFile } from '../io/safetensors.ts';
import { readSealed } from '../io/sealed.ts';
import { Vocabulary } from '../text/vocabulary.ts';
import { modelDifference, modelShape, type ModelJSON } from './model_shape.ts';
import type { ParameterSpec } from '../layers/parameters.ts';

/** Raised whenever a file says something in another way. */
const FORMAT = 'unfold-rnn language model 3';
export interface LoadOptions {
  /** Take weights that are not all finite, to look at what has become of a model. Default false. */
  readonly allowNotFinite?: boolean;
}

export interface ModelFile extends SafetensorsFile {
  readonly model: ModelJSON;
  readonly vocabulary: Vocabulary;
  /** That a model of these claims has. */
  readonly parameters: readonly ParameterSpec[];
}

export type Weights = ReadonlyMap<string, Float32Array>;

/** The metadata of a model's file. */
export function modelMetadata(model: ModelJSON, vocabulary: Vocabulary): Record<string, string> {
  return { format: FORMAT, model: JSON.stringify(model), vocabulary: JSON.stringify(vocabulary) };
}

/** @throws SafetensorsError for a file that is damaged or claims what cannot be; RangeError for one that holds no model of this version */
export function readModelFile(bytes: Uint8Array): ModelFile {
  fileBytes(bytes, 'bytes');
  const { tensors, metadata } = readSealed(bytes);
  const { format } = metadata;
  if (format !== FORMAT) {
    throw new RangeError(`this safetensors file is not a language model of this version: its format is ${quote(format ?? null)}, expected ${quote(FORMAT)}`);
  }
  const vocabulary = claimed('vocabulary', metadata.vocabulary, (value) => Vocabulary.fromJSON(value));
  const [model, parameters] = claimed('model', metadata.model, (value) => {
    if (!isRecord(value)) throw new TypeError(`it must be { embedding, layers, forgetBias }; ${quote(value)} was found`);
    const claims = value as unknown as ModelJSON;
    return [claims, modelShape(vocabulary.size, claims).parameters] as const;
  });
  return { tensors, metadata, model, vocabulary, parameters };
}

/** The weights of a file, which hold what its own claims make of them. @throws SafetensorsError where they do not */
export function weightsOf({ tensors, parameters }: ModelFile, { allowNotFinite = false }: LoadOptions = {}): Weights {
  const weights = new Map<string, Float32Array>();
  for (const { name, shape } of parameters) {
    const tensor = tensors.get(name);
    const held = tensor ? `${tensor.dtype} [${clip(String(tensor.shape))}]` : 'nothing';
    if (tensor?.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
      throw new SafetensorsError(`the file contradicts itself: it holds ${held} for ${name}, and the model that it claims to be has F32 [${shape}]. Take another copy of it`);
    }
    const data = tensor.data as Float32Array;
    const found = allowNotFinite ? null : notFinite(name, data);
    if (found) throw new SafetensorsError(`${found}: the model in the file has diverged. Take an earlier file; loadLanguageModel(gpu, bytes, { allowNotFinite: true }) looks into this one`);
    weights.set(name, data);
  }
  return weights;
}

/** @throws RangeError where the file's model is another one than `own` */
export function requireSameModel(file: ModelFile, own: { readonly model: ModelJSON; readonly vocabulary: Vocabulary }, { training, layers = true }: { training: boolean; layers?: boolean }): void {
  if (JSON.stringify(file.vocabulary) !== JSON.stringify(own.vocabulary)) {
    throw new RangeError('the file holds a model of another vocabulary; loadLanguageModel(gpu, bytes) makes a model of its own vocabulary and shape');
  }
  const difference = layers ? modelDifference(file.model, own.model, { training }) : null;
  if (difference !== null) throw new RangeError(`the file holds another model: ${difference}. loadLanguageModel(gpu, bytes) makes a model of the file's own shape`);
}
