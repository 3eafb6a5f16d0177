// Which stretch of a text each of N rows reads, and when: the text in N equal parts, or whole documents one after another.
import { shown } from '../checks/shown.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Text as tokens: what `characters` gives, or a part of it that `split` gives. */
export interface TrainingText {
  readonly tokens: Uint32Array;
  /** Where each document begins, the first at 0; the last ends with the text. One text in one piece without it. */
  readonly documents?: Uint32Array | undefined;
  /** Of its tokens: a model of another one refuses it. */
  readonly vocabulary?: Vocabulary | undefined;
}

/** Characters that follow one another, read by one row from the first to the last, T a window. */
export interface Stretch {
  /** Token of its first character. */
  readonly first: number;
  /** Characters to read; each has one after it, which is its target. */
  readonly count: number;
  /** Window of the epoch in which it is begun. */
  readonly begins: number;
}

/** For each row its stretches, in the order of reading. */
export type Streams = readonly (readonly Stretch[])[];

interface Sizes {
  readonly batchSize: number;
  readonly timeSteps: number;
}

/**
 * N stretches of the text, each going on where the one before ends. The last characters, which fill no window of all rows, are not read.
 * @throws RangeError where the text is shorter than one window for N rows: it needs N·T + 1 characters.
 */
export function textStreams(length: number, { batchSize, timeSteps }: Sizes): Streams {
  // The last input of a stream needs a target, hence one character more.
  const windows = Math.floor((length - 1) / (batchSize * timeSteps));
  if (windows < 1) throw tooShort(length, batchSize, timeSteps);
  const count = windows * timeSteps;
  return Array.from({ length: batchSize }, (_, n) => [{ first: n * count, count, begins: 0 }]);
}

/**
 * Every document whole, in the order of the text, each to the row that is the first to be free. A window holds characters of one
 * document a row: what is left of it after the document's end stays empty.
 * @throws RangeError where `documents` are no beginnings of documents, or none has two characters.
 */
export function documentStreams(length: number, documents: Uint32Array, { batchSize, timeSteps }: Sizes): Streams {
  checkDocuments(documents, length);
  const streams = Array.from({ length: batchSize }, (): Stretch[] => []);
  const free = new Uint32Array(batchSize);
  documents.forEach((first, d) => {
    const count = (documents[d + 1] ?? length) - first - 1;
    if (count === 0) return;
    const n = free.indexOf(Math.min(...free));
    streams[n]!.push({ first, count, begins: free[n]! });
    free[n]! += Math.ceil(count / timeSteps);
  });
  if (streams[0]!.length === 0) throw new RangeError('no document has two characters: there is nothing to predict. Give longer documents');
  return streams;
}

/** @throws TypeError for what is no text of tokens; RangeError where its documents do not share it out */
export function checkText(text: TrainingText): void {
  if (!((text as TrainingText | null)?.tokens instanceof Uint32Array)) throw new TypeError(`the text must have tokens (a Uint32Array), as characters(corpus) has; ${shown(text)} was given`);
  if (text.documents !== undefined) checkDocuments(text.documents, text.tokens.length);
}

/** @throws RangeError for what is no list of documents that share out the whole text */
export function checkDocuments(documents: Uint32Array, length: number): void {
  if (!(documents instanceof Uint32Array)) throw new TypeError('documents must be a Uint32Array of where each document begins, such as characters([…]).documents');
  if (documents[0] !== 0) throw new RangeError(`documents[0] is ${documents[0]}; the first document must begin at 0`);
  const bad = documents.findIndex((first, d) => first >= (documents[d + 1] ?? length));
  if (bad >= 0) {
    const next = documents[bad + 1] === undefined ? `the text ends at ${length}` : `documents[${bad + 1}] is ${documents[bad + 1]}`;
    throw new RangeError(`documents[${bad}] is ${documents[bad]} and ${next}; each document must begin before the next, the last before the text's end`);
  }
}

/** The stretch that a row reads in a window of the epoch: the last one begun; null where there is none yet. */
export function stretchAt(stream: readonly Stretch[], windowInEpoch: number): Stretch | null {
  let [low, high] = [0, stream.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stream[middle]!.begins <= windowInEpoch) low = middle + 1;
    else high = middle;
  }
  return stream[low - 1] ?? null;
}

function tooShort(length: number, batchSize: number, timeSteps: number): RangeError {
  const widest = Math.floor((length - 1) / timeSteps);
  const longest = Math.floor((length - 1) / batchSize);
  const smaller = [
    ...(widest >= 1 ? [`a batchSize of at most ${widest}`] : []),
    ...(longest >= 1 ? [`timeSteps of at most ${longest}`] : []),
  ];
  const advice = smaller.length > 0 ? `Use ${smaller.join(' or ')}, or a longer text` : 'Use a longer text, or make both smaller';
  return new RangeError(
    `the text has ${length} characters, too few for batchSize ${batchSize} × timeSteps ${timeSteps}: ` +
      `one window needs ${batchSize} · ${timeSteps} + 1 = ${batchSize * timeSteps + 1}. ${advice}`,
  );
}
