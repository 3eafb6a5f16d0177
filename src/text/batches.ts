// A text read by N rows side by side, cut into windows: what each training step reads.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { wholeNumber } from '../checks/values.ts';
import { checkDocuments, documentStreams, stretchAt, textStreams } from './streams.ts';

export interface BatchOptions {
  /** N: rows that read side by side. */
  readonly batchSize: number;
  /** T: new characters of a row a window (k1 of truncated BPTT). */
  readonly timeSteps: number;
  /** B: characters of a window in all, those read before among them (k2): at least T. Default T. */
  readonly backTimeSteps?: number | undefined;
}

/** Stands for the target of a step that has none: no loss, no gradient. */
export const NO_TARGET = 0xffffffff;

/** Characters of a window: 1 GiB of tokens. */
const MOST_ELEMENTS = 2 ** 28;

export interface BatchArrays {
  /** [B,N] up to B-T characters that the row has read of the same stretch, then its new ones; 0 past `lengths`. */
  readonly inputs: Uint32Array;
  /** [T,N] the character after each new one; NO_TARGET where there is no new one. */
  readonly targets: Uint32Array;
  /** [N] characters of each row, old and new. */
  readonly lengths: Uint32Array;
  /** [N] the old ones. */
  readonly offsets: Uint32Array;
  /** [N] characters after which the next window's inputs begin: the state there is the one to keep. */
  readonly kept: Uint32Array;
  /** [N] 1 where a row begins a stretch, so that its state starts from zero; 0 where it goes on. */
  readonly begins: Uint32Array;
}

export interface Batch extends BatchArrays {
  /** New characters of all rows, those with a target. */
  readonly counted: number;
  /** From 0. */
  readonly epoch: number;
  /** From 0 to windowsPerEpoch - 1. */
  readonly windowInEpoch: number;
}

export interface Batches {
  readonly batchSize: number;
  readonly timeSteps: number;
  readonly backTimeSteps: number;
  readonly windowsPerEpoch: number;
  /** Characters predicted in an epoch. */
  readonly charactersPerEpoch: number;
  /**
   * The window of training step `step` (from 0). It depends on the step alone, so a run that resumes at any step reads what it would have read.
   * @param into arrays to fill, so that a step allocates nothing.
   */
  at(step: number, into?: BatchArrays): Batch;
}

export function allocateBatch({ batchSize, timeSteps, backTimeSteps = timeSteps }: BatchOptions): BatchArrays {
  const rows = (): Uint32Array => new Uint32Array(batchSize);
  return { inputs: new Uint32Array(backTimeSteps * batchSize), targets: new Uint32Array(timeSteps * batchSize), lengths: rows(), offsets: rows(), kept: rows(), begins: rows() };
}

/**
 * Cut tokens into N streams and each stream into windows of T new characters. Without `documents` the streams are N equal parts of
 * the text, and its last characters, which fill no window of all N (fewer than N·T), are not read. With `documents` (where each
 * begins) a row reads one document after another, whole; a window that a document does not fill leaves the rest of its row empty,
 * and a document's last character is no input.
 *
 * A window of B > T begins with what its row read last of the same stretch, so that a gradient can go back B steps. Early in a
 * stretch there is less of it, and the row is shorter: `lengths` characters, of which `offsets` are old.
 * @throws RangeError where the text is shorter than one window for N streams, which needs N·T + 1 characters; where B is below T;
 *   or for documents that are none.
 */
export function createBatches(
  tokens: Uint32Array, options: BatchOptions & { readonly documents?: Uint32Array | undefined },
): Batches {
  if (!(tokens instanceof Uint32Array)) throw new TypeError(`the tokens must be a Uint32Array, such as characters(text).tokens; ${shown(tokens)} was given`);
  checkOptions(options, 'createBatches', { batchSize: wholeNumber, timeSteps: wholeNumber, backTimeSteps: wholeNumber, documents: (given) => checkDocuments(given, tokens.length) }, ['batchSize', 'timeSteps']);
  const { batchSize, timeSteps, backTimeSteps = timeSteps, documents } = options;
  if (backTimeSteps * batchSize > MOST_ELEMENTS) throw new RangeError(`a window of ${backTimeSteps} steps and ${batchSize} rows has ${backTimeSteps * batchSize} characters, and may have ${MOST_ELEMENTS}: use a smaller batchSize, or fewer timeSteps`);
  if (backTimeSteps < timeSteps) throw new RangeError(`backTimeSteps is ${backTimeSteps}, below timeSteps, ${timeSteps}: the gradient of a window goes back over all of it. Use at least ${timeSteps}`);
  const streams = documents ? documentStreams(tokens.length, documents, { batchSize, timeSteps }) : textStreams(tokens.length, { batchSize, timeSteps });
  const ends = streams.map((stream) => stream.at(-1)).map((last) => (last ? last.begins + Math.ceil(last.count / timeSteps) : 0));
  const windowsPerEpoch = Math.max(...ends);
  const charactersPerEpoch = streams.flat().reduce((sum, { count }) => sum + count, 0);
  /** Where the inputs of a stretch's window begin, from its first character. */
  const startOf = (w: number): number => Math.max(0, (w + 1) * timeSteps - backTimeSteps);

  function at(step: number, into: BatchArrays = allocateBatch({ batchSize, timeSteps, backTimeSteps })): Batch {
    wholeNumber(step, 'step', 0);
    requireArrays(into, { inputs: [backTimeSteps, batchSize], targets: [timeSteps, batchSize], lengths: [batchSize], offsets: [batchSize], kept: [batchSize], begins: [batchSize] });
    const { inputs, targets, lengths, offsets, kept, begins } = into;
    const windowInEpoch = step % windowsPerEpoch;
    inputs.fill(0);
    targets.fill(NO_TARGET);
    let counted = 0;
    streams.forEach((stream, n) => {
      const { first, count, begins: begun } = stretchAt(stream, windowInEpoch) ?? { first: 0, count: 0, begins: 0 };
      const w = windowInEpoch - begun;
      const fresh = Math.min(timeSteps, Math.max(0, count - w * timeSteps));
      const start = startOf(w);
      const offset = fresh > 0 ? w * timeSteps - start : 0;
      const length = offset + fresh;
      for (let t = 0; t < length; t++) inputs[t * batchSize + n] = tokens[first + start + t]!;
      for (let t = 0; t < fresh; t++) targets[t * batchSize + n] = tokens[first + w * timeSteps + t + 1]!;
      lengths[n] = length;
      offsets[n] = offset;
      kept[n] = Math.min(length, startOf(w + 1) - start);
      begins[n] = Number(fresh > 0 && w === 0);
      counted += fresh;
    });
    return { ...into, counted, epoch: Math.floor(step / windowsPerEpoch), windowInEpoch };
  }

  return { batchSize, timeSteps, backTimeSteps, windowsPerEpoch, charactersPerEpoch, at };
}

function requireArrays(into: BatchArrays, shapes: Readonly<Record<keyof BatchArrays, readonly number[]>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const array = (into as BatchArrays | null)?.[name as keyof BatchArrays];
    if (!(array instanceof Uint32Array)) throw new TypeError(`${name} of the arrays to fill must be a Uint32Array; ${shown(array)} was given`);
    const needed = shape.reduce((a, b) => a * b, 1);
    if (array.length !== needed) throw new RangeError(`${name} has ${array.length} elements; [${shape}] needs ${needed}`);
  }
}
