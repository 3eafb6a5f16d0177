// Text as the trainer and the evaluator take it.
import { crc32 } from '../io/checksum.ts';
import type { LanguageModel } from './language_model.ts';
import { createBatches, type Batches, type BatchOptions } from '../text/batches.ts';
import { checkText, type TrainingText } from '../text/streams.ts';
import { vocabularyDifference } from '../text/vocabulary.ts';

/** Its windows. @throws TypeError or RangeError for what is no text, shorter than one window, or not of the model's vocabulary */
export function batchesOf(model: LanguageModel, text: TrainingText, { batchSize, timeSteps, backTimeSteps }: BatchOptions): Batches {
  checkText(text);
  const { tokens, documents, vocabulary } = text;
  const difference = vocabulary && vocabularyDifference(vocabulary, model.vocabulary);
  if (difference) {
    throw new RangeError(`the text is not of the model's vocabulary: ${difference}. Encode it with characters(text, { vocabulary: model.vocabulary })`);
  }
  const batches = createBatches(tokens, { batchSize, timeSteps, backTimeSteps, documents });
  const size = model.vocabulary.size;
  const outside = tokens.findIndex((token) => token >= size);
  if (outside >= 0) {
    throw new RangeError(`token ${tokens[outside]} at position ${outside} is outside the model's vocabulary of ${size}: encode the text with model.vocabulary`);
  }
  return batches;
}

/** Tells one text from another: its length, its documents, and a checksum of both. */
export function fingerprintOf({ tokens, documents }: TrainingText): string {
  const bytes = (array: Uint32Array | undefined): Uint8Array => (array ? new Uint8Array(array.buffer, array.byteOffset, array.byteLength) : new Uint8Array(0));
  const checksum = crc32(bytes(documents), crc32(bytes(tokens))).toString(16).padStart(8, '0');
  return `${tokens.length} characters in ${documents?.length ?? 'no'} documents, checksum ${checksum}`;
}
