// Text as the trainer and the evaluator take it.
import type { CharacterModel } from '../layers/model.ts';
import { createBatches, type Batches, type BatchOptions } from '../text/batches.ts';
import type { TrainingText } from '../text/streams.ts';

/** Its windows. @throws TypeError or RangeError for what is no text, shorter than one window, or not of the model's vocabulary */
export function batchesOf(model: CharacterModel, text: TrainingText, { batch, window, backSteps }: BatchOptions): Batches {
  if (!(text?.tokens instanceof Uint32Array)) throw new TypeError('a text with tokens (Uint32Array) is needed, such as characters(corpus)');
  const { tokens, documents } = text;
  const batches = createBatches(tokens, { batch, window, backSteps, documents });
  const vocabulary = model.vocabulary.size;
  const outside = tokens.findIndex((token) => token >= vocabulary);
  if (outside >= 0) {
    throw new RangeError(`token ${tokens[outside]} at position ${outside} is outside the model's vocabulary of ${vocabulary}: encode the text with model.vocabulary`);
  }
  return batches;
}
