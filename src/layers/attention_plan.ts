// Attention over windows of fixed T, S and N: its arrays, and both passes recorded.
import { checkOptions } from '../checks/options.ts';
import { checkLengths, flag, numbers, wholeNumber } from '../checks/values.ts';
import { checkEncoder, type Gpu } from '../gpu/device.ts';
import { allocateProxy, elements, planMemory, subslice, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { addTo } from '../kernels/arrange.ts';
import { attend, attendBackward } from '../kernels/attention.ts';
import { matmul, matrix, type Matrix } from '../kernels/matmul.ts';
import { tanh, tanhBackward } from '../kernels/tanh.ts';
import { arraySource, GpuArray, type ArraySource } from './array.ts';
import type { Parameters } from './parameters.ts';
import { trained } from './trained.ts';

export type AttentionScore = 'dot' | 'general';

/** The layer that a plan is of. */
export interface AttentionLayer {
  readonly weights: Parameters;
  readonly score: AttentionScore;
  readonly decoderSize: number;
  readonly encoderSize: number;
  readonly outputSize: number;
}

export interface AttentionPlanOptions {
  /** T of the decoder. */ readonly timeSteps: number;
  /** S of the encoder. */ readonly sourceTimeSteps: number;
  /** N */ readonly batchSize: number;
  /** Have a backward pass. Default false. */ readonly training?: boolean;
}

export interface AttentionInputs {
  /** h [T,N,H] */ readonly decoder: ArraySource;
  /** e [S,N,E]; past a row's length it may hold anything. Left out: those of the pass before, with their lengths. */ readonly encoder?: ArraySource;
  /** [N] source steps of each row, from 0 to S; S each where left out beside `encoder`. A row of 0 has a context of zeros. */ readonly lengths?: ArrayLike<number>;
}

/** What a plan with training has besides. */
interface TrainingArrays {
  readonly dOutput: GpuArray;
  readonly dDecoder: GpuArray;
  readonly dEncoder: GpuArray;
  readonly backward: Replay;
}

export class AttentionPlan {
  /** h [T,N,H] */
  readonly decoder: GpuArray;
  /** e [S,N,E] */
  readonly encoder: GpuArray;
  /** How much each decoder step looks at each encoder step [T,N,S]: a row sums to 1, and is exactly 0 past its length. */
  readonly weights: GpuArray;
  /** The encoder states mixed by the weights [T,N,E]. */
  readonly context: GpuArray;
  /** tanh(W_c·[context; h]) [T,N,A] */
  readonly output: GpuArray;
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #lengths: Slice;
  readonly #forward: Replay;
  readonly #training: TrainingArrays | null;
  readonly #owned: readonly BufferProxy[];
  readonly #forget: () => void;
  #hasSource = false;
  #ran = false;

  constructor(gpu: Gpu, layer: AttentionLayer, options: AttentionPlanOptions, forget: () => void) {
    checkOptions(options, 'plan', { timeSteps: wholeNumber, sourceTimeSteps: wholeNumber, batchSize: wholeNumber, training: flag }, ['timeSteps', 'sourceTimeSteps', 'batchSize']);
    const { timeSteps, sourceTimeSteps, batchSize, training = false } = options;
    this.#gpu = gpu;
    this.#forget = forget;
    const [H, E, A] = [layer.decoderSize, layer.encoderSize, layer.outputSize];
    const rows = timeSteps * batchSize;
    const shape = { timeSteps, sources: sourceTimeSteps, batchSize, features: E };
    const owned: Slice[] = [];
    const make = (name: string, last: readonly number[], purpose: 'input' | 'result' | 'activations'): Slice => {
      const slice = allocateProxy(`attention ${name}`, last, purpose);
      owned.push(slice);
      return slice;
    };
    const h = make('decoder', [timeSteps, batchSize, H], 'input');
    const e = make('encoder', [sourceTimeSteps, batchSize, E], 'input');
    const lengths = make('lengths', [batchSize], 'input');
    const weights = make('weights', [timeSteps, batchSize, sourceTimeSteps], 'result');
    const context = make('context', [timeSteps, batchSize, E], 'result');
    const output = make('output', [timeSteps, batchSize, A], 'result');
    const general = layer.score === 'general';
    const query = general ? make('query', [timeSteps, batchSize, E], 'activations') : h;
    const arrays = { query, encoder: e, lengths, weights };
    const c = combined(layer, 'slice');
    const weightA = (from: 'slice' | 'gradient'): Matrix => matrix(layer.weights[from]('weight_a'), H, E);

    const forward = new Recording(gpu.tiles);
    if (general) matmul(forward, { form: 'nn', a: matrix(h, rows, H), b: weightA('slice'), c: matrix(query, rows, E) });
    attend(forward, shape, arrays, context);
    matmul(forward, { form: 'nt', a: matrix(context, rows, E), b: c.ofContext, c: matrix(output, rows, A) });
    matmul(forward, { form: 'nt', a: matrix(h, rows, H), b: c.ofDecoder, c: matrix(output, rows, A), accumulate: true });
    tanh(forward, output);

    const upstream = training
      ? {
          dOutput: make('d_output', output.shape, 'input'),
          dDecoder: make('d_decoder', h.shape, 'result'),
          dEncoder: make('d_encoder', e.shape, 'result'),
        }
      : null;
    const backward = new Recording(gpu.tiles);
    if (upstream) {
      const dSum = make('d_sum', output.shape, 'activations');
      const dContext = make('d_context', context.shape, 'activations');
      const dScores = make('d_scores', weights.shape, 'activations');
      const dQuery = make('d_query', query.shape, 'activations');
      const dc = combined(layer, 'gradient');
      const d = matrix(dSum, rows, A);
      const dh = matrix(upstream.dDecoder, rows, H);
      tanhBackward(backward, { y: output, dY: upstream.dOutput, dX: dSum });
      matmul(backward, { form: 'tn', a: d, b: matrix(context, rows, E), c: dc.ofContext, accumulate: true });
      matmul(backward, { form: 'tn', a: d, b: matrix(h, rows, H), c: dc.ofDecoder, accumulate: true });
      matmul(backward, { form: 'nn', a: d, b: c.ofContext, c: matrix(dContext, rows, E) });
      matmul(backward, { form: 'nn', a: d, b: c.ofDecoder, c: dh });
      attendBackward(backward, shape, arrays, { dContext, dScores, dQuery, dEncoder: upstream.dEncoder });
      if (general) {
        matmul(backward, { form: 'tn', a: matrix(h, rows, H), b: matrix(dQuery, rows, E), c: weightA('gradient'), accumulate: true });
        matmul(backward, { form: 'nt', a: matrix(dQuery, rows, E), b: weightA('slice'), c: dh, accumulate: true });
      } else addTo(backward, dQuery, upstream.dDecoder);
    }

    this.#owned = owned.map((s) => s.buffer);
    this.memory = planMemory(this.#owned);
    gpu.allocate('the attention plan', this.#owned, [forward, backward]);
    const array = (slice: Slice, name: string): GpuArray => new GpuArray(gpu, slice, name);
    this.#lengths = lengths;
    this.decoder = array(h, 'decoder');
    this.encoder = array(e, 'encoder');
    this.weights = array(weights, 'weights');
    this.context = array(context, 'context');
    this.output = array(output, 'output');
    this.#forward = new Replay(gpu, forward, 'attention');
    this.#training = upstream && {
      dOutput: array(upstream.dOutput, 'dOutput'),
      dDecoder: array(upstream.dDecoder, 'dDecoder'),
      dEncoder: array(upstream.dEncoder, 'dEncoder'),
      backward: new Replay(gpu, backward, 'attention backward'),
    };
  }

  /** dL/dh [T,N,H], after a backward pass. */
  get dDecoder(): GpuArray {
    return trained(this.#training).dDecoder;
  }

  /** dL/de [S,N,E], after a backward pass; 0 past a row's length. */
  get dEncoder(): GpuArray {
    return trained(this.#training).dEncoder;
  }

  /** Run forward; `weights`, `context` and `output` stay on the GPU. */
  forward(inputs: AttentionInputs): void {
    this.#gpu.submit('attention', (encoder) => this.encodeForward(encoder, inputs));
  }

  /** Run backward from dL/doutput [T,N,A] of the last forward pass; the parameters' gradients accumulate. */
  backward(dOutput: ArraySource): void {
    this.#gpu.submit('attention backward', (encoder) => this.encodeBackward(encoder, dOutput));
  }

  /** The same into the application's own encoder. Host arrays and lengths are written through the queue, so they are there before its commands run. */
  encodeForward(commands: GPUCommandEncoder, inputs: AttentionInputs): void {
    checkEncoder(commands, 'the encoder');
    checkOptions(inputs, 'forward', { decoder: arraySource, encoder: arraySource, lengths: numbers }, ['decoder']);
    this.#gpu.assertAlive();
    const { decoder, encoder, lengths } = inputs;
    if (encoder === undefined) {
      if (lengths !== undefined) throw new RangeError('lengths are those of the encoder states: give them together with encoder');
      if (!this.#hasSource) throw new RangeError('the first pass needs encoder states: give encoder [S,N,E]');
    } else {
      const [sourceTimeSteps, batchSize] = this.encoder.shape as [number, number, number];
      this.#gpu.write(this.#lengths, lengths ? checkLengths(lengths, sourceTimeSteps, batchSize) : new Uint32Array(batchSize).fill(sourceTimeSteps));
      this.encoder.take(encoder, commands);
      this.#hasSource = true;
    }
    this.decoder.take(decoder, commands);
    this.#forward.encode(commands);
    this.#ran = true;
  }

  encodeBackward(commands: GPUCommandEncoder, dOutput: ArraySource): void {
    checkEncoder(commands, 'the encoder');
    this.#gpu.assertAlive();
    const training = trained(this.#training);
    if (!this.#ran) throw new Error('backward needs a forward pass before it');
    training.dOutput.take(dOutput, commands);
    training.backward.encode(commands);
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

/** weight_c [A,E+H], or its gradient, as the matrix that sees the context [A,E] and the one that sees the decoder state [A,H]. */
function combined({ weights, encoderSize: E, decoderSize: H, outputSize: A }: AttentionLayer, from: 'slice' | 'gradient'): { ofContext: Matrix; ofDecoder: Matrix } {
  const whole = weights[from]('weight_c');
  return {
    ofContext: matrix(whole, A, E, E + H),
    ofDecoder: matrix(subslice(whole, E, [elements(whole.shape) - E]), A, H, E + H),
  };
}
