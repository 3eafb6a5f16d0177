// A few small results a step, read without waiting: a ring of staging buffers, each in flight at most once.
import type { Gpu } from './device.ts';
import { bytesOf, offsetBytes, type Slice } from './memory.ts';

export class ReadbackRing {
  readonly #gpu: Gpu;
  readonly #slice: Slice;
  readonly #free: GPUBuffer[] = [];
  readonly #all: GPUBuffer[] = [];

  /** `depth` = how many submits may be in flight before the caller must take a result. */
  constructor(gpu: Gpu, slice: Slice, depth: number) {
    this.#gpu = gpu;
    this.#slice = slice;
    for (let i = 0; i < depth; i++) {
      const staging = gpu.device.createBuffer({ label: `${slice.buffer.name} read ${i}`, size: bytesOf(slice), usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      this.#all.push(staging);
      this.#free.push(staging);
    }
  }

  get full(): boolean {
    return this.#free.length === 0;
  }

  /** Encode the copy; call the result after the submit to get the bytes as they were at this point of the queue. */
  encode(encoder: GPUCommandEncoder): () => Promise<ArrayBuffer> {
    const staging = this.#free.pop();
    if (!staging) throw new Error(`${this.#slice.buffer.name}: every staging buffer is in flight; take a result first`);
    encoder.copyBufferToBuffer(this.#gpu.memory.get(this.#slice.buffer), offsetBytes(this.#slice), staging, 0, bytesOf(this.#slice));
    return async () => {
      await this.#gpu.mapped(staging);
      const bytes = staging.getMappedRange().slice(0);
      staging.unmap();
      this.#free.push(staging);
      return bytes;
    };
  }

  destroy(): void {
    for (const staging of this.#all) staging.destroy();
  }
}
