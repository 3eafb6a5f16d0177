// Text from a model, piece by piece.
import { sampleSettings } from '../kernels/sample.ts';
import { createDecoder } from '../text/decoder.ts';
import { finiteNumber, wholeNumber } from './checks.ts';
import type { CharacterModel } from './model.ts';
import { BLOCK, BLOCKS_IN_FLIGHT, TokenStream } from './token_stream.ts';

export interface GenerateOptions {
  /** Characters to draw. Default 400. */
  readonly length?: number;
  /** Above 1 bolder, below 1 safer, 0 always the likeliest. Default 1. */
  readonly temperature?: number;
  /** Draw among the k likeliest only; 0 among all. Default 0. */
  readonly topK?: number;
  /** The same seed draws the same text. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export async function* generate(model: CharacterModel, prompt: string, options: GenerateOptions): AsyncGenerator<string, void, undefined> {
  const { length = 400, temperature = 1, topK = 0, seed = 0, signal } = options;
  wholeNumber(length, 'length');
  finiteNumber(temperature, 'temperature', { least: 0 });
  wholeNumber(topK, 'topK', 0);
  wholeNumber(seed, 'seed', 0);
  const given = model.vocabulary.encode(prompt);
  if (given.length === 0) throw new RangeError('the prompt is empty: give at least one character for the model to continue');
  signal?.throwIfAborted();

  const stream = new TokenStream(model);
  const decoder = createDecoder(model.vocabulary);
  const waiting: (() => Promise<Uint32Array>)[] = [];
  try {
    stream.read(given.subarray(0, -1));
    stream.start(given.at(-1)!);
    for (let drawn = 0; drawn < length || waiting.length > 0; ) {
      signal?.throwIfAborted();
      while (drawn < length && waiting.length < BLOCKS_IN_FLIGHT) {
        const block = length - drawn >= BLOCK ? BLOCK : 1;
        waiting.push(stream.draw(block, sampleSettings({ seed, drawn, topK, temperature })));
        drawn += block;
      }
      const piece = decoder.push(await waiting.shift()!());
      if (piece) yield piece;
    }
    const rest = decoder.end();
    if (rest) yield rest;
  } finally {
    stream.destroy();
  }
}
