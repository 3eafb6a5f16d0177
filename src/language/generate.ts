// Text from a model, piece by piece: one continuation, or many side by side.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { abortSignal, text, unsignedInteger, wholeNumber, within } from '../checks/values.ts';
import { NOT_FINITE_TOKEN, sampleSettings } from '../kernels/sample.ts';
import { createDecoder } from '../text/decoder.ts';
import type { GenerativeModel } from './generative_model.ts';
import { notFiniteModel } from './not_finite.ts';
import { BLOCK, BLOCKS_IN_FLIGHT, TokenStream } from './token_stream.ts';

export interface GenerateOptions {
  /** Characters to draw, for each prompt. Default 400. */
  readonly length?: number;
  /** Above 1 bolder, below 1 safer, 0 always the likeliest. Default 1. */
  readonly temperature?: number;
  /** Draw among the k likeliest only; 0 among all. Default 0. */
  readonly topK?: number;
  /** The same seed draws the same text. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Each yield has a piece of every text, some of them perhaps empty. What is wrong with prompts and options is thrown at once. */
export function generateMany(model: GenerativeModel, prompts: readonly string[], options: GenerateOptions): AsyncGenerator<string[], void, undefined> {
  checkOptions(options, 'generate', { length: wholeNumber, temperature: within({ least: 0 }), topK: unsignedInteger, seed: unsignedInteger, signal: abortSignal }, []);
  if (!Array.isArray(prompts)) throw new TypeError(`the prompts must be a list of texts; ${shown(prompts)} was given`);
  if (prompts.length === 0) throw new RangeError('there are no prompts: give at least one text for the model to continue');
  const given = prompts.map((prompt: string) => model.vocabulary.encode(text(prompt, 'the prompt')));
  const empty = given.findIndex((tokens) => tokens.length === 0);
  if (empty >= 0) throw new RangeError(`${prompts.length > 1 ? `prompt ${empty} of ${prompts.length}` : 'the prompt'} is empty: give at least one character for the model to continue`);
  return draw(model, given, options);
}

async function* draw(model: GenerativeModel, given: readonly Uint32Array[], options: GenerateOptions): AsyncGenerator<string[], void, undefined> {
  const { length = 400, temperature = 1, topK = 0, seed = 0, signal } = options;
  signal?.throwIfAborted();
  const stream = new TokenStream(model, given.length);
  const decoders = given.map(() => createDecoder(model.vocabulary));
  const waiting: (() => Promise<Uint32Array[]>)[] = [];
  try {
    await stream.prepare();
    stream.read(given.map((tokens) => tokens.subarray(0, -1)));
    stream.start(given.map((tokens) => tokens.at(-1)!));
    for (let drawn = 0; drawn < length || waiting.length > 0; ) {
      signal?.throwIfAborted();
      while (drawn < length && waiting.length < BLOCKS_IN_FLIGHT) {
        const block = length - drawn >= BLOCK ? BLOCK : 1;
        waiting.push(stream.draw(block, sampleSettings({ seed, drawn, topK, temperature })));
        drawn += block;
      }
      const rows = await waiting.shift()!();
      if (rows.some((row) => row.includes(NOT_FINITE_TOKEN))) throw await notFiniteModel(model, 'the logits of the next character are not finite');
      const pieces = decoders.map((decoder, n) => decoder.push(rows[n]!));
      if (pieces.some((piece) => piece !== '')) yield pieces;
    }
    const rest = decoders.map((decoder) => decoder.end());
    if (rest.some((piece) => piece !== '')) yield rest;
  } finally {
    stream.destroy();
  }
}

export function generate(model: GenerativeModel, prompt: string, options: GenerateOptions): AsyncGenerator<string, void, undefined> {
  return only(generateMany(model, [prompt], options));
}

/** Of one prompt's pieces the only one. */
async function* only(pieces: AsyncGenerator<string[], void, undefined>): AsyncGenerator<string, void, undefined> {
  for await (const [piece] of pieces) yield piece!;
}
