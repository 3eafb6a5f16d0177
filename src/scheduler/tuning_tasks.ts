// An op as something to measure: arrays of its size, and the op recorded over them on any tile.
import { recurrentGates, type Cell } from '../cells/cell.ts';
import { cells, type CellName } from '../cells/registry.ts';
import { allocateProxy, elements, subslice, type Slice } from '../gpu/memory.ts';
import { Recording } from '../gpu/recording.ts';
import { opKey, withTile, type MatmulOp, type MatmulTile, type Op, type RecurrentOp, type RecurrentTile, type Tiles } from '../gpu/tiles.ts';
import type { TuningTask } from '../gpu/tuning_task.ts';
import { matmul, matrix } from '../kernels/matmul.ts';
import { bptt } from './bptt.ts';
import { allocateHistory, historyBuffers, lengthsShape } from './history.ts';
import { canFuseTime, specializedAsOver } from './launch.ts';
import { matmulShortlist, recurrentShortlist } from './shortlist.ts';
import { unfold, type RecurrentWeights } from './unfold.ts';

/** Multiply-adds of a product that is measured: a larger one is measured by fewer of its rows, or of a weight gradient's sum. */
const MOST_WORK = 2 ** 26;
/** Steps of a recurrence that is measured: one step costs what another does. */
const MOST_STEPS = 16;

/** How to measure an op on this adapter. */
export const tuningTask = (op: Op, tiles: Tiles): TuningTask<MatmulTile> | TuningTask<RecurrentTile> =>
  (op.kind === 'matmul' ? matmulTask(op, tiles) : recurrentTask(op, tiles));

function matmulTask(op: MatmulOp, tiles: Tiles): TuningTask<MatmulTile> {
  const { form } = op;
  let { M, N, K } = op;
  const share = Math.min(1, MOST_WORK / (M * N * K));
  if (form === 'tn') K = Math.max(1, Math.floor(K * share));
  else M = Math.max(Math.min(M, 64), Math.floor(M * share));
  const [aShape, bShape] = [form === 'tn' ? [K, M] : [M, K], form === 'nt' ? [N, K] : [K, N]] as [[number, number], [number, number]];
  const [a, b, c] = [allocateProxy('tuning a', aShape, 'scratch'), allocateProxy('tuning b', bShape, 'scratch'), allocateProxy('tuning c', [M, N], 'scratch')];
  return {
    key: opKey(op),
    // By the sum that is measured: slices of too few rows would seem slower than they are.
    candidates: matmulShortlist(tiles, { ...op, M, N, K }),
    memory: [a, b, c].map(({ buffer }) => buffer),
    inputs: [a, b],
    results: [c],
    record(tile) {
      const recording = new Recording(withTile(tiles, { ...op, M, N, K }, tile));
      matmul(recording, { form, a: matrix(a, ...aShape), b: matrix(b, ...bShape), c: matrix(c, M, N) });
      return recording;
    },
  };
}

function recurrentTask(op: RecurrentOp, tiles: Tiles): TuningTask<RecurrentTile> {
  const cell: Cell = cells[op.cell as CellName];
  const { kind, batchSize, hiddenSize, directions } = op;
  const timeSteps = Math.min(op.timeSteps, MOST_STEPS);
  const shape = { timeSteps, batchSize, hiddenSize, features: hiddenSize, directions: directions as 1 | 2, reverse: false };
  const scratch = (name: string, extents: readonly number[]): Slice => allocateProxy(`tuning ${name}`, extents, 'scratch');
  const lengths = scratch('lengths', lengthsShape(batchSize));
  const history = allocateHistory(cell, 'tuning', shape, lengths, 0);
  // Each run takes its gates anew, since a pass leaves others in their place.
  const gates = scratch('gates', history.gates.shape);
  const d = { dOutput: scratch('d_output', history.output.shape), dHidden: scratch('d_h', [directions, batchSize, hiddenSize]), dStates: cell.states.map((s) => scratch(`d_${s}`, [directions, batchSize, hiddenSize])) };
  const R = Math.max(1, recurrentGates(cell));
  const each = (all: Slice, extents: readonly number[]): Slice[] => Array.from({ length: directions }, (_, i) => subslice(all, i * elements(extents), extents));
  const [weight_hh, bias_hh, diagonal] = [scratch('weight_hh', [directions, R * hiddenSize, hiddenSize]), scratch('bias_hh', [directions, R * hiddenSize]), scratch('diagonal', [directions, 3 * hiddenSize])];
  const weights: RecurrentWeights = {
    weight_hh: each(weight_hh, [R * hiddenSize, hiddenSize]), bias_hh: each(bias_hh, [R * hiddenSize]), diagonal: each(diagonal, [3 * hiddenSize]), norm: { spans: [bias_hh], cell: 0, cellBias: 0 }, weight_hr: [],
  };
  const slices = [lengths, gates, weight_hh, bias_hh, diagonal, d.dOutput, d.dHidden, ...d.dStates];
  return {
    key: opKey(op),
    candidates: recurrentShortlist(tiles, op, canFuseTime(cell, history)),
    memory: [...historyBuffers(history), ...slices.map(({ buffer }) => buffer)],
    inputs: [gates, weight_hh, bias_hh, diagonal, ...(kind === 'backward' ? [d.dOutput, history.h, ...history.states] : [])],
    words: [{ slice: lengths, values: new Uint32Array(lengthsShape(batchSize)[0]).fill(timeSteps, 0, batchSize) }],
    results: [history.gates, ...(kind === 'forward' ? [history.h] : [d.dHidden])],
    record(tile) {
      const recording = new Recording(withTile(tiles, { ...op, timeSteps }, specializedAsOver(tile, cell, { ...shape, timeSteps: op.timeSteps })));
      recording.copy(gates, history.gates);
      if (kind === 'forward') {
        unfold(recording, cell, history, weights);
        return recording;
      }
      for (const slice of [d.dHidden, ...d.dStates]) recording.clear(slice);
      bptt(recording, cell, history, weights, { ...d, dNorm: null, projection: null }, { columns: directions * hiddenSize, direction: hiddenSize, scale: 1 });
      return recording;
    },
  };
}
