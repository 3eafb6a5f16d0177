// All parameters of a model in one flat buffer, their gradients in a second of the same layout: clipping and the update
// are a dispatch or two whatever the model, a checkpoint is a copy, a file is a list of slices.
import type { Gpu } from '../gpu/device.ts';
import { ALIGNMENT_BYTES, allocateProxy, elements, subslice, type Slice } from '../gpu/memory.ts';
import { GpuArray } from './array.ts';
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

const ALIGNMENT_ELEMENTS = ALIGNMENT_BYTES / 4;

export class Parameters {
  readonly specs: readonly ParameterSpec[];
  /** All weights, [count] with padding between them. */
  readonly flat: Slice;
  readonly flatGradient: Slice;
  readonly #offsets = new Map<string, number>();
  readonly #shapes = new Map<string, readonly number[]>();

  constructor(specs: readonly ParameterSpec[], name: string) {
    this.specs = specs;
    let offset = 0;
    for (const spec of specs) {
      if (this.#offsets.has(spec.name)) throw new Error(`two parameters are called ${spec.name}`);
      this.#offsets.set(spec.name, offset);
      this.#shapes.set(spec.name, spec.shape);
      offset += Math.ceil(elements(spec.shape) / ALIGNMENT_ELEMENTS) * ALIGNMENT_ELEMENTS;
    }
    this.flat = allocateProxy(`${name}.parameters`, [offset], 'parameters');
    this.flatGradient = allocateProxy(`${name}.gradients`, [offset], 'gradients');
  }

  /** Parameters without the padding. */
  get count(): number {
    return this.specs.reduce((sum, spec) => sum + elements(spec.shape), 0);
  }

  has(name: string): boolean {
    return this.#offsets.has(name);
  }

  slice(name: string): Slice {
    return this.#part(this.flat, name);
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

  /** The weights as arrays by name, for an application to read and write. */
  arrays(gpu: Gpu, of: 'parameters' | 'gradients'): Record<string, GpuArray> {
    return Object.fromEntries(
      this.specs.map(({ name }) => [name, new GpuArray(gpu, of === 'parameters' ? this.slice(name) : this.gradient(name), name)]),
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
