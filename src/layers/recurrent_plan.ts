// A recurrent network over a window of fixed T and N, with every array it needs and its passes recorded.
import type { Gpu } from '../gpu/device.ts';
import { allocateProxy, planMemory, reshape, subslice, elements, type BufferProxy, type MemoryPlan, type Slice } from '../gpu/memory.ts';
import { profile, type KernelTime } from '../gpu/profile.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { GpuArray, type ArraySource } from './array.ts';
import { wholeNumber } from './checks.ts';
import type { Parameters } from './parameters.ts';
import { StackWindow, type LayerShape } from './stack.ts';

export interface PlanOptions {
  /** T */ readonly steps: number;
  /** N */ readonly batch: number;
  /** Keep what the backward pass needs. Default false. */
  readonly training?: boolean;
}

export interface ForwardInputs {
  /** x [T,N,I] */ readonly input: ArraySource;
  /** [L,N,H]; zero where left out. */ readonly h0?: ArraySource;
  /** [L,N,H]; zero where left out. */ readonly c0?: ArraySource;
}

export interface BackwardInputs {
  /** dL/doutput [T,N,H]; zero where left out. */ readonly dOutput?: ArraySource;
  /** dL/dhn [L,N,H]; zero where left out. */ readonly dHn?: ArraySource;
  /** dL/dcn [L,N,H]; zero where left out. */ readonly dCn?: ArraySource;
}

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
  /** The top layer's h at every step [T,N,H]. */
  readonly output: GpuArray;
  /** Final h of every layer [L,N,H]. */
  readonly hn: GpuArray;
  /** Final c of every layer [L,N,H]. */
  readonly cn: GpuArray;
  /** Every byte of this plan, by purpose; the parameters are the network's own. */
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #owned: readonly BufferProxy[];
  readonly #initial: { h: GpuArray; c: GpuArray };
  readonly #forward: Replay;
  readonly #training: TrainingArrays | null;
  readonly #forget: () => void;
  #ran = false;

  constructor(gpu: Gpu, layers: readonly LayerShape[], parameters: Parameters, options: PlanOptions, forget: () => void) {
    const { steps, batch, training = false } = options;
    wholeNumber(steps, 'steps');
    wholeNumber(batch, 'batch');
    this.#gpu = gpu;
    this.#forget = forget;
    const { hidden, input } = layers[0]!;
    const states = [layers.length, batch, hidden];
    const x = allocateProxy('input', [steps, batch, input], 'input');
    const stack = new StackWindow(layers, parameters, { kind: 'dense', values: x }, { steps, batch, training });
    const result = (name: string, shape: readonly number[]): Slice => allocateProxy(name, shape, 'result');
    const [h0, c0] = [allocateProxy('h0', states, 'input'), allocateProxy('c0', states, 'input')];
    const [hn, cn] = [result('hn', states), result('cn', states)];

    const forward = new Recording();
    copyStates(forward, stack.statesAt(0), [h0, c0], 'to layers');
    stack.forward(forward);
    copyStates(forward, stack.statesAt(steps), [hn, cn], 'from layers');

    const given = training
      ? { dHn: allocateProxy('dHn', states, 'input'), dCn: allocateProxy('dCn', states, 'input'), dInput: result('dInput', x.shape), dH0: result('dH0', states), dC0: result('dC0', states) }
      : null;
    const backward = new Recording();
    if (given) {
      const gradients = stack.dHidden.map((d, l) => [d, ...stack.dStates[l]!]);
      copyStates(backward, gradients, [given.dHn, given.dCn], 'to layers');
      stack.backward(backward, { dInput: given.dInput });
      stack.initialStateGradients(backward);
      copyStates(backward, gradients, [given.dH0, given.dC0], 'from layers');
    }

    this.#owned = [...stack.buffers(), ...[x, h0, c0, hn, cn, ...Object.values(given ?? {})].map((s) => s.buffer)];
    this.memory = planMemory(this.#owned);
    gpu.guard('plan', () => gpu.memory.allocate(this.#owned));
    const array = (slice: Slice, name: string): GpuArray => new GpuArray(gpu, slice, name);
    this.input = array(x, 'input');
    this.output = array(stack.output, 'output');
    this.hn = array(hn, 'hn');
    this.cn = array(cn, 'cn');
    this.#initial = { h: array(h0, 'h0'), c: array(c0, 'c0') };
    this.#forward = new Replay(gpu, forward, 'forward');
    this.#training = given && {
      dOutput: array(stack.dOutput, 'dOutput'),
      dHn: array(given.dHn, 'dHn'),
      dCn: array(given.dCn, 'dCn'),
      dInput: array(given.dInput, 'dInput'),
      dH0: array(given.dH0, 'dH0'),
      dC0: array(given.dC0, 'dC0'),
      backward: new Replay(gpu, backward, 'backward'),
    };
  }

  /** dL/dx [T,N,I], after a backward pass. */
  get dInput(): GpuArray {
    return this.#trained().dInput;
  }

  /** dL/dh0 [L,N,H], after a backward pass. */
  get dH0(): GpuArray {
    return this.#trained().dH0;
  }

  /** dL/dc0 [L,N,H], after a backward pass. */
  get dC0(): GpuArray {
    return this.#trained().dC0;
  }

  #trained(): TrainingArrays {
    if (!this.#training) throw new Error('this plan was made without training: true; plan with it to run a backward pass');
    return this.#training;
  }

  /** Run the forward pass; `output`, `hn` and `cn` stay on the GPU. */
  forward(inputs: ForwardInputs): void {
    this.#submit('forward', (encoder) => this.encodeForward(encoder, inputs));
  }

  /** Run BPTT over the window of the last forward pass, once. Parameters' gradients accumulate in the network's `gradients`. */
  backward(inputs: BackwardInputs): void {
    this.#submit('backward', (encoder) => this.encodeBackward(encoder, inputs));
  }

  /**
   * The forward pass as commands of the application's own encoder. Without `inputs`, what `input` holds is read and the
   * initial states are those given last. Host arrays are written through the queue, so they are there before the encoder's
   * commands run; give GPU buffers to change them within one encoder.
   */
  encodeForward(encoder: GPUCommandEncoder, inputs?: ForwardInputs): void {
    this.#gpu.assertAlive();
    if (inputs) {
      this.input.take(inputs.input, encoder);
      takeOrClear(this.#initial.h, inputs.h0, encoder);
      takeOrClear(this.#initial.c, inputs.c0, encoder);
    }
    this.#forward.encode(encoder);
    this.#ran = true;
  }

  /** The backward pass as commands of the application's own encoder; without `inputs`, from the gradients given last. */
  encodeBackward(encoder: GPUCommandEncoder, inputs?: BackwardInputs): void {
    this.#gpu.assertAlive();
    const training = this.#trained();
    if (!this.#ran) throw new Error('backward needs a forward pass before it: its saved gates are consumed by each backward pass');
    if (inputs) {
      takeOrClear(training.dOutput, inputs.dOutput, encoder);
      takeOrClear(training.dHn, inputs.dHn, encoder);
      takeOrClear(training.dCn, inputs.dCn, encoder);
    }
    training.backward.encode(encoder);
    this.#ran = false;
  }

  #submit(label: string, encode: (encoder: GPUCommandEncoder) => void): void {
    this.#gpu.guard(label, () => {
      const encoder = this.#gpu.device.createCommandEncoder({ label });
      encode(encoder);
      this.#gpu.device.queue.submit([encoder.finish()]);
    });
  }

  /** GPU time by kernel of one pass, over the inputs given last. Needs `timestamp-query`. */
  profile(pass: 'forward' | 'backward'): Promise<KernelTime[]> {
    return profile(this.#gpu, pass === 'forward' ? this.#forward : this.#trained().backward);
  }

  destroy(): void {
    this.#forward.destroy();
    this.#training?.backward.destroy();
    this.#gpu.memory.free(this.#owned);
    this.#forget();
  }
}

function takeOrClear(target: GpuArray, source: ArraySource | undefined, encoder: GPUCommandEncoder): void {
  if (source !== undefined) target.take(source, encoder);
  else encoder.clearBuffer(target.buffer, target.offsetBytes, target.byteLength);
}

/** Record copies between the layers' own states (for each layer h, c …) and arrays [L,N,H], one for each kind of state. */
function copyStates(recording: Recording, layers: readonly (readonly Slice[])[], stacked: readonly Slice[], direction: 'to layers' | 'from layers'): void {
  layers.forEach((states, l) => {
    states.forEach((state, kind) => {
      const all = stacked[kind]!;
      const part = reshape(subslice(all, l * elements(state.shape), state.shape), state.shape);
      if (direction === 'to layers') recording.copy(part, state);
      else recording.copy(state, part);
    });
  });
}
