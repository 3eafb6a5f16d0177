// Rows of a stream's states exchanged, copied and dropped on the GPU: a beam goes on from those of its hypotheses that are kept.
import { wholeNumbers } from '../checks/values.ts';
import type { Gpu } from '../gpu/device.ts';
import { allocateProxy, elements, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { gatherRows } from '../kernels/embedding.ts';

export class StreamReorder {
  readonly #gpu: Gpu;
  /** [N] the row from which each goes on. */
  readonly #rows: Slice;
  readonly #replay: Replay;
  readonly #owned: readonly BufferProxy[];

  /** Of `states` [L,N,·], each layer's rows alike. */
  constructor(gpu: Gpu, states: readonly Slice[], batch: number) {
    this.#gpu = gpu;
    this.#rows = allocateProxy('stream rows', [batch], 'input');
    const recording = new Recording(gpu.tiles);
    const before = states.map((state) => {
      const kept = allocateProxy(`${state.buffer.name} before`, state.shape, 'scratch');
      recording.copy(state, kept);
      const [layers, , columns] = state.shape as [number, number, number];
      for (let l = 0; l < layers; l++) {
        const layer = (of: Slice): Slice => subslice(of, (l * elements(of.shape)) / layers, [batch, columns]);
        gatherRows(recording, { table: { slice: layer(kept), vocabulary: batch, columns, layout: 'rows' }, tokens: this.#rows, count: batch, rows: layer(state) });
      }
      return kept;
    });
    this.#owned = [this.#rows, ...before].map((s) => s.buffer);
    gpu.allocate('the stream reorder', this.#owned, [recording]);
    this.#replay = new Replay(gpu, recording, 'stream reorder');
  }

  /** @throws RangeError unless there are N rows from 0 to N-1. */
  run(rows: ArrayLike<number>): void {
    const [batch] = this.#rows.shape as [number];
    this.#gpu.write(this.#rows, wholeNumbers(rows, 'rows', batch, batch - 1));
    this.#replay.submit();
  }

  destroy(): void {
    this.#replay.destroy();
    this.#gpu.memory.free(this.#owned);
  }
}
