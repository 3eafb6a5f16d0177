// A text's beginning to train on and its end to measure on.
import { checkDocuments, type TrainingText } from './streams.ts';

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
export function split(text: Uint32Array | TrainingText, { validation: share }: SplitOptions): { training: unknown; validation: unknown } {
  if (!(share > 0 && share < 1)) throw new RangeError(`validation is ${share}; it must be a share above 0 and below 1, such as 0.1`);
  const whole = text instanceof Uint32Array;
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
  checkDocuments(documents, tokens.length);
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
