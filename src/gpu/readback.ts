// A few small results a step, read without waiting: a ring of staging buffers, each in flight at most once.
import type { Gpu } from './device.ts';
import { bytesOf, offsetBytes, type Slice } from './memory.ts';

export class ReadbackRing {
  readonly #gpu: Gpu;
  readonly #slice: Slice;
  readonly #all: readonly GPUBuffer[];
  readonly #free: GPUBuffer[];
  /** Those whose bytes nobody has asked for yet. */
  readonly #waiting = new Set<GPUBuffer>();

  /** `depth` = how many submits may be in flight before the caller must take a result. */
  constructor(gpu: Gpu, slice: Slice, depth: number) {
    this.#gpu = gpu;
    this.#slice = slice;
    const label = `${slice.buffer.name} read`;
    this.#all = gpu.withErrorScopes(label, () => Array.from({ length: depth }, (_, i) => {
      const staging = gpu.memory.bare({ label: `${label} ${i}`, size: bytesOf(slice), usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      gpu.touch([], [staging]);
      return staging;
    }));
    this.#free = [...this.#all];
  }

  /** Encode the copy; call the result after the submit to get the bytes as they were at this point of the queue. */
  encode(encoder: GPUCommandEncoder): () => Promise<ArrayBuffer> {
    const source = this.#gpu.memory.get(this.#slice.buffer);
    const staging = this.#free.pop();
    if (!staging) throw new Error(`${this.#slice.buffer.name}: every staging buffer is in flight; take a result first`);
    this.#waiting.add(staging);
    this.#gpu.touch([this.#slice.buffer], [staging]);
    encoder.copyBufferToBuffer(source, offsetBytes(this.#slice), staging, 0, bytesOf(this.#slice));
    return () => this.#take(staging);
  }

  async #take(staging: GPUBuffer): Promise<ArrayBuffer> {
    const { memory } = this.#gpu;
    this.#gpu.assertAlive();
    memory.get(this.#slice.buffer);
    this.#waiting.delete(staging);
    try {
      await this.#gpu.mapped(staging);
      const bytes = staging.getMappedRange().slice(0);
      staging.unmap();
      return bytes;
    } catch (error) {
      this.#gpu.assertAlive();
      memory.get(this.#slice.buffer); // destroyed meanwhile
      if (staging.mapState === 'mapped') staging.unmap();
      throw error;
    } finally {
      this.#free.push(staging);
    }
  }

  /** Give up the results that nobody has asked for; a staging buffer that waits for a copy can wait for the next. */
  forget(): void {
    this.#free.push(...this.#waiting);
    this.#waiting.clear();
  }

  destroy(): void {
    for (const staging of this.#all) this.#gpu.memory.release(staging);
  }
}
