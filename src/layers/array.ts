// An array on the GPU as an application sees it: a shape, a place in a GPU buffer, reads and writes in row-major order.
import type { Gpu } from '../gpu/device.ts';
import { bytesOf, elements, offsetBytes, type Slice } from '../gpu/memory.ts';

/** What can be given for an array: host numbers, an application's own GPU buffer from its first byte, or another array. */
export type ArraySource = Float32Array | GPUBuffer | GpuArray;

/** Told of a write: through the queue, or as a command of that encoder. */
export type Written = (encoder?: GPUCommandEncoder) => void;

export class GpuArray {
  readonly shape: readonly number[];
  readonly slice: Slice;
  readonly name: string;
  readonly #gpu: Gpu;
  readonly #written: Written | undefined;

  constructor(gpu: Gpu, slice: Slice, name: string, written?: Written) {
    this.#gpu = gpu;
    this.#written = written;
    this.slice = slice;
    this.shape = slice.shape;
    this.name = name;
  }

  /** The GPU buffer that holds it; its first element is at `offsetBytes`. */
  get buffer(): GPUBuffer {
    return this.#gpu.memory.get(this.slice.buffer);
  }

  get offsetBytes(): number {
    return offsetBytes(this.slice);
  }

  get byteLength(): number {
    return bytesOf(this.slice);
  }

  /** Its elements, after all that was submitted before. Throws what the GPU reported until then. */
  read(): Promise<Float32Array> {
    return this.#gpu.read(this.slice);
  }

  /** Replace all elements, in the queue's order. @throws RangeError unless `data` has as many. */
  write(data: Float32Array): void {
    if (!(data instanceof Float32Array)) throw new TypeError(`${this.name} takes a Float32Array of shape [${this.shape}]`);
    if (data.length !== elements(this.shape)) {
      throw new RangeError(`${this.name} has shape [${this.shape}], ${elements(this.shape)} elements; ${data.length} were given`);
    }
    this.#gpu.write(this.slice, data);
    this.#written?.();
  }

  /**
   * Take what was given: host numbers through the queue (before the encoder's commands run), GPU buffers by a copy
   * recorded into the encoder.
   */
  take(source: ArraySource, encoder: GPUCommandEncoder): void {
    if (source instanceof Float32Array) return this.write(source);
    const bytes = this.byteLength;
    if (source instanceof GpuArray) {
      if (source.byteLength !== bytes) throw new RangeError(`${this.name} has shape [${this.shape}]; ${source.name} has [${source.shape}]`);
      encoder.copyBufferToBuffer(source.buffer, source.offsetBytes, this.buffer, this.offsetBytes, bytes);
      this.#written?.(encoder);
      return;
    }
    if (typeof source !== 'object' || source === null || typeof source.size !== 'number') {
      throw new TypeError(`${this.name} takes a Float32Array, a GPUBuffer or a GpuArray of shape [${this.shape}]`);
    }
    if (source.size < bytes) {
      throw new RangeError(`${this.name} has shape [${this.shape}], ${bytes} bytes; the buffer "${source.label}" has ${source.size}`);
    }
    if (!(source.usage & GPUBufferUsage.COPY_SRC)) {
      throw new TypeError(`the buffer "${source.label}" given for ${this.name} must be created with GPUBufferUsage.COPY_SRC`);
    }
    encoder.copyBufferToBuffer(source, 0, this.buffer, this.offsetBytes, bytes);
    this.#written?.(encoder);
  }
}
