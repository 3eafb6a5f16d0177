// All parameters of a model in one flat buffer, their gradients in a second of the same layout: clipping and the update
// are a dispatch or two whatever the model, a checkpoint is a copy, a file is a list of slices. In precision f16 a third, of the same
// layout, is what kernels read of the weight matrices.
import type { Gpu } from '../gpu/device.ts';
import { alignedCount, allocateProxy, elements, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { convert } from '../kernels/arrange.ts';
import { GpuArray, type Written } from './array.ts';
import type { Precision } from './precision.ts';
import { randomNormal, randomUniform } from './random.ts';

/** How a parameter starts: uniform in ±scale, normal with that deviation, or scale on the diagonal of each square block; `raise` adds to a stretch. */
export interface Initialiser {
  readonly distribution: 'uniform' | 'normal' | 'identity';
  readonly scale: number;
  /** A constant added to elements from .. to: a forget gate's bias. */
  readonly raise?: { readonly from: number; readonly to: number; readonly by: number };
}

export interface ParameterSpec {
  /** PyTorch's name. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialise: Initialiser;
}

const drawn = {
  uniform: (seed: number, place: number, i: number): number => 2 * randomUniform(seed, place, i) - 1,
  normal: randomNormal,
  identity: (_seed: number, _place: number, i: number, columns: number): number => Number(Math.floor(i / columns) % columns === i % columns),
} as const;

export class Parameters {
  readonly specs: readonly ParameterSpec[];
  /** All weights, [count] with padding between them. */
  readonly flat: Slice;
  readonly flatGradient: Slice;
  /** All weights in f16, made anew of `flat` whenever that changes; null in precision f32. */
  readonly half: Slice | null;
  readonly #offsets = new Map<string, number>();
  readonly #shapes = new Map<string, readonly number[]>();

  constructor(specs: readonly ParameterSpec[], name: string, precision: Precision = 'f32') {
    this.specs = specs;
    let offset = 0;
    for (const spec of specs) {
      if (this.#offsets.has(spec.name)) throw new Error(`two parameters are called ${spec.name}`);
      this.#offsets.set(spec.name, offset);
      this.#shapes.set(spec.name, spec.shape);
      offset += alignedCount(elements(spec.shape), precision === 'f16' ? 2 : 4);
    }
    this.flat = allocateProxy(`${name}.parameters`, [offset], 'parameters');
    this.flatGradient = allocateProxy(`${name}.gradients`, [offset], 'gradients');
    this.half = precision === 'f16' ? allocateProxy(`${name}.parameters in f16`, [offset], 'parameters', 2) : null;
  }

  get precision(): Precision {
    return this.half ? 'f16' : 'f32';
  }

  get buffers(): BufferProxy[] {
    return [this.flat, this.flatGradient, this.half].flatMap((slice) => (slice ? [slice.buffer] : []));
  }

  /** Parameters without the padding. */
  get count(): number {
    return this.specs.reduce((sum, spec) => sum + elements(spec.shape), 0);
  }

  has(name: string): boolean {
    return this.#offsets.has(name);
  }

  /** The parameter that has an element of the flat buffer. */
  nameAt(element: number): string {
    return this.specs.findLast(({ name }) => this.#offsets.get(name)! <= element)!.name;
  }

  slice(name: string): Slice {
    return this.#part(this.flat, name);
  }

  /** What kernels read: of a matrix in precision f16 the copy, else the parameter itself. */
  stored(name: string): Slice {
    return this.#part(this.half && this.#shapes.get(name)?.length === 2 ? this.half : this.flat, name);
  }

  /** Record the copy anew, after whatever has changed the weights. */
  recordHalf(recording: Recording): void {
    if (this.half) convert(recording, this.flat, this.half);
  }

  gradient(name: string): Slice {
    return this.#part(this.flatGradient, name);
  }

  #part(of: Slice, name: string): Slice {
    const offset = this.#offsets.get(name);
    const shape = this.#shapes.get(name);
    if (offset === undefined || !shape) throw new RangeError(`there is no parameter ${name}; there are ${[...this.#offsets.keys()].join(', ')}`);
    return subslice(of, offset, shape);
  }

  /** The weights, or their gradients, as arrays by name, for an application to read and write; `written` runs behind each write. */
  arrays(gpu: Gpu, of: 'parameters' | 'gradients', written?: Written): Record<string, GpuArray> {
    return Object.fromEntries(
      this.specs.map(({ name }) => [name, new GpuArray(gpu, of === 'parameters' ? this.slice(name) : this.gradient(name), name, written)]),
    );
  }

  /** The initial weights of that seed: each element depends on the seed, its parameter's place and its own alone. */
  initialValues(seed: number): Float32Array {
    const values = new Float32Array(elements(this.flat.shape));
    this.specs.forEach(({ name, shape, initialise: { distribution, scale, raise } }, place) => {
      const start = this.#offsets.get(name)!;
      for (let i = 0; i < elements(shape); i++) {
        values[start + i] = scale * drawn[distribution](seed, place, i, shape.at(-1)!) + (raise && i >= raise.from && i < raise.to ? raise.by : 0);
      }
    });
    return values;
  }
}
