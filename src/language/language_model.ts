// A language model over characters: embedding or one-hot → recurrent layers → linear → one distribution a step.
import { checkOptions } from '../checks/options.ts';
import { flag, unsignedInteger } from '../checks/values.ts';
import { checkGpu, type Gpu } from '../gpu/device.ts';
import { planMemory, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import type { NamedTensor } from '../io/safetensors.ts';
import { writeSealed } from '../io/sealed.ts';
import { isVocabulary, type Vocabulary } from '../text/vocabulary.ts';
import type { GpuArray } from '../layers/array.ts';
import type { GenerativeModel } from './generative_model.ts';
import { generate, generateMany, type GenerateOptions } from './generate.ts';
import type { LinearWeights } from '../layers/linear.ts';
import { modelMetadata, readModelFile, requireSameModel, weightsOf, type LoadOptions, type Weights } from './model_file.ts';
import { requireFinite } from '../io/claims.ts';
import { MODEL_SHAPE, modelShape, type EmbeddingOptions, type LayerOptions, type ModelJSON } from './model_shape.ts';
import { Parameters } from '../layers/parameters.ts';
import { checkPrecision, isPrecision, type Precision } from '../layers/precision.ts';
import type { StackInput } from '../layers/stack_input.ts';
import { outputColumns, type LayerShape } from '../layers/stack_parameters.ts';
import { WeightCopy } from '../layers/weight_copy.ts';

export interface LanguageModelOptions {
  readonly vocabulary: Vocabulary;
  /** A learned embedding of that size, or 'one-hot': each character its own input. Default { size: 64 }. */
  readonly embedding?: EmbeddingOptions | 'one-hot';
  /** From the input up. */
  readonly layers: readonly LayerOptions[];
  /** Of the initial weights. Default 0. */
  readonly seed?: number;
  /** Added to the forget gates' initial biases, so that a cell remembers until it learns otherwise. Default 1. */
  readonly forgetBias?: number;
  /**
   * 'f16': activations, and a copy of the weight matrices, are stored in f16, for half the memory and traffic; sums, logits, parameters and
   * their gradients stay f32, and a trainer scales its loss. Needs the feature shader-f16. Files are the same either way. Default 'f32'.
   */
  readonly precision?: Precision;
}

/**
 * A language model over characters with fresh weights on the GPU.
 * @throws RangeError for sizes that are no positive whole numbers or need a buffer over the device's limits.
 */
export function createLanguageModel(gpu: Gpu, options: LanguageModelOptions): LanguageModel {
  return new LanguageModel(gpu, options);
}

/**
 * A model from what `save` or a trainer's `checkpoint` gave, with its vocabulary and shape.
 * @throws SafetensorsError for a file that is damaged, contradicts itself or holds weights that are not finite; RangeError for a file of
 *   no model of this version, or a precision that it cannot have. Nothing is left on the GPU then.
 */
export function loadLanguageModel(gpu: Gpu, bytes: Uint8Array, options: Pick<LanguageModelOptions, 'precision'> & LoadOptions = {}): LanguageModel {
  checkGpu(gpu, 'loadLanguageModel');
  checkOptions(options, 'loadLanguageModel', { precision: isPrecision, allowNotFinite: flag }, []);
  const { precision } = options;
  const file = readModelFile(bytes);
  const weights = weightsOf(file, options);
  const model = new LanguageModel(gpu, { ...file.model, vocabulary: file.vocabulary, ...(precision && { precision }) });
  try {
    model.setWeights(weights);
    return model;
  } catch (error) {
    model.destroy();
    throw error;
  }
}

export class LanguageModel implements GenerativeModel {
  readonly gpu: Gpu;
  readonly vocabulary: Vocabulary;
  readonly layers: readonly LayerShape[];
  /** By name: embedding.weight [V,E], weight_ih_l0 [G*H,I] …, head.weight [V,H], head.bias [V]. */
  readonly parameters: Readonly<Record<string, GpuArray>>;
  /** Of the same names and shapes, of the last training step, before clipping. */
  readonly gradients: Readonly<Record<string, GpuArray>>;
  /** The flat buffers behind both. */
  readonly weights: Parameters;
  readonly embedding: EmbeddingOptions | 'one-hot';
  /** What a file keeps of this model besides weights and vocabulary. */
  readonly json: ModelJSON;
  readonly #copy: WeightCopy;

  constructor(gpu: Gpu, options: LanguageModelOptions) {
    checkGpu(gpu, 'createLanguageModel');
    checkOptions(options, 'createLanguageModel', { ...MODEL_SHAPE, vocabulary: isVocabulary, seed: unsignedInteger, precision: isPrecision }, ['vocabulary', 'layers']);
    const { vocabulary, embedding = { size: 64 }, layers, seed = 0, forgetBias = 1, precision = 'f32' } = options;
    const shape = modelShape(vocabulary.size, { embedding, layers, forgetBias });
    checkPrecision(gpu, precision, layers);
    this.gpu = gpu;
    this.vocabulary = vocabulary;
    this.embedding = embedding;
    this.json = { embedding, layers, forgetBias };
    this.layers = shape.layers;
    this.weights = new Parameters(shape.parameters, 'model', precision);
    try {
      gpu.allocate('the model', this.weights.buffers);
      gpu.write(this.weights.flat, this.weights.initialValues(seed));
      this.#copy = new WeightCopy(gpu, this.weights);
      this.#copy.refresh();
    } catch (error) {
      gpu.memory.free(this.weights.buffers);
      throw error;
    }
    this.parameters = this.weights.arrays(gpu, 'parameters', this.#copy.refresh);
    this.gradients = this.weights.arrays(gpu, 'gradients');
  }

  /** Features of the top layer's output, which the head reads. */
  get outputSize(): number {
    return outputColumns(this.layers.at(-1)!);
  }

  get parameterCount(): number {
    return this.weights.count;
  }

  /** Bytes of the weights and their gradients. */
  get memory(): MemoryPlan {
    return planMemory(this.weights.buffers);
  }

  /** The first layer's input, for tokens [T,N] in that slice. */
  inputOf(tokens: Slice): StackInput {
    const vocabulary = this.vocabulary.size;
    return this.embedding === 'one-hot'
      ? { kind: 'one-hot', tokens, vocabulary }
      : { kind: 'table', tokens, vocabulary, embedding: this.weights.stored('embedding.weight') };
  }

  head(of: 'parameters' | 'gradients'): LinearWeights {
    const part = (name: string): Slice => (of === 'parameters' ? this.weights.stored(name) : this.weights.gradient(name));
    return { weight: part('head.weight'), bias: part('head.bias') };
  }

  /**
   * Continue a prompt, a piece of text at a time; drawn on the GPU, the same pieces for the same weights, prompt and seed.
   * The prompt itself is not repeated.
   * @throws RangeError for an empty prompt, a character that the vocabulary lacks, or an option out of bounds; NotFiniteModelError where the
   *   logits are not finite; the signal's reason when aborted.
   */
  generate(prompt: string, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    return generate(this, prompt, options);
  }

  /**
   * Continue several prompts side by side, each weight read once for all of them: every yield has a piece of each text, some perhaps empty.
   * The first is what `generate` makes of it; each draws numbers of its own, so that equal prompts go different ways.
   * @throws RangeError as `generate`, and for no prompts; the signal's reason when aborted.
   */
  generateMany(prompts: readonly string[], options: GenerateOptions = {}): AsyncGenerator<string[], void, undefined> {
    return generateMany(this, prompts, options);
  }

  /** All weights as tensors, for a file. */
  async tensors(): Promise<NamedTensor[]> {
    const flat = await this.gpu.read(this.weights.flat);
    return this.weights.specs.map(({ name, shape }) => {
      const { offset } = this.weights.slice(name);
      return { name, shape, data: flat.slice(offset, offset + shape.reduce((a, b) => a * b, 1)) };
    });
  }

  /** What a file says of this model: format, shape, vocabulary. */
  metadata(): Record<string, string> {
    return modelMetadata(this.json, this.vocabulary);
  }

  /**
   * The weights as a safetensors file, with the vocabulary, the shape and a checksum in its metadata.
   * @throws RangeError for weights that are not all finite
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    const tensors = await this.tensors();
    requireFinite(tensors, '');
    return writeSealed(tensors, this.metadata());
  }

  /**
   * Take the weights of a file that `save` made of a model of the same shape, options and vocabulary; what only training draws may differ.
   * @throws SafetensorsError or RangeError as `loadLanguageModel`, and RangeError for another model; nothing is changed then.
   */
  load(bytes: Uint8Array, options: LoadOptions = {}): void {
    checkOptions(options, 'load', { allowNotFinite: flag }, []);
    const file = readModelFile(bytes);
    requireSameModel(file, { model: this.json, vocabulary: this.vocabulary }, { training: false });
    this.setWeights(weightsOf(file, options));
  }

  /** Write weights of all the parameters. */
  setWeights(weights: Weights): void {
    for (const [name, data] of weights) this.parameters[name]!.write(data);
  }

  get precision(): Precision {
    return this.weights.precision;
  }

  /** In precision f16, after the application's own commands have written into the parameters' buffers: what kernels read is made anew. */
  refreshWeights(encoder?: GPUCommandEncoder): void {
    this.#copy.refresh(encoder);
  }

  /** Free the weights and gradients. */
  destroy(): void {
    this.#copy.destroy();
    this.gpu.memory.free(this.weights.buffers);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
