// A linear layer for WebGPU applications, beside the recurrent operator: PyTorch's nn.Linear over rows.
import { checkOptions } from '../checks/options.ts';
import { unsignedInteger, wholeNumber } from '../checks/values.ts';
import { checkEncoder, checkGpu, type Gpu } from '../gpu/device.ts';
import { allocateProxy, planMemory, type BufferProxy, type MemoryPlan } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { swapAxes } from '../kernels/arrange.ts';
import { GpuArray, type ArraySource } from './array.ts';
import { linear, linearBackward } from './linear.ts';
import { Module } from './module.ts';
import { Parameters } from './parameters.ts';

export interface LinearOptions {
  /** I */ readonly inputSize: number;
  /** O */ readonly outputSize: number;
  /** Of the initial weights, uniform in ±1/√I. Default 0. */ readonly seed?: number;
}

export interface LinearPlanOptions {
  /** Such as T·N. */ readonly rows: number;
  /**
   * Each row is made of so many parts side by side, and the input is [parts,rows,I/parts]: P parts of final states `hn` [P,N,H] make a row of
   * I = P·H. Default 1.
   */
  readonly parts?: number;
}

/** A linear layer with its parameters on the GPU. @throws RangeError for sizes that are no positive whole numbers or over the device's limits. */
export function createLinear(gpu: Gpu, options: LinearOptions): Linear {
  return new Linear(gpu, options);
}

export class Linear extends Module {
  /** weight [O,I], bias [O]. */
  declare readonly parameters: Readonly<Record<string, GpuArray>>;
  readonly inputSize: number;
  readonly outputSize: number;

  constructor(gpu: Gpu, options: LinearOptions) {
    checkGpu(gpu, 'createLinear');
    checkOptions(options, 'createLinear', { inputSize: wholeNumber, outputSize: wholeNumber, seed: unsignedInteger }, ['inputSize', 'outputSize']);
    const { inputSize, outputSize, seed = 0 } = options;
    const initialise = { distribution: 'uniform', scale: 1 / Math.sqrt(inputSize) } as const;
    super(gpu, 'the linear layer', new Parameters([{ name: 'weight', shape: [outputSize, inputSize], initialise }, { name: 'bias', shape: [outputSize], initialise }], 'linear'), seed);
    this.inputSize = inputSize;
    this.outputSize = outputSize;
  }

  /** Plan for a fixed number of rows: all memory is allocated here. @throws RangeError where the parts do not divide I. */
  plan(options: LinearPlanOptions): LinearPlan {
    return this.planned((forget) => new LinearPlan(this.gpu, this, options, forget));
  }
}

export class LinearPlan {
  /** x [rows,I], or [parts,rows,I/parts] */
  readonly input: GpuArray;
  /** x·Wᵀ + b [rows,O] */
  readonly output: GpuArray;
  /** dL/doutput [rows,O] */
  readonly dOutput: GpuArray;
  /** dL/dx in the input's shape, after a backward pass. */
  readonly dInput: GpuArray;
  readonly memory: MemoryPlan;
  readonly #gpu: Gpu;
  readonly #forward: Replay;
  readonly #backward: Replay;
  readonly #owned: readonly BufferProxy[];
  readonly #forget: () => void;

  constructor(gpu: Gpu, layer: Linear, options: LinearPlanOptions, forget: () => void) {
    checkOptions(options, 'plan', { rows: wholeNumber, parts: wholeNumber }, ['rows']);
    const { rows, parts = 1 } = options;
    this.#gpu = gpu;
    this.#forget = forget;
    const { inputSize, outputSize: output, weights } = layer;
    if (inputSize % parts !== 0) throw new RangeError(`parts is ${parts}, which does not divide the layer's inputSize of ${inputSize}; for hn [P,N,H] make the layer with P·H`);
    const given = parts === 1 ? [rows, inputSize] : [parts, rows, inputSize / parts];
    const x = allocateProxy('linear input', given, 'input');
    const y = allocateProxy('linear output', [rows, output], 'result');
    const dy = allocateProxy('linear d_output', [rows, output], 'input');
    const dx = allocateProxy('linear d_input', given, 'result');
    const sideBySide = parts === 1 ? null : { x: allocateProxy('linear rows', [rows, parts, inputSize / parts], 'activations'), dx: allocateProxy('linear d_rows', [rows, parts, inputSize / parts], 'activations') };
    const shape = { rows, input: inputSize, output };
    const of = (from: 'slice' | 'gradient') => ({ weight: weights[from]('weight'), bias: weights[from]('bias') });
    const [forward, backward] = [new Recording(gpu.tiles), new Recording(gpu.tiles)];
    if (sideBySide) swapAxes(forward, x, sideBySide.x);
    linear(forward, shape, of('slice'), sideBySide?.x ?? x, y);
    linearBackward(backward, shape, of('slice'), of('gradient'), { x: sideBySide?.x ?? x, dy, dx: sideBySide?.dx ?? dx });
    if (sideBySide) swapAxes(backward, sideBySide.dx, dx);
    this.#owned = [x, y, dy, dx, ...Object.values(sideBySide ?? {})].map((s) => s.buffer);
    this.memory = planMemory(this.#owned);
    gpu.allocate('the linear plan', this.#owned, [forward, backward]);
    this.input = new GpuArray(gpu, x, 'input');
    this.output = new GpuArray(gpu, y, 'output');
    this.dOutput = new GpuArray(gpu, dy, 'dOutput');
    this.dInput = new GpuArray(gpu, dx, 'dInput');
    this.#forward = new Replay(gpu, forward, 'linear');
    this.#backward = new Replay(gpu, backward, 'linear backward');
  }

  /** Run forward; `output` stays on the GPU. */
  forward(input: ArraySource): void {
    this.#gpu.submit('linear', (encoder) => this.encodeForward(encoder, input));
  }

  /** Run backward from dL/doutput; the parameters' gradients accumulate. */
  backward(dOutput: ArraySource): void {
    this.#gpu.submit('linear backward', (encoder) => this.encodeBackward(encoder, dOutput));
  }

  /** The same into the application's own encoder. */
  encodeForward(encoder: GPUCommandEncoder, input: ArraySource): void {
    checkEncoder(encoder, 'the encoder');
    this.#gpu.assertAlive();
    this.input.take(input, encoder);
    this.#forward.encode(encoder);
  }

  encodeBackward(encoder: GPUCommandEncoder, dOutput: ArraySource): void {
    checkEncoder(encoder, 'the encoder');
    this.#gpu.assertAlive();
    this.dOutput.take(dOutput, encoder);
    this.#backward.encode(encoder);
  }

  destroy(): void {
    this.#forward.destroy();
    this.#backward.destroy();
    this.#gpu.memory.free(this.#owned);
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
