// A text's beginning to train on and its end to measure on.
import { checkOptions } from '../checks/options.ts';
import { within } from '../checks/values.ts';
import { checkText, type TrainingText } from './streams.ts';

export interface SplitOptions {
  /** The share of the text at its end, above 0 and below 1. */
  readonly validation: number;
}

/**
 * The text's beginning to train on and its end to measure on, as views of its tokens. A text of documents is cut at the border of
 * two of them that is nearest to the share.
 * @throws RangeError for a share out of bounds, or where one side would be empty.
 */
export function split<T extends Uint32Array>(tokens: T, options: SplitOptions): { training: T; validation: T };
export function split(text: TrainingText, options: SplitOptions): { training: TrainingText; validation: TrainingText };
export function split(text: Uint32Array | TrainingText, options: SplitOptions): { training: unknown; validation: unknown } {
  checkOptions(options, 'split', { validation: within({ above: 0, below: 1 }) }, ['validation']);
  const { validation: share } = options;
  const whole = text instanceof Uint32Array;
  if (!whole) checkText(text);
  const { tokens, documents } = whole ? { tokens: text, documents: undefined } : text;
  const [training, validation] = documents ? splitDocuments(tokens, documents, share) : splitTokens(tokens, share);
  if (whole) return { training: training.tokens, validation: validation.tokens };
  const { vocabulary } = text;
  return { training: { ...training, ...(vocabulary && { vocabulary }) }, validation: { ...validation, ...(vocabulary && { vocabulary }) } };
}

function splitTokens(tokens: Uint32Array, share: number): [TrainingText, TrainingText] {
  const cut = tokens.length - Math.round(tokens.length * share);
  if (cut === 0 || cut === tokens.length) {
    throw new RangeError(`a text of ${tokens.length} characters cannot be split by ${share}: one side would be empty. Give a longer text`);
  }
  return [{ tokens: tokens.subarray(0, cut) }, { tokens: tokens.subarray(cut) }];
}

function splitDocuments(tokens: Uint32Array, documents: Uint32Array, share: number): [TrainingText, TrainingText] {
  if (documents.length < 2) throw new RangeError('a text of one document cannot be split between documents. Give more documents, or split its tokens');
  const wanted = tokens.length * (1 - share);
  const farther = (a: number, b: number): boolean => Math.abs(documents[b]! - wanted) < Math.abs(documents[a]! - wanted);
  let border = 1;
  while (border + 1 < documents.length && farther(border, border + 1)) border++;
  const cut = documents[border]!;
  return [
    { tokens: tokens.subarray(0, cut), documents: documents.slice(0, border) },
    { tokens: tokens.subarray(cut), documents: documents.slice(border).map((first) => first - cut) },
  ];
}
