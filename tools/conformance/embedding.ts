// A table of rows by token as an operator that an update can train: the kernels that the engine's own models gather with.
import { GpuArray, type Gpu } from '../../src/index.ts';
import { allocateProxy, type BufferProxy, type Slice } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { gatherRows, gatherRowsGradient, type Table } from '../../src/kernels/embedding.ts';
import { Parameters } from '../../src/layers/parameters.ts';
import { positionsByToken } from '../../src/text/table_rows.ts';

export class Embedding {
  readonly weights: Parameters;
  /** [V,E] */ readonly weight: GpuArray;
  readonly gpu: Gpu;

  constructor(gpu: Gpu, shape: readonly number[]) {
    this.gpu = gpu;
    this.weights = new Parameters([{ name: 'weight', shape, initialise: { distribution: 'uniform', scale: 0 } }], 'embedding');
    gpu.allocate('embedding', [this.weights.flat.buffer, this.weights.flatGradient.buffer]);
    this.weight = new GpuArray(gpu, this.weights.slice('weight'), 'weight');
  }

  plan(count: number): EmbeddingPlan {
    return new EmbeddingPlan(this, count);
  }

  destroy(): void {
    this.gpu.memory.free([this.weights.flat.buffer, this.weights.flatGradient.buffer]);
  }
}

export class EmbeddingPlan {
  /** [count,E] */ readonly output: GpuArray;
  readonly #gpu: Gpu;
  readonly #vocabulary: number;
  readonly #slices: { readonly tokens: Slice; readonly starts: Slice; readonly positions: Slice };
  readonly #dOutput: GpuArray;
  readonly #forward: Replay;
  readonly #backward: Replay;
  readonly #owned: readonly BufferProxy[];

  constructor({ gpu, weights }: Embedding, count: number) {
    const [vocabulary, columns] = weights.slice('weight').shape as [number, number];
    const tokens = allocateProxy('tokens', [count], 'input');
    const starts = allocateProxy('token starts', [vocabulary + 1], 'input');
    const positions = allocateProxy('token positions', [count], 'input');
    const rows = allocateProxy('rows', [count, columns], 'result');
    const dRows = allocateProxy('d_rows', [count, columns], 'input');
    const table = (slice: Slice): Table => ({ slice, vocabulary, columns, layout: 'rows' });
    const [forward, backward] = [new Recording(gpu.tiles), new Recording(gpu.tiles)];
    gatherRows(forward, { table: table(weights.slice('weight')), tokens, count, rows });
    gatherRowsGradient(backward, { dTable: table(weights.gradient('weight')), index: { starts, positions }, dRows, count });
    this.#owned = [tokens, starts, positions, rows, dRows].map(({ buffer }) => buffer);
    gpu.allocate('embedding plan', this.#owned);
    this.#gpu = gpu;
    this.#vocabulary = vocabulary;
    this.#slices = { tokens, starts, positions };
    this.output = new GpuArray(gpu, rows, 'rows');
    this.#dOutput = new GpuArray(gpu, dRows, 'dRows');
    this.#forward = new Replay(gpu, forward, 'embedding');
    this.#backward = new Replay(gpu, backward, 'embedding backward');
  }

  forward(tokens: Uint32Array): void {
    const { starts, positions } = positionsByToken(tokens, this.#vocabulary);
    this.#gpu.write(this.#slices.tokens, tokens);
    this.#gpu.write(this.#slices.starts, starts);
    this.#gpu.write(this.#slices.positions, positions);
    this.#gpu.submit('embedding', (encoder) => this.#forward.encode(encoder));
  }

  /** Adds to the table's gradient. */
  backward(dOutput: GpuArray): void {
    this.#gpu.submit('embedding backward', (encoder) => {
      this.#dOutput.take(dOutput, encoder);
      this.#backward.encode(encoder);
    });
  }

  destroy(): void {
    this.#forward.destroy();
    this.#backward.destroy();
    this.#gpu.memory.free(this.#owned);
  }
}
