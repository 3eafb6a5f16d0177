// What every operator with parameters is: parameters and gradients by name, a state that goes in and out, and plans that end with it.
import { shown } from '../checks/shown.ts';
import type { Gpu } from '../gpu/device.ts';
import { elements } from '../gpu/memory.ts';
import { requireFinite } from '../io/claims.ts';
import type { NamedTensor } from '../io/safetensors.ts';
import type { GpuArray } from './array.ts';
import type { Parameters } from './parameters.ts';
import { readState, type LoadStateOptions, type StateSource } from './state_dict.ts';
import { WeightCopy } from './weight_copy.ts';

export abstract class Module {
  /** By PyTorch's names. */
  readonly parameters: Readonly<Record<string, GpuArray>>;
  /** Of the same names and shapes. Every backward pass adds to them; `zeroGradients`, and a step of an optimizer, clear them. */
  readonly gradients: Readonly<Record<string, GpuArray>>;
  /** The flat buffers behind both. */
  readonly weights: Parameters;
  /** The device that it lives on. */
  readonly gpu: Gpu;
  readonly #copy: WeightCopy;
  readonly #plans = new Set<{ destroy(): void }>();

  /** `owner` is what errors call the module, such as "the linear layer". Its parameters start as those of that seed. */
  constructor(gpu: Gpu, owner: string, weights: Parameters, seed: number) {
    this.gpu = gpu;
    this.weights = weights;
    gpu.allocate(owner, weights.buffers);
    gpu.write(weights.flat, weights.initialValues(seed));
    this.#copy = new WeightCopy(gpu, weights);
    this.#copy.refresh();
    this.parameters = weights.arrays(gpu, 'parameters', this.#copy.refresh);
    this.gradients = weights.arrays(gpu, 'gradients');
  }

  /** The parameter of that name. @throws RangeError with the names that there are */
  parameter(name: string): GpuArray {
    return this.#named(this.parameters, name);
  }

  /** The gradient of the parameter of that name. @throws RangeError with the names that there are */
  gradient(name: string): GpuArray {
    return this.#named(this.gradients, name);
  }

  #named(arrays: Readonly<Record<string, GpuArray>>, name: string): GpuArray {
    if (typeof name !== 'string' || !Object.hasOwn(arrays, name)) throw new RangeError(`there is no parameter ${shown(name)}; there are ${Object.keys(arrays).join(', ')}`);
    return arrays[name]!;
  }

  /** Set every gradient to zero. */
  zeroGradients(): void {
    const { buffer } = this.weights.flatGradient;
    this.gpu.submit('zero gradients', (encoder) => {
      encoder.clearBuffer(this.gpu.memory.get(buffer));
      this.gpu.touch([], [buffer]);
    });
  }

  /**
   * Every parameter, as it is after all that was submitted before: `writeSafetensors(await module.state())` makes a file of them, which
   * PyTorch loads as a state dict. @throws RangeError where an element is not finite, naming it
   */
  async state(): Promise<NamedTensor[]> {
    const flat = await this.gpu.read(this.weights.flat);
    const tensors = this.weights.specs.map(({ name, shape }) => {
      const { offset } = this.weights.slice(name);
      return { name, shape, data: flat.slice(offset, offset + elements(shape)) };
    });
    requireFinite(tensors, '');
    return tensors;
  }

  /**
   * Take every parameter from a state, such as the state dict of a `torch.nn.LSTM`, `GRU`, `RNN` or `Linear` that `readSafetensors` has read.
   * An optimizer's moments stay as they are.
   * @throws TypeError or RangeError for a state that is not of this module, naming the tensor. Nothing is changed then
   */
  load(state: StateSource, options: LoadStateOptions = {}): void {
    const values = readState(this.weights.specs, state, options);
    const flat = new Float32Array(elements(this.weights.flat.shape));
    for (const [name, data] of values) flat.set(data, this.weights.slice(name).offset);
    this.gpu.write(this.weights.flat, flat);
    this.#copy.refresh();
  }

  /**
   * In precision f16, after the application's own commands have written into the parameters' buffers: what kernels read is made anew, at
   * once or as a command of that encoder. Writes through `parameters`, `load` and steps of an optimizer do it themselves.
   */
  refreshWeights(encoder?: GPUCommandEncoder): void {
    this.#copy.refresh(encoder);
  }

  /** Make a plan or a stream that is destroyed with this module, unless it was before. */
  protected planned<Plan extends { destroy(): void }>(make: (forget: () => void) => Plan): Plan {
    const plan = make(() => this.#plans.delete(plan));
    this.#plans.add(plan);
    return plan;
  }

  /** Free the parameters and every plan. */
  destroy(): void {
    for (const plan of this.#plans) plan.destroy();
    this.#copy.destroy();
    this.gpu.memory.free(this.weights.buffers);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
