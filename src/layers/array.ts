// An array on the GPU as an application sees it: a shape, a place in a GPU buffer, reads and writes in row-major order.
import { shown } from '../checks/shown.ts';
import { checkEncoder, type Gpu } from '../gpu/device.ts';
import { alignedStart, boundBytes, bytesOf, elements, offsetBytes, type Slice } from '../gpu/memory.ts';

/** What can be given for an array: host numbers, an application's own GPU buffer, a part of one (`offset` and `size` in bytes), or another array. */
export type ArraySource = Float32Array | GPUBuffer | GPUBufferBinding | GpuArray;

/** How a shader of an application's own reads or writes an array where it lies. */
export interface ArrayBinding {
  /** For `createBindGroup`. It begins where a binding may, at or before the array's first element. */
  readonly resource: GPUBufferBinding;
  /** The array's first element, counted in elements of the binding: the shader adds it to every index. */
  readonly first: number;
}

/** Told of a write: through the queue, or as a command of that encoder. */
export type Written = (encoder?: GPUCommandEncoder) => void;

/** @throws TypeError for what cannot be given for an array */
export function arraySource(source: ArraySource, name: string): void {
  if (source instanceof Float32Array || source instanceof GpuArray || isBuffer(source)) return;
  const { buffer, offset = 0, size = 0 } = Object(source) as Partial<GPUBufferBinding>;
  if (!isBuffer(buffer)) throw new TypeError(`${name} must be a Float32Array, a GPUBuffer, { buffer, offset, size } or a GpuArray; ${shown(source)} was given`);
  for (const [what, bytes] of Object.entries({ offset, size })) {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % 4 !== 0) throw new RangeError(`${what} of the buffer given for ${name} must be a multiple of 4 bytes from 0; ${shown(bytes)} was given`);
  }
}

const isBuffer = (source: unknown): source is GPUBuffer => typeof (source as GPUBuffer | null)?.size === 'number' && typeof (source as GPUBuffer).mapAsync === 'function';

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

  /** Where it lies, for a shader of an application's own; nothing is copied. */
  binding(): ArrayBinding {
    const { bindingBytes, elements: first } = alignedStart(this.slice);
    return { resource: { buffer: this.buffer, offset: bindingBytes, size: boundBytes(this.slice) }, first };
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
    const { buffer, offset = 0, size } = isBuffer(source) ? { buffer: source } : source as GPUBufferBinding & { buffer: GPUBuffer };
    const given = size ?? buffer.size - offset;
    if (given < bytes) throw new RangeError(`${this.name} has shape [${this.shape}], ${bytes} bytes; the buffer "${buffer.label}" has ${given}${offset > 0 || size !== undefined ? ` from byte ${offset}` : ''}`);
    if (offset + given > buffer.size) throw new RangeError(`the buffer "${buffer.label}" given for ${this.name} has ${buffer.size} bytes; ${given} from byte ${offset} were asked for`);
    if (!(buffer.usage & GPUBufferUsage.COPY_SRC)) throw new TypeError(`the buffer "${buffer.label}" given for ${this.name} must be created with GPUBufferUsage.COPY_SRC`);
    if (buffer.mapState && buffer.mapState !== 'unmapped') throw new TypeError(`the buffer "${buffer.label}" given for ${this.name} is mapped (${buffer.mapState}): unmap() it first`);
    this.#copy(buffer, offset, encoder, buffer);
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
