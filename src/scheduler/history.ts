// The arrays of one layer over a window of T steps. Histories have a slot more than steps where a direction begins: time t
// ends in slot t+1, a forward direction begins in slot 0, a reverse one in slot T+1. So no step is special, and the layer's
// output [T,N,D*H] is a slice of its history.
import type { Cell } from '../cells/cell.ts';
import { alignedCount, allocateProxy, elements, subslice, type BufferProxy, type ElementBytes, type Slice } from '../gpu/memory.ts';
import type { DropoutOptions } from '../kernels/dropout.ts';
import type { StateShape } from '../kernels/state.ts';

/** What a layer's arrays follow from: T, N, H, D, and the features F of its h: H, or P < H where it is projected. */
export interface LayerExtents extends StateShape {
  readonly features: number;
}

export interface LayerHistory extends LayerExtents {
  /** [T,N,D,S,H], or [T+1,..] where continued: pre-activations of the input side, then saved activations, then their gradients: one memory for the three. */
  readonly gates: Slice;
  /** Where each step reads its input side, if not in `gates`. */
  readonly table: TokenTable | null;
  /** [slots,N,D*F] */
  readonly h: Slice;
  /** [slots,N,D*H] what the cell makes and the projection reads; null without a projection. */
  readonly made: Slice | null;
  /** [slots,N,D*H] for each further state of the cell. */
  readonly states: readonly Slice[];
  /** [T,N,D*H] for each array that the cell makes within a step. */
  readonly scratch: readonly Slice[];
  /** [T,N,D*F]: slots 1..T of h. */
  readonly output: Slice;
  /** [N+3] steps of each row, then the seed and the counter of the window's random numbers, and the time at which it begins. */
  readonly lengths: Slice;
  /** What recurrent dropout leaves of h; null without it. */
  readonly mask: RecurrentMask | null;
  /** [slots,N,D*F] of the mask, or one element to bind. */
  readonly masked: Slice;
  /** Tells this layer's random numbers from another's. */
  readonly stream: number;
  /** A window may follow this one: then slot T of `gates` holds the gradients of its first step in the backward pass. */
  readonly continued: boolean;
}

/** Tokens as a layer's input: each step finds its input side in a row of a table. Of layers with one direction. */
export interface TokenRows {
  /** [T,N], behind `lengths` in one buffer. */
  readonly tokens: Slice;
  readonly vocabulary: number;
}

export interface TokenTable extends TokenRows {
  /** [V,S*H] W_ih·x + b_ih of each token in the first G*H of its row; behind `gates` in one buffer, since a kernel may bind eight at most. */
  readonly rows: Slice;
}

/** Variational dropout inside the recurrent product: the same units at every step of a window (Gal & Ghahramani 2016). */
export interface RecurrentMask {
  readonly options: DropoutOptions;
  /** [D,N,F] what it leaves of the initial state. */
  readonly initial: Slice;
  /** [D,N,F] the gradient of that. */
  readonly dInitial: Slice;
}

/** Where a layer's random numbers begin; zoneout takes the first two of its streams, recurrent dropout the third. */
const RECURRENT_DROPOUT_STREAM = 2;

export interface HistoryOptions {
  readonly continued?: boolean;
  readonly elementBytes?: ElementBytes;
  /** The input side is read by token. */
  readonly tokens?: TokenRows | null;
}

export function allocateHistory(cell: Cell, name: string, shape: LayerExtents, lengths: Slice, stream: number, options: HistoryOptions = {}): LayerHistory {
  const { timeSteps, batchSize, hiddenSize, features, directions, reverse } = shape;
  const { continued = false, elementBytes = 4, tokens = null } = options;
  const array = (what: string, extents: readonly number[]): Slice => allocateProxy(`${name}.${what}`, extents, 'history', elementBytes);
  const columns = directions * features;
  const slots = (width: number): readonly number[] => [timeSteps + (reverse || directions === 2 ? 2 : 1), batchSize, directions * width];
  const h = array('h', slots(features));
  const chance = cell.constants.RECURRENT_DROPOUT ?? 0;
  const state = [directions, batchSize, features];
  const own = [timeSteps + Number(continued), batchSize, directions, cell.saved, hiddenSize];
  const row = cell.saved * hiddenSize;
  const gates = array('gates', tokens ? [elements(own) / row + tokens.vocabulary, row] : own);
  return {
    ...shape,
    gates: subslice(gates, 0, own),
    table: tokens && { ...tokens, rows: subslice(gates, elements(own), [tokens.vocabulary, row]) },
    h,
    made: features === hiddenSize ? null : array('made', slots(hiddenSize)),
    states: cell.states.map((state) => array(state, slots(hiddenSize))),
    scratch: cell.scratch.map((scratch) => array(scratch, [timeSteps, batchSize, directions * hiddenSize])),
    output: subslice(h, batchSize * columns, [timeSteps, batchSize, columns]),
    lengths,
    stream,
    continued,
    masked: chance > 0 ? array('masked h', slots(features)) : allocateProxy(`${name}.no mask`, [1], 'scratch'),
    mask: chance > 0
      ? {
          options: { probability: chance, stream: stream + RECURRENT_DROPOUT_STREAM, lengths, step: 0 },
          initial: allocateProxy(`${name}.masked initial h`, state, 'activations'),
          dInitial: allocateProxy(`${name}.d_masked initial h`, state, 'activations'),
        }
      : null,
  };
}

/** All state histories of a layer, h first. */
export const allStates = (layer: LayerHistory): readonly Slice[] => [layer.h, ...layer.states];

/** The extents of a state's history by its place in `allStates`: h has F features, the others H. */
export const stateShape = (layer: LayerExtents, state: number): StateShape => (state === 0 ? { ...layer, hiddenSize: layer.features } : layer);

export const historyBuffers = (layer: LayerHistory): BufferProxy[] =>
  [layer.gates, layer.masked, ...(layer.made ? [layer.made] : []), ...allStates(layer), ...layer.scratch, ...(layer.mask ? [layer.mask.initial, layer.mask.dInitial] : [])].map((s) => s.buffer);

/** The elements of a `lengths` array [N+3]. */
export const lengthsShape = (batch: number): readonly [number] => [batch + 3];

/** `lengths` [N+3] and tokens [B,N] in one buffer: steps that read their input side by token bind both as one, other kernels each by itself. */
export function allocateTokens(name: string, rows: number, batch: number): { lengths: Slice; tokens: Slice } {
  const lengths = lengthsShape(batch);
  const from = alignedCount(lengths[0]);
  const both = allocateProxy(name, [from + rows * batch], 'input');
  return { lengths: subslice(both, 0, lengths), tokens: subslice(both, from, [rows, batch]) };
}

/** Rows of `steps` steps each, and what follows them: the seed and the counter of random numbers, the time at which the window begins. */
export function wholeLengths(batch: number, steps: number, seed = 0): Uint32Array<ArrayBuffer> {
  const lengths = new Uint32Array(lengthsShape(batch)[0]).fill(steps, 0, batch);
  lengths[batch] = seed;
  return lengths;
}
