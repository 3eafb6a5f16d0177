// An array on the GPU as an application sees it: a shape, a place in a GPU buffer, reads and writes in row-major order.
import { shown } from '../checks/shown.ts';
import { checkEncoder, type Gpu } from '../gpu/device.ts';
import { bytesOf, elements, offsetBytes, type Slice } from '../gpu/memory.ts';

/** What can be given for an array: host numbers, an application's own GPU buffer from its first byte, or another array. */
export type ArraySource = Float32Array | GPUBuffer | GpuArray;

/** Told of a write: through the queue, or as a command of that encoder. */
export type Written = (encoder?: GPUCommandEncoder) => void;

/** @throws TypeError for what cannot be given for an array */
export function arraySource(source: ArraySource, name: string): void {
  if (source instanceof Float32Array || source instanceof GpuArray) return;
  if (typeof (source as GPUBuffer | null)?.size !== 'number' || typeof source.mapAsync !== 'function') {
    throw new TypeError(`${name} must be a Float32Array, a GPUBuffer or a GpuArray; ${shown(source)} was given`);
  }
}

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

  /** Its elements, after all that was submitted before. @throws DestroyedError; what the GPU reported of the work that they came from, once */
  read(): Promise<Float32Array> {
    return this.#gpu.read(this.slice);
  }

  /** Replace all elements, in the queue's order. @throws RangeError unless `data` has as many. */
  write(data: Float32Array): void {
    this.check(data);
    this.#gpu.write(this.slice, data);
    this.#written?.();
  }

  /** @throws TypeError or RangeError for what `write` does not take */
  check(data: Float32Array): void {
    if (!(data instanceof Float32Array)) throw new TypeError(`${this.name} takes a Float32Array of shape [${this.shape}]; ${shown(data)} was given`);
    if (data.length !== elements(this.shape)) {
      throw new RangeError(`${this.name} has shape [${this.shape}], ${elements(this.shape)} elements; ${data.length} were given`);
    }
  }

  /**
   * Take what was given: host numbers through the queue (before the encoder's commands run), GPU buffers by a copy
   * recorded into the encoder.
   */
  take(source: ArraySource, encoder: GPUCommandEncoder): void {
    checkEncoder(encoder, 'the encoder');
    if (source instanceof Float32Array) return this.write(source);
    const bytes = this.byteLength;
    if (source instanceof GpuArray) {
      if (source.#gpu !== this.#gpu) throw new RangeError(`${this.name} is on another device than ${source.name}: read() the one and write() the other`);
      if (source.byteLength !== bytes) throw new RangeError(`${this.name} has shape [${this.shape}]; ${source.name} has [${source.shape}]`);
      return this.#copy(source.buffer, source.offsetBytes, encoder, source.slice.buffer);
    }
    arraySource(source, this.name);
    if (source.size < bytes) {
      throw new RangeError(`${this.name} has shape [${this.shape}], ${bytes} bytes; the buffer "${source.label}" has ${source.size}`);
    }
    if (!(source.usage & GPUBufferUsage.COPY_SRC)) {
      throw new TypeError(`the buffer "${source.label}" given for ${this.name} must be created with GPUBufferUsage.COPY_SRC`);
    }
    if (source.mapState && source.mapState !== 'unmapped') {
      throw new TypeError(`the buffer "${source.label}" given for ${this.name} is mapped (${source.mapState}): unmap() it first`);
    }
    this.#copy(source, 0, encoder, source);
  }

  /** Set every element to 0, by a command of that encoder. */
  clear(encoder: GPUCommandEncoder): void {
    checkEncoder(encoder, 'the encoder');
    encoder.clearBuffer(this.buffer, this.offsetBytes, this.byteLength);
    this.#gpu.touch([], [this.slice.buffer]);
  }

  #copy(from: GPUBuffer, start: number, encoder: GPUCommandEncoder, read: object): void {
    const { buffer, offsetBytes } = this;
    if (from === buffer) {
      if (start === offsetBytes) return; // onto itself
      throw new RangeError(`${this.name} and what is given for it are parts of one GPU buffer, which WebGPU does not copy within: read() the one and write() the other`);
    }
    encoder.copyBufferToBuffer(from, start, buffer, offsetBytes, this.byteLength);
    this.#gpu.touch([read], [this.slice.buffer]);
    this.#written?.(encoder);
  }
}
