// A language model over characters: embedding or one-hot → recurrent layers → linear → one distribution a step.
import type { CellOptions } from '../cells/activation.ts';
import type { Gpu } from '../gpu/device.ts';
import { planMemory, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { readSafetensors, writeSafetensors, type NamedTensor } from '../io/safetensors.ts';
import { Vocabulary, type VocabularyJSON } from '../text/vocabulary.ts';
import type { GpuArray } from './array.ts';
import { finiteNumber, oneOf, unsignedInteger, wholeNumber } from './checks.ts';
import { generate, generateMany, type GenerateOptions } from './generate.ts';
import type { LinearWeights } from './linear.ts';
import { Parameters, type ParameterSpec } from './parameters.ts';
import { checkPrecision, type Precision } from './precision.ts';
import { cellOf, checkProjection, type RecurrentOptions } from './recurrent.ts';
import type { StackInput } from './stack.ts';
import { outputColumns, stackParameters, type LayerShape } from './stack_parameters.ts';
import { WeightCopy } from './weight_copy.ts';

/** A layer, with the operator's options that have a sense in a model that reads forward. Masks are drawn in training alone. */
export interface LayerOptions extends CellOptions, Pick<RecurrentOptions, 'cell' | 'resetAfter' | 'recurrentInit' | 'projSize'> {
  /** H */
  readonly hidden: number;
  /** The chance that an element of what this layer gives to the next, or to the head, is dropped in training. Default 0. */
  readonly dropout?: number;
}

export interface ModelOptions {
  readonly vocabulary: Vocabulary;
  /** Size of a learned embedding, or 'one-hot': each character its own input. Default 64. */
  readonly embed?: number | 'one-hot';
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

/** What a file keeps of a model besides its weights. */
interface ModelJSON {
  readonly embed: number | 'one-hot';
  readonly layers: readonly LayerOptions[];
  readonly forgetBias: number;
}

const FORMAT = 'unfold-rnn character model 1';

/**
 * A character model with fresh weights on the GPU.
 * @throws RangeError for sizes that are no positive whole numbers or need a buffer over the device's limits.
 */
export function createModel(gpu: Gpu, options: ModelOptions): CharacterModel {
  return new CharacterModel(gpu, options);
}

/** A model from what `save` gave, with its vocabulary and shape. @throws SafetensorsError or RangeError for another file. */
export function loadModel(gpu: Gpu, bytes: Uint8Array, { precision }: Pick<ModelOptions, 'precision'> = {}): CharacterModel {
  const { metadata } = readSafetensors(bytes);
  requireFormat(metadata);
  const shape = JSON.parse(metadata.model ?? '{}') as ModelJSON;
  const vocabulary = Vocabulary.fromJSON(JSON.parse(metadata.vocabulary ?? 'null') as VocabularyJSON);
  const model = new CharacterModel(gpu, { ...shape, vocabulary, ...(precision && { precision }) });
  model.load(bytes);
  return model;
}

export class CharacterModel {
  readonly gpu: Gpu;
  readonly vocabulary: Vocabulary;
  readonly layers: readonly LayerShape[];
  /** By name: embedding.weight [V,E], weight_ih_l0 [G*H,I] …, head.weight [V,H], head.bias [V]. */
  readonly parameters: Readonly<Record<string, GpuArray>>;
  /** Of the same names and shapes, of the last training step, before clipping. */
  readonly gradients: Readonly<Record<string, GpuArray>>;
  /** The flat buffers behind both. */
  readonly weights: Parameters;
  readonly embed: number | 'one-hot';
  readonly #json: ModelJSON;
  readonly #copy: WeightCopy;

  constructor(gpu: Gpu, options: ModelOptions) {
    const { vocabulary, embed = 64, layers, seed = 0, forgetBias = 1, precision = 'f32' } = options;
    if (!(vocabulary instanceof Vocabulary)) throw new TypeError('vocabulary must be a Vocabulary, such as characters(text).vocabulary');
    if (embed !== 'one-hot') wholeNumber(embed, "embed (a size, or 'one-hot')");
    if (!Array.isArray(layers) || layers.length === 0) throw new RangeError("layers must list at least one layer, such as { cell: 'lstm', hidden: 128 }");
    unsignedInteger(seed, 'seed');
    finiteNumber(forgetBias, 'forgetBias');
    checkPrecision(gpu, precision, layers);
    const V = vocabulary.size;
    this.gpu = gpu;
    this.vocabulary = vocabulary;
    this.embed = embed;
    this.#json = { embed, layers, forgetBias };
    const shapes: LayerShape[] = [];
    for (const [l, layer] of layers.entries()) {
      const below = shapes.at(-1);
      const input = below ? outputColumns(below) : embed === 'one-hot' ? V : embed;
      shapes.push(layerShape(layer, `layers[${l}]`, { input, forgetBias }));
    }
    this.layers = shapes;
    const top = this.outputSize;
    const headInit = { distribution: 'uniform', scale: 1 / Math.sqrt(top) } as const;
    const embedding: ParameterSpec[] =
      embed === 'one-hot' ? [] : [{ name: 'embedding.weight', shape: [V, embed], initialise: { distribution: 'normal', scale: 1 } }];
    this.weights = new Parameters(
      [
        ...embedding,
        ...stackParameters(this.layers),
        { name: 'head.weight', shape: [V, top], initialise: headInit },
        { name: 'head.bias', shape: [V], initialise: headInit },
      ],
      'model',
      precision,
    );
    gpu.allocate('the model', this.weights.buffers);
    gpu.write(this.weights.flat, this.weights.initialValues(seed));
    this.#copy = new WeightCopy(gpu, this.weights);
    this.#copy.refresh();
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
    return this.embed === 'one-hot'
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
    return { format: FORMAT, model: JSON.stringify(this.#json), vocabulary: JSON.stringify(this.vocabulary) };
  }

  /** The weights as a safetensors file, with the vocabulary and the shape in its metadata. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return writeSafetensors(await this.tensors(), this.metadata());
  }

  /** Take the weights of a file that `save` made of a model of the same shape and vocabulary. */
  load(bytes: Uint8Array): void {
    const { tensors, metadata } = readSafetensors(bytes);
    requireFormat(metadata);
    if (metadata.vocabulary !== JSON.stringify(this.vocabulary)) {
      throw new RangeError('the file holds a model of another vocabulary; loadModel(gpu, bytes) makes a model of its own vocabulary and shape');
    }
    const values = this.weights.specs.map(({ name, shape }) => {
      const tensor = tensors.get(name);
      if (!tensor) throw new RangeError(`the file holds no ${name}; loadModel(gpu, bytes) makes a model of the file's own shape`);
      if (tensor.shape.join() !== shape.join() || !(tensor.data instanceof Float32Array)) {
        throw new RangeError(`${name} is ${tensor.dtype} [${tensor.shape}] in the file and F32 [${shape}] here`);
      }
      return [name, tensor.data] as const;
    });
    for (const [name, data] of values) this.parameters[name]!.write(data);
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
}

/** One layer, its options checked; an error says which layer it is of. */
function layerShape(options: LayerOptions, name: string, { input, forgetBias }: { input: number; forgetBias: number }): LayerShape {
  const { hidden, dropout = 0, recurrentInit = 'uniform', projSize = 0 } = options;
  wholeNumber(hidden, `${name}.hidden`);
  finiteNumber(dropout, `${name}.dropout`, { least: 0, below: 1 });
  oneOf(recurrentInit, `${name}.recurrentInit`, ['uniform', 'identity']);
  try {
    const shape: LayerShape = { cell: cellOf(options), input, hidden, projSize, bias: true, direction: 'forward', merge: 'concat', dropout, forgetBias, recurrentInit };
    checkProjection(shape);
    return shape;
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`;
    throw error;
  }
}

function requireFormat(metadata: Readonly<Record<string, string>>): void {
  if (metadata.format !== FORMAT) {
    throw new RangeError(`this safetensors file is not a character model of this version: its format is ${JSON.stringify(metadata.format ?? null)}, expected ${JSON.stringify(FORMAT)}`);
  }
}
