// Streaming: a recurrent network one step at a time, its state on the GPU, equal to the bit to the pass over the whole sequence.
import { checkOptions } from '../checks/options.ts';
import { numbers, wholeNumbers } from '../checks/values.ts';
import { checkEncoder, type Gpu } from '../gpu/device.ts';
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { convert } from '../kernels/arrange.ts';
import { takeFinalState } from '../kernels/state.ts';
import { allStates, lengthsShape, stateShape, wholeLengths } from '../scheduler/history.ts';
import { startLayer } from '../scheduler/window.ts';
import { GpuArray, type ArraySource } from './array.ts';
import type { Parameters } from './parameters.ts';
import { StackWindow } from './stack.ts';
import { featuresOf, type LayerShape } from './stack_parameters.ts';
import { checkWindow } from './sizes.ts';
import { StreamReorder } from './stream_reorder.ts';

/** A state on the host, to be kept and restored: h [L,N,F] and c [L,N,H], F being P with a projection and else H; c is zeros for cells without one. */
export interface StreamSnapshot {
  readonly h: Float32Array;
  readonly c: Float32Array;
}

export class RecurrentStream {
  /** x [N,I] of the next step. */
  readonly input: GpuArray;
  /** The top layer's h [N,F] of the last step. */
  readonly output: GpuArray;
  /** The state [L,N,F], zero at first. */
  readonly h: GpuArray;
  /** [L,N,H] */
  readonly c: GpuArray;
  readonly batchSize: number;
  readonly #gpu: Gpu;
  readonly #network: { layers: readonly LayerShape[]; stream(options: { batchSize: number }): RecurrentStream };
  readonly #replay: Replay;
  readonly #owned: readonly BufferProxy[];
  readonly #forget: () => void;
  #reorder: StreamReorder | null = null;

  constructor(gpu: Gpu, network: { layers: readonly LayerShape[]; stream(options: { batchSize: number }): RecurrentStream }, parameters: Parameters, batchSize: number, forget: () => void) {
    const { layers } = network;
    if (layers.some(({ direction }) => direction !== 'forward')) {
      throw new RangeError('a stream takes one step after another, so its layers must run forward; reverse and bidirectional ones need the whole sequence: use plan()');
    }
    checkWindow(gpu, layers, { timeSteps: 1, batchSize, elementBytes: parameters.half ? 2 : 4 });
    this.#gpu = gpu;
    this.#network = network;
    this.#forget = forget;
    this.batchSize = batchSize;
    const { inputSize, hiddenSize } = layers[0]!;
    const widths = [featuresOf(layers[0]!), hiddenSize] as const;
    const x = allocateProxy('stream input', [1, batchSize, inputSize], 'input');
    const lengths = allocateProxy('stream lengths', lengthsShape(batchSize), 'input');
    const stack = new StackWindow(layers, parameters, { kind: 'dense', values: x }, { timeSteps: 1, batchSize, training: false, lengths, ragged: false });
    const [h, c] = ['h', 'c'].map((state, s) => allocateProxy(`stream ${state}`, [layers.length, batchSize, widths[s]!], 'history')) as [Slice, Slice];
    const part = (state: 0 | 1, l: number): Slice => subslice(state === 0 ? h : c, l * batchSize * widths[state], [1, batchSize, widths[state]]);
    const recording = new Recording(gpu.tiles);
    stack.histories.forEach((layer, l) => startLayer(recording, layer, [part(0, l), part(1, l)]));
    stack.forward(recording);
    stack.histories.forEach((layer, l) => allStates(layer).forEach((history, s) => takeFinalState(recording, stateShape(layer, s), history, part(s === 0 ? 0 : 1, l), lengths)));
    // What the application reads is f32.
    const output = parameters.half ? allocateProxy('stream output', [1, batchSize, widths[0]], 'result') : stack.output;
    if (parameters.half) convert(recording, stack.output, output);
    this.#owned = [...stack.buffers(), ...[x, lengths, h, c, ...(parameters.half ? [output] : [])].map((s) => s.buffer)];
    gpu.allocate('the stream', this.#owned, [recording]);
    gpu.write(lengths, wholeLengths(batchSize, 1));
    this.#replay = new Replay(gpu, recording, 'stream step');
    this.input = new GpuArray(gpu, { ...x, shape: [batchSize, inputSize] }, 'input');
    this.output = new GpuArray(gpu, { ...output, shape: [batchSize, widths[0]] }, 'output');
    this.h = new GpuArray(gpu, h, 'h');
    this.c = new GpuArray(gpu, c, 'c');
  }

  /** Take one step: `output`, `h` and `c` follow, on the GPU. */
  step(input: ArraySource): void {
    this.#gpu.submit('stream step', (encoder) => this.encodeStep(encoder, input));
  }

  /** The same as commands of the application's own encoder; without `input`, from what the array `input` holds. */
  encodeStep(encoder: GPUCommandEncoder, input?: ArraySource): void {
    checkEncoder(encoder, 'the encoder');
    this.#gpu.assertAlive();
    if (input !== undefined) this.input.take(input, encoder);
    this.#replay.encode(encoder);
  }

  /** The state on the host, as it is after all steps submitted so far. */
  async snapshot(): Promise<StreamSnapshot> {
    const [h, c] = await Promise.all([this.h.read(), this.c.read()]);
    return { h, c };
  }

  /** Go on from a snapshot of a stream of the same network and batch. @throws RangeError for another's, and nothing is changed then */
  restore(snapshot: StreamSnapshot): void {
    checkOptions(snapshot, 'restore', { h: (h) => this.h.check(h), c: (c) => this.c.check(c) }, ['h', 'c']);
    const { h, c } = snapshot;
    this.h.write(h);
    this.c.write(c);
  }

  /** Begin again from a zero state: in every row, or in those that are given. @throws RangeError for a row that is none of 0 to N-1 */
  reset(rows?: ArrayLike<number>): void {
    const given = rows === undefined ? null : wholeNumbers(numbers(rows, 'rows'), 'rows', rows.length, this.batchSize - 1);
    this.#gpu.submit('stream reset', (encoder) => {
      for (const array of [this.h, this.c]) {
        if (given === null) array.clear(encoder);
        else for (const row of given) this.#clearRow(array, row, encoder);
      }
    });
  }

  /** Row `row` of every layer of a state [L,N,·]. */
  #clearRow({ slice }: GpuArray, row: number, encoder: GPUCommandEncoder): void {
    const [layers, batchSize, columns] = slice.shape as [number, number, number];
    for (let l = 0; l < layers; l++) new GpuArray(this.#gpu, subslice(slice, (l * batchSize + row) * columns, [columns]), 'row').clear(encoder);
  }

  /** A second stream of the same network that goes on from this state; the copy stays on the GPU. */
  fork(): RecurrentStream {
    const twin = this.#network.stream({ batchSize: this.batchSize });
    this.#gpu.submit('fork', (encoder) => {
      twin.h.take(this.h, encoder);
      twin.c.take(this.c, encoder);
    });
    return twin;
  }

  /**
   * Row n goes on from the state of row rows[n], on the GPU; a row may be taken several times or not at all, as the hypotheses of a beam are.
   * `output` stays as the last step left it. @throws RangeError unless there are N rows from 0 to N-1.
   */
  reorder(rows: ArrayLike<number>): void {
    this.#reorder ??= new StreamReorder(this.#gpu, [this.h.slice, this.c.slice], this.batchSize);
    this.#reorder.run(rows);
  }

  destroy(): void {
    this.#reorder?.destroy();
    this.#replay.destroy();
    this.#gpu.memory.free(this.#owned);
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
