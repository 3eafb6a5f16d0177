// Back-propagation through time: the window's steps in reverse, then what can be summed over all of them at once.
import type { Cell, RecurrentProduct, StepGradients } from '../cells/cell.ts';
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { addTo } from '../kernels/arrange.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { dropoutBackward } from '../kernels/dropout.ts';
import { matmul, type Matrix } from '../kernels/matmul.ts';
import { productSum } from '../kernels/product_sum.ts';
import { takeFirstGradients } from '../kernels/state.ts';
import type { LayerHistory } from './history.ts';
import { projectionStepGradient, type ProjectionGradients } from './projection.ts';
import { backwardLaunch, executionMode } from './launch.ts';
import { opOf, stepAt, type OutputGradient, type RecurrentWeights } from './unfold.ts';

/** What the steps of a layer need for BPTT; `projection` where it is projected. */
export interface TimeGradients extends StepGradients {
  readonly projection: ProjectionGradients | null;
}

/** Record the reverse-time pass: afterwards `gates` hold the gradients of the gates' pre-activations. */
export function bptt(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights, gradients: TimeGradients, output: OutputGradient): void {
  const tile = recording.tileOf(opOf('backward', cell, history));
  const mode = executionMode(tile, cell, history);
  const launch = backwardLaunch(tile, mode, cell, history);
  const { projection } = gradients;
  const dispatches = mode === 'sequence' ? 1 : history.timeSteps;
  for (let step = dispatches - 1; step >= 0; step--) {
    const dispatch = stepAt(cell, history, weights, step, launch, output);
    const own = projection
      ? projectionStepGradient(recording, cell, history, weights.weight_hr, dispatch, { ...gradients, projection }, (time, direction) =>
          productGradients(cell, history, weights, time, direction))
      : gradients;
    cell.backward(recording, dispatch, own);
  }
}

/** For each run of gates that read h, their gradients [N, count*H] at a time and their rows of weight_hh. */
function productGradients(cell: Cell, history: LayerHistory, { weight_hh }: RecurrentWeights, time: number, direction: number): { d: Matrix; weight: Matrix }[] {
  const { batchSize, hiddenSize, features, directions, gates } = history;
  const row = cell.saved * hiddenSize;
  return runsOf(cell.products).map(({ gate, block, count }) => {
    const from = time * batchSize * directions * row + direction * row + block * hiddenSize;
    const columns = count * hiddenSize;
    return {
      d: { slice: subslice(gates, from, [(batchSize - 1) * directions * row + columns]), rows: batchSize, columns, stride: directions * row },
      weight: { slice: subslice(weight_hh[direction]!, gate * hiddenSize * features, [columns, features]), rows: columns, columns: features },
    };
  });
}

/** Some columns of an array of rows: `stride` elements a row, `count` columns from column `from`. */
export function columnsOf(array: Slice, rows: number, stride: number, from: number, count: number): Matrix {
  return { slice: subslice(array, from, [rows * stride - from]), rows, columns: count, stride };
}

/** Blocks `block` .. `block + count` of a direction's gate gradients, as a [T·N, count*H] matrix. */
export function gateGradients(cell: Cell, history: LayerHistory, direction: number, block: number, count: number): Matrix {
  const { timeSteps, batchSize, hiddenSize, directions, gates } = history;
  const row = cell.saved * hiddenSize;
  return columnsOf(gates, timeSteps * batchSize, directions * row, direction * row + block * hiddenSize, count * hiddenSize);
}

/** Neighbouring blocks of a product, and the rows of weight_hh that are theirs. */
interface Run {
  readonly product: RecurrentProduct;
  /** First row block of weight_hh. */ readonly gate: number;
  readonly block: number;
  readonly count: number;
}

/** The products' blocks in stretches that lie side by side, so that each is one matrix. */
function runsOf(products: readonly RecurrentProduct[]): Run[] {
  const runs: Run[] = [];
  let gate = 0;
  for (const product of products) {
    let run = null as Run | null;
    for (const block of product.blocks) {
      if (run && block === run.block + run.count) run = { ...run, count: run.count + 1 };
      else {
        if (run) runs.push(run);
        run = { product, gate, block, count: 1 };
      }
      gate++;
    }
    if (run) runs.push(run);
  }
  return runs;
}

export interface RecurrentGradients {
  readonly weight_hh: Slice | null;
  readonly bias_hh: Slice | null;
  readonly diagonal: Slice | null;
}

/** Gate gradients of each row's first step, [D,N,count*H], a buffer for each run. */
export type FirstGradients = readonly Slice[];

export function allocateFirstGradients(cell: Cell, name: string, history: LayerHistory): FirstGradients {
  const { directions, batchSize, hiddenSize } = history;
  return runsOf(cell.products).map(({ count }, i) => allocateProxy(`${name}.first gradients ${i}`, [directions, batchSize, count * hiddenSize], 'activations'));
}

export const firstGradientBuffers = (first: FirstGradients): BufferProxy[] => first.map((s) => s.buffer);

/**
 * Record, for each direction, dW_hh [R*H,F] += Σ_t dgates[t]ᵀ·h[t-1], db_hh [R*H] += Σ_t dgates[t], and the diagonal weights'.
 * `initial` [D,N,F] is the state that rows shorter than the window started from in reverse: their first step finds 0 in the
 * slot beside it, where the output's padding is.
 */
export function recurrentGradients(
  recording: Recording,
  cell: Cell,
  history: LayerHistory,
  into: readonly RecurrentGradients[],
  boundary: { first: FirstGradients; initial: Slice } | null,
): void {
  const { timeSteps, batchSize, hiddenSize, features, directions, reverse, scratch, states, gates, lengths, mask } = history;
  // What the products read: with recurrent dropout, what it left of h.
  const h = mask ? history.masked : history.h;
  const rows = timeSteps * batchSize;
  const runs = runsOf(cell.products);
  const stride = directions * features;
  runs.forEach(({ block, count }, i) => {
    if (boundary) takeFirstGradients(recording, history, { gates, saved: cell.saved, block, count, first: boundary.first[i]!, lengths, shortOnly: true });
  });
  into.forEach(({ weight_hh, bias_hh, diagonal }, direction) => {
    const reversed = reverse || direction === 1;
    for (const [i, { product, gate, block, count }] of runs.entries()) {
      const d = gateGradients(cell, history, direction, block, count);
      // Slots 0..T-1 are what forward steps started from, slots 2..T+1 what reverse ones did.
      const before = columnsOf(h, (reversed ? timeSteps + 2 : timeSteps) * batchSize, stride, (reversed ? 2 * batchSize * stride : 0) + direction * features, features);
      const read = product.reads === 'h' ? { ...before, rows } : columnsOf(scratch[product.reads.scratch]!, rows, stride, direction * features, features);
      const dWeight = subslice(weight_hh!, gate * hiddenSize * features, [count * hiddenSize, features]);
      const c: Matrix = { slice: dWeight, rows: count * hiddenSize, columns: features };
      matmul(recording, { form: 'tn', a: d, b: read, c, accumulate: true });
      if (boundary && reversed && product.reads === 'h') {
        const first = boundary.first[i]!;
        const part = subslice(first, direction * batchSize * count * hiddenSize, [batchSize, count * hiddenSize]);
        const initial = subslice(mask?.initial ?? boundary.initial, direction * batchSize * features, [batchSize, features]);
        matmul(recording, { form: 'tn', a: { slice: part, rows: batchSize, columns: count * hiddenSize }, b: { slice: initial, rows: batchSize, columns: features }, c, accumulate: true });
      }
      if (bias_hh && !cell.norm) columnSum(recording, d, subslice(bias_hh, gate * hiddenSize, [count * hiddenSize]), { group: batchSize });
    }
    if (bias_hh && cell.norm) {
      // Behind the normalization the gates' gradients lie in other blocks than the products'.
      for (const { gate, block, count } of runsOf([{ blocks: cell.norm.recurrent, reads: 'h' }])) {
        columnSum(recording, gateGradients(cell, history, direction, block, count), subslice(bias_hh, gate * hiddenSize, [count * hiddenSize]), { group: batchSize });
      }
    }
    cell.diagonal?.gates.forEach(({ block, state, sees }, i) => {
      productSum(recording, history, {
        direction,
        gates,
        saved: cell.saved,
        block,
        history: state === 'h' ? h : states[state]!,
        seesAfter: sees === 'after',
        lengths,
        dWeight: subslice(diagonal!, i * hiddenSize, [hiddenSize]),
      });
    });
  });
}

/** Record dh0 [D,N,F]: `dHidden` holds what bypassed the products; add the first steps' dgates·W_hh. */
export function initialStateGradient(recording: Recording, cell: Cell, history: LayerHistory, weights: RecurrentWeights, first: FirstGradients, dHidden: Slice): void {
  const { batchSize, hiddenSize, features, directions, gates, lengths, mask } = history;
  const into = mask?.dInitial ?? dHidden;
  if (mask) recording.clear(mask.dInitial);
  runsOf(cell.products).forEach(({ product, gate, block, count }, i) => {
    if (product.reads !== 'h') return;
    takeFirstGradients(recording, history, { gates, saved: cell.saved, block, count, first: first[i]!, lengths, shortOnly: false });
    for (let direction = 0; direction < directions; direction++) {
      const columns = count * hiddenSize;
      const weight = subslice(weights.weight_hh[direction]!, gate * hiddenSize * features, [columns, features]);
      const dInitial = subslice(into, direction * batchSize * features, [batchSize, features]);
      matmul(recording, {
        form: 'nn',
        a: { slice: subslice(first[i]!, direction * batchSize * columns, [batchSize, columns]), rows: batchSize, columns },
        b: { slice: weight, rows: columns, columns: features },
        c: { slice: dInitial, rows: batchSize, columns: features },
        accumulate: true,
      });
    }
  });
  if (!mask) return;
  dropoutBackward(recording, mask.options, mask.dInitial);
  addTo(recording, mask.dInitial, dHidden);
}

