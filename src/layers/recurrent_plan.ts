// A recurrent network over a window of fixed T and N, with every array it needs and its passes recorded.
import { checkOptions } from '../checks/options.ts';
import { checkLengths, flag, numbers, wholeNumber } from '../checks/values.ts';
import { checkEncoder, type Gpu } from '../gpu/device.ts';
import { allocateProxy, planMemory, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { profile, type KernelTime } from '../gpu/profile.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { convert, swapAxes } from '../kernels/arrange.ts';
import { nextPass } from '../kernels/next_pass.ts';
import { cleanPadding } from '../kernels/state.ts';
import { lengthsShape, wholeLengths } from '../scheduler/history.ts';
import { arraySource, GpuArray, type ArraySource } from './array.ts';
import { CheckpointedWindow } from './checkpointed_window.ts';
import type { Parameters } from './parameters.ts';
import { PlanTrace, type LayerTrace } from './plan_trace.ts';
import { WholeWindow, type PlanWindow } from './plan_window.ts';
import { checkWindow } from './sizes.ts';
import { directionsOf, drawsMasks, featuresOf, outputColumns, type LayerShape } from './stack_parameters.ts';
import { trained } from './trained.ts';

export interface PlanOptions {
  /** T */ readonly timeSteps: number;
  /** N */ readonly batchSize: number;
  /** Keep what the backward pass needs. Default false. */
  readonly training?: boolean;
  /** Rows may be shorter than T, and `forward` takes their `lengths`. Default false. */
  readonly ragged?: boolean;
  /** Measure, at every step, the gradient's norm and the gates' saturation; `readTrace` reads them. Needs training, and directions that are not merged; each backward pass then needs its `dOutput` given anew. Default false. */
  readonly trace?: boolean;
  /** Keep only every k-th state and compute the steps between again in the backward pass: memory for k steps and T/k states, least at k = √T; the same gradients to the bit, or to rounding where tuning chose sums in slices. For layers that run forward. Default: keep every step. */
  readonly checkpointEvery?: number;
}

export interface ForwardInputs {
  /** x [T,N,I], or [N,T,I] with batchFirst. Past a row's length it may hold anything. */ readonly input: ArraySource;
  /** [L*D,N,F], F being P with a projection and else H; zero where left out. */ readonly h0?: ArraySource;
  /** [L*D,N,H]; zero where left out. */ readonly c0?: ArraySource;
  /** [N] steps of each row, from 0 to T, in a plan with ragged: true. Default T each. */ readonly lengths?: ArrayLike<number>;
}

export interface BackwardInputs {
  /** dL/doutput [T,N,D*F]; zero where left out. Past a row's length it may hold anything. */ readonly dOutput?: ArraySource;
  /** dL/dhn [L*D,N,F]; zero where left out. */ readonly dHn?: ArraySource;
  /** dL/dcn [L*D,N,H]; zero where left out. */ readonly dCn?: ArraySource;
}

const FORWARD_INPUTS = { input: arraySource, h0: arraySource, c0: arraySource, lengths: numbers };
const BACKWARD_INPUTS = { dOutput: arraySource, dHn: arraySource, dCn: arraySource };

/** What a plan with training has besides. */
interface TrainingArrays {
  readonly dOutput: GpuArray;
  readonly dHn: GpuArray;
  readonly dCn: GpuArray;
  readonly dInput: GpuArray;
  readonly dH0: GpuArray;
  readonly dC0: GpuArray;
  readonly backward: Replay;
}

export class RecurrentPlan {
  /** x [T,N,I] */
  readonly input: GpuArray;
  /** The top layer's h at every step [T,N,D*F], 0 past a row's length; [N,T,..] with batchFirst. */
  readonly output: GpuArray;
  /** Final h of every layer and direction [L*D,N,F], of each row after its own last step. */
  readonly hn: GpuArray;
  /** Final c [L*D,N,H] likewise; zeros for cells without one. */
  readonly cn: GpuArray;
  /** Every byte of this plan, by purpose; the parameters are the network's own. */
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #owned: readonly BufferProxy[];
  readonly #initial: { h: GpuArray; c: GpuArray };
  readonly #lengths: { timeSteps: number; batchSize: number; ragged: boolean; current: Uint32Array; write: () => void };
  readonly #trace: PlanTrace | null;
  readonly #forward: Replay;
  readonly #training: TrainingArrays | null;
  readonly #forget: () => void;
  #ran = false;

  constructor(gpu: Gpu, network: { layers: readonly LayerShape[]; batchFirst: boolean; seed: number }, parameters: Parameters, options: PlanOptions, forget: () => void) {
    checkOptions(options, 'plan', {
      timeSteps: wholeNumber, batchSize: wholeNumber, training: flag, ragged: flag, trace: flag, checkpointEvery: wholeNumber,
    }, ['timeSteps', 'batchSize']);
    const { timeSteps, batchSize, training = false, ragged = false, trace = false, checkpointEvery } = options;
    checkWindow(gpu, network.layers, { timeSteps, kept: Math.min(timeSteps, checkpointEvery ?? timeSteps), batchSize, elementBytes: parameters.half ? 2 : 4 });
    if (checkpointEvery !== undefined) {
      if (!training) throw new RangeError('checkpointEvery needs training: true: without a backward pass nothing is kept');
      if (trace) throw new RangeError('checkpointEvery does not go with trace: true, which follows the gates of the whole window');
    }
    if (trace && !training) throw new RangeError('trace: true needs training: true, since it follows the gradient');
    if (trace && network.layers.some((layer) => directionsOf(layer) === 2 && layer.merge !== 'concat')) {
      throw new RangeError("trace: true needs merge: 'concat': merged directions share the gradient of their output");
    }
    for (const [option, given] of Object.entries({ checkpointEvery: checkpointEvery !== undefined, trace })) {
      if (given && parameters.half) throw new RangeError(`${option} does not go with precision: 'f16', of which it has no kernels: leave it out, or make the network in 'f32'`);
    }
    this.#gpu = gpu;
    this.#forget = forget;
    const { layers, batchFirst } = network;
    const directions = directionsOf(layers[0]!);
    const { hiddenSize, inputSize: features } = layers[0]!;
    const columns = outputColumns(layers.at(-1)!);
    const [hShape, cShape] = [featuresOf(layers[0]!), hiddenSize].map((width) => [layers.length * directions, batchSize, width]) as [number[], number[]];
    const owned: Slice[] = [];
    const make = (name: string, shape: readonly number[], purpose: 'input' | 'result' | 'activations'): Slice => {
      const slice = allocateProxy(name, shape, purpose);
      owned.push(slice);
      return slice;
    };
    const outward = (shape: readonly [number, number, number]): readonly number[] => (batchFirst ? [shape[1], shape[0], shape[2]] : shape);

    // What the application gives and takes, and, where they differ, the arrays of the kernels' own arrangement.
    const x = make('input', outward([timeSteps, batchSize, features]), 'input');
    const initial = { h: make('h0', hShape, 'input'), c: make('c0', cShape, 'input') };
    const final = { h: make('hn', hShape, 'result'), c: make('cn', cShape, 'result') };
    const lengths = make('lengths', lengthsShape(batchSize), 'input');
    const timeFirst = batchFirst ? make('input, time first', [timeSteps, batchSize, features], 'activations') : x;
    const read = ragged ? make('input without padding', [timeSteps, batchSize, features], 'activations') : timeFirst;
    const shape = { timeSteps, batchSize, training, lengths, ragged, trace };
    const checkpointed = checkpointEvery === undefined ? null : new CheckpointedWindow(layers, parameters, read, checkpointEvery, shape);
    const whole = checkpointed ? null : new WholeWindow(layers, parameters, read, shape);
    const window: PlanWindow = checkpointed ?? whole!;
    this.#trace = trace ? new PlanTrace(gpu, whole!.stack) : null;
    // What the application reads is f32.
    const output = batchFirst || parameters.half ? make('output', outward([timeSteps, batchSize, columns]), 'result') : window.output;

    const forward = new Recording(gpu.tiles);
    if (training && layers.some(drawsMasks)) nextPass(forward, make('passes', [1], 'input'), checkpointed?.lengths ?? lengths);
    if (batchFirst) swapAxes(forward, x, timeFirst);
    if (ragged) cleanPadding(forward, { timeSteps, batchSize, columns: features }, timeFirst, read, lengths);
    window.forward(forward, { initial, final });
    this.#trace?.recordForward(forward);
    if (batchFirst) swapAxes(forward, window.output, output);
    else if (parameters.half) convert(forward, window.output, output);

    const upstream = training
      ? {
          dOutput: batchFirst ? make('dOutput', output.shape, 'input') : window.dOutput,
          dFinal: { h: make('dHn', hShape, 'input'), c: make('dCn', cShape, 'input') },
          dInput: make('dInput', x.shape, 'result'),
          dInitial: { h: make('dH0', hShape, 'result'), c: make('dC0', cShape, 'result') },
        }
      : null;
    const backward = new Recording(gpu.tiles);
    if (upstream) {
      const { dOutput, dFinal, dInput, dInitial } = upstream;
      const dx = batchFirst ? make('dInput, time first', [timeSteps, batchSize, features], 'activations') : dInput;
      if (batchFirst) swapAxes(backward, dOutput, window.dOutput);
      window.backward(backward, { dFinal, dInitial, dInput: dx }, () => this.#trace?.recordBackward(backward));
      if (batchFirst) swapAxes(backward, dx, dInput);
    }

    this.#owned = [...window.buffers(), ...owned.map((s) => s.buffer), ...(this.#trace?.buffers() ?? [])];
    this.memory = planMemory(this.#owned);
    gpu.allocate('the plan', this.#owned, [forward, backward]);
    const array = (slice: Slice, name: string): GpuArray => new GpuArray(gpu, slice, name);
    this.input = array(x, 'input');
    this.output = array(output, 'output');
    this.hn = array(final.h, 'hn');
    this.cn = array(final.c, 'cn');
    this.#initial = { h: array(initial.h, 'h0'), c: array(initial.c, 'c0') };
    const current = wholeLengths(batchSize, timeSteps, network.seed);
    const write = (): void => {
      gpu.write(lengths, current);
      if (checkpointed) gpu.write(checkpointed.lengths, checkpointed.segmentLengths(current));
    };
    this.#lengths = { timeSteps, batchSize, ragged, current, write };
    write();
    this.#forward = new Replay(gpu, forward, 'forward');
    this.#training = upstream && {
      dOutput: array(upstream.dOutput, 'dOutput'),
      dHn: array(upstream.dFinal.h, 'dHn'),
      dCn: array(upstream.dFinal.c, 'dCn'),
      dInput: array(upstream.dInput, 'dInput'),
      dH0: array(upstream.dInitial.h, 'dH0'),
      dC0: array(upstream.dInitial.c, 'dC0'),
      backward: new Replay(gpu, backward, 'backward'),
    };
  }

  /** dL/dx [T,N,I], after a backward pass; 0 past a row's length. */
  get dInput(): GpuArray {
    return trained(this.#training).dInput;
  }

  /** dL/dh0 [L*D,N,F], after a backward pass. */
  get dH0(): GpuArray {
    return trained(this.#training).dH0;
  }

  /** dL/dc0 [L*D,N,H], after a backward pass. */
  get dC0(): GpuArray {
    return trained(this.#training).dC0;
  }

  /** Run the forward pass; `output`, `hn` and `cn` stay on the GPU. */
  forward(inputs: ForwardInputs): void {
    checkOptions(inputs, 'forward', FORWARD_INPUTS, ['input']);
    this.#gpu.submit('forward', (encoder) => this.#recordForward(encoder, inputs));
  }

  /** Run BPTT over the window of the last forward pass, once. Parameters' gradients accumulate in the network's `gradients`. */
  backward(inputs: BackwardInputs): void {
    checkOptions(inputs, 'backward', BACKWARD_INPUTS, []);
    this.#gpu.submit('backward', (encoder) => this.#recordBackward(encoder, inputs));
  }

  /**
   * The forward pass as commands of the application's own encoder. Without `inputs`, what `input` holds is read, and the
   * initial states and lengths are those given last; in training every pass draws its own masks. Host arrays and lengths are written through the queue, so they are there
   * before the encoder's commands run; give GPU buffers to change them within one encoder.
   */
  encodeForward(encoder: GPUCommandEncoder, inputs?: ForwardInputs): void {
    checkEncoder(encoder, 'the encoder');
    if (inputs !== undefined) checkOptions(inputs, 'forward', FORWARD_INPUTS, ['input']);
    this.#recordForward(encoder, inputs);
  }

  /** The inputs are checked already. */
  #recordForward(encoder: GPUCommandEncoder, inputs?: ForwardInputs): void {
    this.#gpu.assertAlive();
    if (inputs) {
      this.#takeLengths(inputs.lengths);
      this.input.take(inputs.input, encoder);
      takeOrClear(this.#initial.h, inputs.h0, encoder);
      takeOrClear(this.#initial.c, inputs.c0, encoder);
    }
    this.#forward.encode(encoder);
    this.#ran = true;
  }

  /** The backward pass as commands of the application's own encoder; without `inputs`, from the gradients given last. */
  encodeBackward(encoder: GPUCommandEncoder, inputs?: BackwardInputs): void {
    checkEncoder(encoder, 'the encoder');
    if (inputs !== undefined) checkOptions(inputs, 'backward', BACKWARD_INPUTS, []);
    this.#recordBackward(encoder, inputs);
  }

  #recordBackward(encoder: GPUCommandEncoder, inputs?: BackwardInputs): void {
    this.#gpu.assertAlive();
    const training = trained(this.#training);
    if (!this.#ran) throw new Error('backward needs a forward pass before it: its saved gates are consumed by each backward pass');
    if (inputs) {
      takeOrClear(training.dOutput, inputs.dOutput, encoder);
      takeOrClear(training.dHn, inputs.dHn, encoder);
      takeOrClear(training.dCn, inputs.dCn, encoder);
    }
    training.backward.encode(encoder);
    this.#ran = false;
  }

  #takeLengths(lengths: ArrayLike<number> | undefined): void {
    const { timeSteps, batchSize, ragged, current, write } = this.#lengths;
    if (lengths !== undefined) {
      if (!ragged) throw new Error('this plan was made without ragged: true; plan with it to give lengths');
    }
    const next = lengths === undefined ? new Uint32Array(batchSize).fill(timeSteps) : checkLengths(lengths, timeSteps, batchSize);
    if (next.every((length, n) => length === current[n])) return;
    current.set(next);
    write();
  }

  /** GPU time by kernel of one pass, over the inputs given last. Needs `timestamp-query`. */
  profile(pass: 'forward' | 'backward'): Promise<KernelTime[]> {
    return profile(this.#gpu, pass === 'forward' ? this.#forward : trained(this.#training).backward);
  }

  /** What every layer did in the last forward and backward pass, the lowest first. @throws Error in a plan without trace: true. */
  readTrace(): Promise<LayerTrace[]> {
    if (!this.#trace) throw new Error('this plan was made without trace: true; plan with it to read a trace');
    return this.#trace.read();
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

function takeOrClear(target: GpuArray, source: ArraySource | undefined, encoder: GPUCommandEncoder): void {
  if (source !== undefined) target.take(source, encoder);
  else target.clear(encoder);
}
