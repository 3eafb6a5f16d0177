// Layer normalization of the input side of a recurrent layer's gates.
import shader from '../../shaders/ops/layer_norm.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

/** G*H values a row of `gates` [T,N,D,S,H]: read from `raw`, and written to the first blocks. */
export interface NormalizedRows {
  readonly gates: Slice;
  readonly batchSize: number;
  readonly directions: number;
  /** G*H */ readonly columns: number;
  /** S*H */ readonly rowStride: number;
  /** Element of a row of S*H where the values to normalize begin. */ readonly raw: number;
  /** [G*H] of the first direction, the other `stride` further. */ readonly gain: { readonly slice: Slice; readonly stride: number };
}

const params = ({ batchSize, directions, columns, rowStride, raw, gain }: NormalizedRows) => ({
  batch: batchSize, directions, columns, row_stride: rowStride, raw, gain_stride: gain.stride, bias_stride: 0, has_bias: 0,
});

/** Record the first blocks = gain·LN(raw) + bias, for `steps` steps in time from `first`. */
export function layerNorm(
  recording: Recording, rows: NormalizedRows, options: { first: number; timeSteps: number; bias: { readonly slice: Slice; readonly stride: number } | null },
): void {
  const { gates, gain, batchSize, directions } = rows;
  const { first, timeSteps, bias } = options;
  recording.dispatch(shader, 'forward', {
    bindings: { gates, gain: gain.slice, bias: bias?.slice ?? gain.slice },
    params: { ...params(rows), first, steps: timeSteps, bias_stride: bias?.stride ?? 0, has_bias: Number(bias !== null) },
    constants: { ROW_THREADS: recording.tiles.rowThreads },
    workgroups: grid(timeSteps * batchSize * directions, 1),
  });
}

/** Record raw = dL/draw for all T steps, the first blocks being dL/d of what was made of it; the gain's gradient is added to dGain [D,N,G*H], by row. */
export function layerNormBackward(recording: Recording, rows: NormalizedRows, steps: number, dGain: Slice): void {
  const { gates, gain, batchSize, directions, columns } = rows;
  if (elements(dGain.shape) !== directions * batchSize * columns) throw new RangeError(`dGain [${dGain.shape}] does not hold [${directions},${batchSize},${columns}]`);
  const [x, y] = grid(batchSize, 1);
  recording.dispatch(shader, 'backward', {
    bindings: { gates, gain: gain.slice, d_gain: dGain },
    params: { ...params(rows), first: 0, steps },
    constants: { ROW_THREADS: recording.tiles.rowThreads },
    workgroups: [x, y, directions],
  });
}
