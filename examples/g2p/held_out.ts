// What a trained network is worth on words that it has not seen: the loss by teacher forcing, and what it says for a spelling.
import { padTimeFirst } from '../data/padding.ts';
import type { Pronunciation } from '../data/pronunciations.ts';
import { END, spellingBatch, spellingPairs, START, type SpellingBatch, type SpellingPair, type SpellingSymbols } from '../data/spelling.ts';
import { IGNORED } from '../data/teacher_forcing.ts';
import { decodeBeam } from '../metrics/decoding.ts';
import type { Transcription } from '../metrics/error_rates.ts';
import { DecoderSteps } from './decoder_steps.ts';
import type { EncoderDecoder, Window } from './encoder_decoder.ts';

/** Windows have lengths of so many steps and of multiples of it: few windows, little padding. */
const STEPS_APART = 4;

const windowSteps = (longest: number): number => Math.ceil(longest / STEPS_APART) * STEPS_APART;

/** A batch of pairs and the window that it fits in. */
export function batchAndWindow(
  network: EncoderDecoder, pairs: readonly SpellingPair[], symbols: SpellingSymbols, use: 'training' | 'measuring',
): { batch: SpellingBatch; window: Window } {
  const sourceTimeSteps = windowSteps(Math.max(...pairs.map(({ word }) => word.length)));
  const timeSteps = windowSteps(1 + Math.max(...pairs.map(({ phonemes }) => phonemes.length)));
  return {
    batch: spellingBatch(pairs, symbols, { sourceTimeSteps, timeSteps }),
    window: network.window({ sourceTimeSteps, timeSteps, batchSize: pairs.length }, use),
  };
}

/** Nats a phoneme, ends counted, over every variant of the words. @throws RangeError where there is no word. */
export async function heldOutLoss(network: EncoderDecoder, words: readonly Pronunciation[], symbols: SpellingSymbols, batchSize: number): Promise<number> {
  let [sum, count] = [0, 0];
  for (const pairs of batches(spellingPairs(words), batchSize)) {
    const { batch, window } = batchAndWindow(network, filled(pairs, batchSize), symbols, 'measuring');
    // The rows that fill the batch count for nothing.
    const targets = batch.decoder.targets.map((target, i) => (i % batchSize < pairs.length ? target : IGNORED));
    window.forward({ ...batch, decoder: { ...batch.decoder, targets } });
    const { loss, weight } = await window.loss.read();
    sum += loss * weight;
    count += weight;
  }
  return sum / count;
}

export interface TranscribeOptions {
  /** Words side by side. */
  readonly batchSize: number;
  /** Hypotheses of a word: 1 is greedy search. */
  readonly width: number;
  /** Phonemes of an answer at most. */
  readonly longest: number;
}

/** What the network says for each word, beside the right answers. */
export async function transcribe(
  network: EncoderDecoder, words: readonly Pronunciation[], symbols: SpellingSymbols, { batchSize, width, longest }: TranscribeOptions,
): Promise<(Transcription<string> & { word: string })[]> {
  const { letters, phonemes } = symbols;
  const found: (Transcription<string> & { word: string })[] = [];
  let steps: DecoderSteps | undefined;
  try {
    for (const some of batches(words, batchSize)) {
      const sourceTimeSteps = windowSteps(Math.max(...some.map(({ word }) => word.length)));
      if (steps?.size.sourceTimeSteps !== sourceTimeSteps) {
        steps?.destroy();
        steps = new DecoderSteps(network, { words: batchSize, width, sourceTimeSteps });
      }
      steps.start(padTimeFirst(filled(some, batchSize).map(({ word }) => letters.encode(word)), { timeSteps: sourceTimeSteps }));
      const options = { start: phonemes.token(START), end: phonemes.token(END), maximumLength: longest, width };
      const answers = await decodeBeam(steps.step, steps.first.slice(0, some.length), options);
      answers.forEach(([best], n) => found.push({ word: some[n]!.word, output: phonemes.decode(best!.tokens), references: some[n]!.variants }));
    }
  } finally {
    steps?.destroy();
  }
  return found;
}

/** Stretches of `size`, the short words first; the last may be shorter. */
function batches<W extends { readonly word: string }>(items: readonly W[], size: number): W[][] {
  const sorted = items.toSorted((a, b) => a.word.length - b.word.length);
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
}

/** Filled up to `size` by repeating the first. */
const filled = <W>(items: readonly W[], size: number): W[] => [...items, ...Array<W>(size - items.length).fill(items[0]!)];
