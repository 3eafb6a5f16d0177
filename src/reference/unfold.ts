// One layer in one direction over T steps. The loops are written for reading: one row of the batch at a time, one hidden unit
// at a time. Nothing is hoisted out of the time loop and no step is special. backpropagate.ts is the reverse-time pass.

import { addProduct, addVector, expectShape } from './arithmetic.ts';
import type { Cell, Unit } from './cell.ts';
import { checkLayer, expectStates, featuresOf, lengthOf, timeOf, type LayerMasks, type LayerOptions, type LayerWeights } from './layer.ts';
import { normalize } from './layer_norm.ts';

/** What the forward pass leaves: its results, and all that the backward pass reads. */
export interface Unfolded {
  readonly options: LayerOptions;
  readonly weights: LayerWeights;
  readonly masks: LayerMasks;
  /** [T,N,I] */
  readonly input: Float64Array;
  /** [T,N,F] by time; 0 beyond a row's length. */
  readonly output: Float64Array;
  /** h [N,F], c [N,H]: that of each row's own last step (the initial state where the length is 0). */
  readonly final: readonly Float64Array[];
  /** h [T+1,N,F], c [T+1,N,H] by steps taken: index 0 is the initial state. A row that has ended keeps its state. */
  readonly history: readonly Float64Array[];
  /** Per state [T,N,H] by steps taken: what the cell gave, before projection and zoneout. */
  readonly results: readonly Float64Array[];
  /** [T,N,H] by steps taken: what the units gave into the exchange. */
  readonly middle: Float64Array;
  /** [T,N,H,saved] by steps taken. */
  readonly saved: Float64Array;
}

/** Runs the layer over `input` [T,N,I] from `initial` (h [N,F], c [N,H]). Throws a RangeError for an array of another size. */
export function unfold(
  options: LayerOptions, weights: LayerWeights, input: Float64Array, initial: readonly Float64Array[], masks: LayerMasks = {},
): Unfolded {
  const { cell, timeSteps: T, batchSize: N, inputSize: I, hiddenSize: H } = options;
  const F = featuresOf(options);
  const widths = [F, H];
  expectShape('input', input, [T, N, I]);
  expectStates('initial', initial, options);
  checkLayer(options, weights, masks);

  const output = new Float64Array(T * N * F);
  const history = initial.map((state, k) => {
    const all = new Float64Array((T + 1) * N * widths[k]!);
    all.set(state);
    return all;
  });
  const results = initial.map(() => new Float64Array(T * N * H));
  const middle = new Float64Array(T * N * H);
  const saved = new Float64Array(T * N * H * cell.saved);
  const units = Array.from({ length: H }, () => newUnit(cell));

  for (let s = 0; s < T; s++) {
    for (let n = 0; n < N; n++) {
      const row = s * N + n;
      if (s >= lengthOf(options, n)) {
        history.forEach((all, k) => all.copyWithin((row + N) * widths[k]!, row * widths[k]!, (row + 1) * widths[k]!));
        continue;
      }
      const t = timeOf(options, n, s);
      const before = history.map((all, k) => all.subarray(row * widths[k]!, (row + 1) * widths[k]!));
      const x = inputSide(weights, input.subarray((t * N + n) * I, (t * N + n + 1) * I));
      if (weights.norm_ih) normalize(x, weights.norm_ih);
      if (weights.bias_ih) addVector(x, 0, weights.bias_ih, 0, x.length);
      const r = recurrentSide(cell, weights, dropped(before[0]!, masks, n), H);
      if (weights.norm_hh) normalize(r, weights.norm_hh);
      if (weights.bias_hh) addVector(r, 0, weights.bias_hh, 0, r.length);

      units.forEach((unit, j) => {
        for (let g = 0; g < unit.x.length; g++) unit.x[g] = x[g * H + j]!;
        for (let g = 0; g < unit.r.length; g++) unit.r[g] = r[g * H + j]!;
        loadState(unit, j, weights, before, F === H);
        cell.forward(unit);
        middle[row * H + j] = unit.middle;
      });
      exchange(cell, weights, masks, n, middle.subarray(row * H, (row + 1) * H)).forEach((value, j) => { units[j]!.middleOut = value; });
      units.forEach((unit, j) => {
        cell.finish(unit);
        unit.next.forEach((value, k) => { results[k]![row * H + j] = value; });
        saved.set(unit.saved, (row * H + j) * cell.saved);
      });

      const after: Float64Array[] = results.map((all) => all.slice(row * H, (row + 1) * H));
      if (weights.weight_hr) after[0] = product(weights.weight_hr, F, after[0]!);
      after.forEach((state, k) => {
        const mask = k === 0 ? masks.zoneout_h : masks.zoneout_c;
        const width = widths[k]!;
        if (mask) for (let j = 0; j < width; j++) state[j] = state[j]! + mask[(t * N + n) * width + j]! * (before[k]![j]! - state[j]!);
        history[k]!.set(state, (row + N) * width);
      });
      output.set(after[0]!, (t * N + n) * F);
    }
  }
  const final = history.map((all, k) => all.slice(T * N * widths[k]!));
  return { options, weights, masks, input, output, final, history, results, middle, saved };
}

/** W_ih·x [Gi*H]. */
export const inputSide = ({ weight_ih }: LayerWeights, x: Float64Array): Float64Array => product(weight_ih, weight_ih.length / x.length, x);

/** W_hh·h [(Gr - late)*H] for h after its dropout, the gates that do not wait for the exchange. */
export function recurrentSide(cell: Cell, { weight_hh }: LayerWeights, h: Float64Array, H: number): Float64Array {
  const rows = (cell.recurrentGates - cell.lateGates) * H;
  if (!weight_hh) return new Float64Array(rows);
  return cell.diagonal ? weight_hh.map((u, k) => u * h[k % H]!) : product(weight_hh, rows, h);
}

/** h [F], or what dropout inside the recurrent product leaves of row n. */
export function dropped(h: Float64Array, { recurrent_dropout: mask }: LayerMasks, n: number): Float64Array {
  return mask ? h.map((value, j) => value * mask[n * h.length + j]!) : h;
}

/** The part of a parameter that belongs to the late gates' rows: a view. */
export const lateRows = (cell: Cell, array: Float64Array): Float64Array =>
  array.subarray(array.length / cell.recurrentGates * (cell.recurrentGates - cell.lateGates));

/** What the units of row n get for what they gave, [H]. */
function exchange(cell: Cell, weights: LayerWeights, masks: LayerMasks, n: number, middle: Float64Array): Float64Array {
  const { weight_hh, bias_hh, norm_c, norm_c_bias } = weights;
  if (cell.lateGates > 0) {
    const side = product(lateRows(cell, weight_hh!), middle.length, dropped(middle, masks, n));
    if (bias_hh) addVector(side, 0, lateRows(cell, bias_hh), 0, side.length);
    return side;
  }
  if (!norm_c) return middle;
  const out = middle.slice();
  normalize(out, norm_c);
  addVector(out, 0, norm_c_bias!, 0, out.length);
  return out;
}

/** Peephole weights and state of unit j. */
export function loadState(unit: Unit, j: number, { peephole }: LayerWeights, before: readonly Float64Array[], ownsH: boolean): void {
  const H = peephole ? peephole.length / unit.w.length : 0;
  for (let p = 0; p < unit.w.length; p++) unit.w[p] = peephole![p * H + j]!;
  before.forEach((state, k) => { unit.previous[k] = k === 0 && !ownsH ? NaN : state[j]!; });
}

export function newUnit(cell: Cell): Unit {
  const floats = (size: number): Float64Array => new Float64Array(size);
  const early = cell.recurrentGates - cell.lateGates;
  return {
    x: floats(cell.inputGates), r: floats(early), w: floats(cell.peepholes),
    previous: floats(cell.states), next: floats(cell.states), saved: floats(cell.saved), dNext: floats(cell.states),
    dX: floats(cell.inputGates), dR: floats(early), dW: floats(cell.peepholes), dPrevious: floats(cell.states),
    middle: 0, middleOut: 0, dMiddleOut: 0, dMiddle: 0,
  };
}

function product(a: Float64Array, rows: number, x: Float64Array): Float64Array {
  const y = new Float64Array(rows);
  addProduct(y, 0, a, rows, x.length, x, 0);
  return y;
}
