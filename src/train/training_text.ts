// Text as the trainer and the evaluator take it.
import type { CharacterModel } from '../layers/model.ts';
import { createBatches, type Batches, type BatchOptions } from '../text/batches.ts';

/** A text as tokens of the model's vocabulary; what `characters` gives, or a part of it that `split` gives. */
export interface TrainingText {
  readonly tokens: Uint32Array;
}

/** Its windows. @throws TypeError or RangeError for what is no text, shorter than one window, or not of the model's vocabulary */
export function batchesOf(model: CharacterModel, text: TrainingText, { batch, window }: BatchOptions): Batches {
  if (!(text?.tokens instanceof Uint32Array)) throw new TypeError('a text with tokens (Uint32Array) is needed, such as characters(corpus)');
  const { tokens } = text;
  const batches = createBatches(tokens, { batch, window });
  const vocabulary = model.vocabulary.size;
  const outside = tokens.findIndex((token) => token >= vocabulary);
  if (outside >= 0) {
    throw new RangeError(`token ${tokens[outside]} at position ${outside} is outside the model's vocabulary of ${vocabulary}: encode the text with model.vocabulary`);
  }
  return batches;
}
