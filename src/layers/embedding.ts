// A table of rows by token for WebGPU applications, beside the recurrent operator: PyTorch's nn.Embedding. Rows are gathered; no one-hot array and no product exist.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { flag, unsignedInteger, wholeNumber } from '../checks/values.ts';
import { checkEncoder, checkGpu, type Gpu } from '../gpu/device.ts';
import { allocateProxy, planMemory, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { gatherRows, gatherRowsGradient, type Table } from '../kernels/embedding.ts';
import { GpuArray, type ArraySource } from './array.ts';
import { Module } from './module.ts';
import { Parameters } from './parameters.ts';
import { positionsByToken, type TableRows } from './token_positions.ts';
import { trained } from './trained.ts';

export interface EmbeddingOperatorOptions {
  /** V: tokens go from 0 to V-1. */ readonly vocabularySize: number;
  /** E: features of a row. */ readonly size: number;
  /** Of the initial rows, normal with deviation 1 as in PyTorch. Default 0. */ readonly seed?: number;
}

export interface EmbeddingPlanOptions {
  /** Tokens of a pass, such as T·N. */ readonly rows: number;
  /** Whether there is a backward pass. Default false. */ readonly training?: boolean;
}

/** An embedding with its table on the GPU. @throws RangeError for sizes that are no positive whole numbers or over the device's limits. */
export function createEmbedding(gpu: Gpu, options: EmbeddingOperatorOptions): Embedding {
  return new Embedding(gpu, options);
}

export class Embedding extends Module {
  /** weight [V,E]. */
  declare readonly parameters: Readonly<Record<string, GpuArray>>;
  readonly vocabularySize: number;
  readonly size: number;

  constructor(gpu: Gpu, options: EmbeddingOperatorOptions) {
    checkGpu(gpu, 'createEmbedding');
    checkOptions(options, 'createEmbedding', { vocabularySize: wholeNumber, size: wholeNumber, seed: unsignedInteger }, ['vocabularySize', 'size']);
    const { vocabularySize, size, seed = 0 } = options;
    super(gpu, 'the embedding', new Parameters([{ name: 'weight', shape: [vocabularySize, size], initialise: { distribution: 'normal', scale: 1 } }], 'embedding'), seed);
    this.vocabularySize = vocabularySize;
    this.size = size;
  }

  /** Plan for a fixed number of tokens: all memory is allocated here. */
  plan(options: EmbeddingPlanOptions): EmbeddingPlan {
    return this.planned((forget) => new EmbeddingPlan(this.gpu, this, options, forget));
  }
}

/** What a plan with training has besides. */
interface Training {
  readonly starts: Slice;
  readonly positions: Slice;
  readonly dOutput: GpuArray;
  readonly backward: Replay;
}

export class EmbeddingPlan {
  /** The tokens' rows [rows,E]. */
  readonly output: GpuArray;
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #vocabularySize: number;
  readonly #tokens: Slice;
  /** Filled anew by every forward pass, which finds tokens outside the vocabulary by it. */
  readonly #index: TableRows;
  readonly #forward: Replay;
  readonly #training: Training | null;
  readonly #owned: readonly BufferProxy[];
  readonly #forget: () => void;

  constructor(gpu: Gpu, { vocabularySize, size, weights }: Embedding, options: EmbeddingPlanOptions, forget: () => void) {
    checkOptions(options, 'plan', { rows: wholeNumber, training: flag }, ['rows']);
    const { rows: count, training = false } = options;
    const table = (slice: Slice): Table => ({ slice, vocabulary: vocabularySize, columns: size, layout: 'rows' });
    const tokens = allocateProxy('embedding tokens', [count], 'input');
    const rows = allocateProxy('embedding output', [count, size], 'result');
    const forward = new Recording(gpu.tiles);
    gatherRows(forward, { table: table(weights.slice('weight')), tokens, count, rows });
    const backward = new Recording(gpu.tiles);
    const upstream = training
      ? { starts: allocateProxy('embedding token starts', [vocabularySize + 1], 'input'), positions: allocateProxy('embedding token positions', [count], 'input'), dRows: allocateProxy('embedding d_output', [count, size], 'input') }
      : null;
    if (upstream) gatherRowsGradient(backward, { dTable: table(weights.gradient('weight')), index: upstream, dRows: upstream.dRows, count });
    this.#owned = [tokens, rows, ...Object.values(upstream ?? {})].map(({ buffer }) => buffer);
    this.memory = planMemory(this.#owned);
    gpu.allocate('the embedding plan', this.#owned, [forward, backward]);
    this.#gpu = gpu;
    this.#vocabularySize = vocabularySize;
    this.#forget = forget;
    this.#tokens = tokens;
    this.#index = { starts: new Uint32Array(vocabularySize + 1), positions: new Uint32Array(count) };
    this.output = new GpuArray(gpu, rows, 'output');
    this.#forward = new Replay(gpu, forward, 'embedding');
    this.#training = upstream && { ...upstream, dOutput: new GpuArray(gpu, upstream.dRows, 'dOutput'), backward: new Replay(gpu, backward, 'embedding backward') };
  }

  /** dL/doutput [rows,E]. */
  get dOutput(): GpuArray {
    return trained(this.#training).dOutput;
  }

  /** Gather the rows of these tokens [rows]; `output` stays on the GPU. @throws RangeError for a token of V or more, or another number of them */
  forward(tokens: Uint32Array): void {
    this.#gpu.submit('embedding', (encoder) => this.encodeForward(encoder, tokens));
  }

  /** The gradient of the table from dL/doutput, at the tokens of the last forward pass; it accumulates. */
  backward(dOutput: ArraySource): void {
    this.#gpu.submit('embedding backward', (encoder) => this.encodeBackward(encoder, dOutput));
  }

  /** The same into the application's own encoder. Tokens are written through the queue, so they are there before the encoder's commands run. */
  encodeForward(encoder: GPUCommandEncoder, tokens: Uint32Array): void {
    checkEncoder(encoder, 'the encoder');
    this.#gpu.assertAlive();
    const [count] = this.#tokens.shape;
    if (!(tokens instanceof Uint32Array)) throw new TypeError(`the tokens must be a Uint32Array of ${count}; ${shown(tokens)} was given`);
    if (tokens.length !== count) throw new RangeError(`this plan is for ${count} tokens; ${tokens.length} were given`);
    const { starts, positions } = positionsByToken(tokens, this.#vocabularySize, this.#index);
    this.#gpu.write(this.#tokens, tokens);
    if (this.#training) {
      this.#gpu.write(this.#training.starts, starts);
      this.#gpu.write(this.#training.positions, positions);
    }
    this.#forward.encode(encoder);
  }

  encodeBackward(encoder: GPUCommandEncoder, dOutput: ArraySource): void {
    checkEncoder(encoder, 'the encoder');
    this.#gpu.assertAlive();
    const { dOutput: upstream, backward } = trained(this.#training);
    upstream.take(dOutput, encoder);
    backward.encode(encoder);
  }

  destroy(): void {
    this.#forward.destroy();
    this.#training?.backward.destroy();
    this.#gpu.memory.free(this.#owned);
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
