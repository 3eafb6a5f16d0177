// Memory as data: proxies are planned, counted and checked before any GPU buffer exists; `Memory` then makes them real.
import { DestroyedError, OutOfMemoryError } from './errors.ts';

/** What a buffer is for; the memory plan counts bytes by it. */
export type Purpose = 'parameters' | 'gradients' | 'optimizer' | 'history' | 'activations' | 'input' | 'result' | 'scratch';

/** 4: f32, or u32. 2: f16, which kernels load as f32 and store rounded (src/shader_text/half.ts). */
export type ElementBytes = 2 | 4;

/** A buffer to be: a name for people, a size in bytes, what it holds, a purpose. Identity is the object itself. */
export interface BufferProxy {
  readonly name: string;
  /** A multiple of 4, as WebGPU copies and binds. */
  readonly bytes: number;
  readonly elementBytes: ElementBytes;
  readonly purpose: Purpose;
}

/** A stretch of a buffer in row-major order. `offset` is in elements. */
export interface Slice {
  readonly buffer: BufferProxy;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** Storage bindings start at multiples of this many bytes on every adapter. */
export const ALIGNMENT_BYTES = 256;
/** Copies, clears and bindings are of so many bytes at a time. */
const WORD_BYTES = 4;

export const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
export const bytesOf = (slice: Slice): number => elements(slice.shape) * slice.buffer.elementBytes;
export const offsetBytes = (slice: Slice): number => slice.offset * slice.buffer.elementBytes;
const wholeWords = (bytes: number): number => Math.ceil(bytes / WORD_BYTES) * WORD_BYTES;

/** A new buffer of that shape (at least one element, so that it can always be bound), as a slice of all of it. */
export function allocateProxy(name: string, shape: readonly number[], purpose: Purpose, elementBytes: ElementBytes = 4): Slice {
  return { buffer: { name, bytes: wholeWords(Math.max(1, elements(shape)) * elementBytes), elementBytes, purpose }, offset: 0, shape };
}

/** A part of a slice: `offset` elements in, of that shape. */
export function subslice(of: Slice, offset: number, shape: readonly number[]): Slice {
  if (offset < 0 || offset + elements(shape) > elements(of.shape)) {
    throw new RangeError(`slice [${shape}] at element ${offset} does not fit in ${of.buffer.name} [${of.shape}]`);
  }
  return { buffer: of.buffer, offset: of.offset + offset, shape };
}

/** The same elements under another shape. */
export function reshape(of: Slice, shape: readonly number[]): Slice {
  if (elements(shape) !== elements(of.shape)) {
    throw new RangeError(`cannot view ${of.buffer.name} [${of.shape}] as [${shape}]: ${elements(of.shape)} elements against ${elements(shape)}`);
  }
  return { ...of, shape };
}

/** So many elements or more, up to where the next binding can start. */
export function alignedCount(count: number, elementBytes: ElementBytes = 4): number {
  const alignment = ALIGNMENT_BYTES / elementBytes;
  return Math.ceil(count / alignment) * alignment;
}

/** Split an offset into what a binding can start at and the elements that a kernel must add. */
export function alignedStart(slice: Slice): { bindingBytes: number; elements: number } {
  const bytes = offsetBytes(slice);
  const bindingBytes = bytes - (bytes % ALIGNMENT_BYTES);
  return { bindingBytes, elements: (bytes - bindingBytes) / slice.buffer.elementBytes };
}

/** Elements that a binding of the slice spans, from its aligned start; at least one. */
export const boundElements = (slice: Slice): number => Math.max(1, elements(slice.shape)) + alignedStart(slice).elements;

/** Bytes of that binding: of an odd number of f16, the word that the last one is in. */
export const boundBytes = (slice: Slice): number => wholeWords(boundElements(slice) * slice.buffer.elementBytes);

/**
 * The bytes that a copy or a clear of the slice moves: whole words. An odd number of f16 has one only at the end of its buffer.
 * @throws RangeError where it begins or ends inside a word
 */
export function copyRange(slice: Slice): { start: number; bytes: number } {
  const [start, end] = [offsetBytes(slice), offsetBytes(slice) + bytesOf(slice)];
  const last = wholeWords(end);
  if (start % WORD_BYTES !== 0 || (last !== end && last !== slice.buffer.bytes)) {
    throw new RangeError(
      `${slice.buffer.name} [${slice.shape}] at element ${slice.offset} begins or ends inside a 4-byte word, which no copy or clear can split: ` +
        'move f16 elements in pairs, or by a kernel',
    );
  }
  return { start, bytes: last - start };
}

export interface MemoryPlan {
  readonly totalBytes: number;
  readonly byPurpose: Readonly<Partial<Record<Purpose, number>>>;
  readonly buffers: readonly { readonly name: string; readonly bytes: number; readonly purpose: Purpose }[];
}

/** Every byte, by purpose. */
export function planMemory(buffers: Iterable<BufferProxy>): MemoryPlan {
  const unique = [...new Set(buffers)];
  const byPurpose: Partial<Record<Purpose, number>> = {};
  for (const b of unique) byPurpose[b.purpose] = (byPurpose[b.purpose] ?? 0) + b.bytes;
  return {
    totalBytes: unique.reduce((sum, b) => sum + b.bytes, 0),
    byPurpose,
    buffers: unique.map(({ name, bytes, purpose }) => ({ name, bytes, purpose })),
  };
}

/** Refuse, before the GPU is asked, what it cannot bind. */
export function checkLimits(buffers: Iterable<BufferProxy>, limits: Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>): void {
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  for (const b of buffers) {
    if (b.bytes > most) {
      throw new RangeError(
        `${b.name} needs ${mebibytes(b.bytes)} in one buffer, and this device binds at most ${mebibytes(most)}: ` +
          `use a smaller batch, fewer steps a window, or a smaller hidden size or vocabulary`,
      );
    }
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The GPU buffers of one device: those behind proxies, and the few that are only the engine's own. */
export class Memory {
  readonly #device: GPUDevice;
  readonly #buffers = new Map<BufferProxy, { buffer: GPUBuffer; owner: string; adopted: boolean }>();
  /** Who had them, or what the GPU said when they were asked for. */
  readonly #gone = new WeakMap<BufferProxy, string | OutOfMemoryError>();
  /** Behind no proxy: params, staging. */
  readonly #bare = new Set<GPUBuffer>();

  readonly #told: (error: OutOfMemoryError) => void;

  /** `told` hears of every OutOfMemoryError that a call throws. */
  constructor(device: GPUDevice, told: (error: OutOfMemoryError) => void) {
    this.#device = device;
    this.#told = told;
  }

  /** Make real what is not yet, for an owner whose name errors give. All buffers are zero at first, as WebGPU guarantees. @returns what is new */
  allocate(proxies: Iterable<BufferProxy>, owner = 'the application'): BufferProxy[] {
    const fresh = [...new Set(proxies)].filter((p) => !this.#buffers.has(p));
    checkLimits(fresh, this.#device.limits);
    try {
      for (const proxy of fresh) {
        const buffer = this.#device.createBuffer({
          label: proxy.name,
          size: proxy.bytes,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
        });
        this.#buffers.set(proxy, { buffer, owner, adopted: false });
      }
    } catch (error) {
      this.free(fresh);
      throw error;
    }
    return fresh;
  }

  /** The GPU had no memory for one of them: none of them is kept. */
  refuse(proxies: readonly BufferProxy[], owner: string, said: string): OutOfMemoryError {
    const error = new OutOfMemoryError(owner, planMemory(proxies).totalBytes, proxies.length, said);
    this.free(proxies);
    for (const proxy of proxies) this.#gone.set(proxy, error);
    return error;
  }

  /** Put an application's own buffer behind a proxy; `free` will leave it alone. */
  adopt(proxy: BufferProxy, buffer: GPUBuffer): void {
    if (buffer.size < proxy.bytes) {
      throw new RangeError(`${proxy.name} needs ${proxy.bytes} bytes; the given buffer "${buffer.label}" has ${buffer.size}`);
    }
    if (!(buffer.usage & GPUBufferUsage.STORAGE)) {
      throw new TypeError(`the buffer "${buffer.label}" given for ${proxy.name} must be created with GPUBufferUsage.STORAGE`);
    }
    this.#buffers.set(proxy, { buffer, owner: 'the application', adopted: true });
  }

  /** @throws DestroyedError where its owner was destroyed; OutOfMemoryError where the GPU had none for it */
  get(proxy: BufferProxy, use = proxy.name): GPUBuffer {
    const entry = this.#buffers.get(proxy);
    if (entry) return entry.buffer;
    const gone = this.#gone.get(proxy);
    if (typeof gone === 'string') throw new DestroyedError(gone, use);
    if (!gone) throw new Error(`${proxy.name} has no GPU memory: it was never allocated`);
    this.#told(gone);
    throw gone;
  }

  free(proxies: Iterable<BufferProxy>): void {
    for (const proxy of proxies) {
      const entry = this.#buffers.get(proxy);
      if (!entry) continue;
      if (!entry.adopted) entry.buffer.destroy();
      this.#buffers.delete(proxy);
      this.#gone.set(proxy, entry.owner);
    }
  }

  /** A buffer of no proxy, until `release` or the end. */
  bare(descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = this.#device.createBuffer(descriptor);
    this.#bare.add(buffer);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.#bare.delete(buffer);
    buffer.destroy();
  }

  freeAll(): void {
    this.free([...this.#buffers.keys()]);
    for (const buffer of this.#bare) this.release(buffer);
  }

  /** What is allocated at this moment. */
  report(): MemoryPlan {
    return planMemory(this.#buffers.keys());
  }
}
