// The half of `npm run train` that runs in the browser: it holds the model and the trainer, and reports as it goes.
import { adam, openDevice, type Gpu } from '../../src/index.ts';
import { createLanguageModel, createTrainer, loadLanguageModel, type LanguageModel } from '../../src/language.ts';
import { characters, createBatches, type Corpus } from '../../src/text.ts';
import type { Opened, Options, Progress, Trained } from './types.ts';

type Session = Awaited<ReturnType<typeof create>>;

declare global {
  /** Given by the process that opened the page. */
  function report(progress: Progress): Promise<void>;
}

const REPORT_MS = 100;

let session: Session | null = null;
let isStopping = false;

export async function open(options: Options): Promise<Opened> {
  session = await create(options);
  const { gpu, text, model } = session;
  return {
    adapter: gpu.adapter.name,
    isFallback: gpu.adapter.isFallback,
    hidden: model.layers.map(({ hiddenSize }) => hiddenSize),
    parameterCount: model.parameterCount,
    characters: text.tokens.length,
    vocabularySize: text.vocabulary.size,
    unigramEntropy: text.unigramEntropy,
  };
}

async function create(options: Options) {
  const corpus = await (await receive('text')).text();
  const gpu = await openDevice();
  const checkpoint = options.resume === null ? null : new Uint8Array(await (await receive('resume')).arrayBuffer());
  const { text, model } = checkpoint ? await naming(`--resume ${options.resume}`, () => resumed(gpu, corpus, checkpoint, options))
    : fresh(gpu, corpus, options);
  const prompt = options.prompt ?? firstWords(corpus);
  // A character that the text lacks is refused now, not after hours of training.
  await naming('--prompt', () => text.vocabulary.encode(prompt));
  const { batch, window, rate, clip } = options;
  // Likewise a text that is too short.
  createBatches(text.tokens, { batchSize: batch, timeSteps: window });
  const trainer = createTrainer(model, { optimizer: adam({ learningRate: rate }), batchSize: batch, timeSteps: window, gradientClip: clip });
  if (checkpoint) {
    await naming(`--resume ${options.resume}`, () => trainer.restore(checkpoint));
    if (options.given.includes('rate')) trainer.learningRate = rate;
  }
  return { gpu, text, model, trainer, prompt, options };
}

function fresh(gpu: Gpu, corpus: string, options: Options): { text: Corpus; model: LanguageModel } {
  const { hidden, embed, seed } = options;
  const text = characters(corpus, { normalize: options.normalize });
  const layers = Array.from({ length: options.layers }, () => ({ cell: 'lstm' as const, hiddenSize: hidden }));
  return { text, model: createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: embed === 'one-hot' ? embed : { size: embed }, layers, seed }) };
}

/** The checkpoint's own model, which options must not contradict. */
function resumed(gpu: Gpu, corpus: string, checkpoint: Uint8Array, options: Options): { text: Corpus; model: LanguageModel } {
  const model = loadLanguageModel(gpu, checkpoint);
  const sizes = new Set(model.layers.map(({ hiddenSize }) => hiddenSize));
  const embed = model.embedding === 'one-hot' ? model.embedding : model.embedding.size;
  const own = { layers: model.layers.length, hidden: [...sizes].join(', '), embed, normalize: model.vocabulary.normalize };
  for (const [name, value] of Object.entries(own)) {
    const given = options[name as keyof typeof own];
    if (options.given.includes(name) && String(given) !== String(value)) {
      throw new RangeError(`--${name} is ${given}, and the checkpoint's model has ${value}; leave --${name} out`);
    }
  }
  return { text: characters(corpus, { vocabulary: model.vocabulary }), model };
}

/** Train to the end, or until `stop`. */
export async function train(): Promise<Trained> {
  const { trainer, text, options } = opened();
  let done = 0;
  let reported = -Infinity;
  let losses: number[] = [];
  while (done < options.steps && !isStopping) {
    // A checkpoint is taken between two runs, when no step is under way.
    const steps = options.checkpoint === null ? options.steps : Math.min(options.checkpointEvery, options.steps - done);
    for await (const { loss, gradientNorm, tokensPerSecond } of trainer.run(text, { steps })) {
      done++;
      losses.push(loss);
      if (performance.now() - reported >= REPORT_MS || done === options.steps || isStopping) {
        reported = performance.now();
        const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
        losses = [];
        await report({ step: done, loss: mean, gradientNorm, tokensPerSecond });
      }
      if (isStopping) break;
    }
    if (options.checkpoint !== null) await send('checkpoint', await trainer.checkpoint());
  }
  return { done, step: trainer.step };
}

/** Training pauses, and sampling ends, at the next step. */
export function stop(): void {
  isStopping = true;
}

/** Send the weights as a safetensors file. */
export async function save(): Promise<void> {
  await send('model', await opened().model.save());
}

/** A sample, its prompt included. */
export async function sample(): Promise<string> {
  const { model, prompt, options } = opened();
  let text = prompt;
  const { sample: length, temperature, seed } = options;
  for await (const piece of model.generate(prompt, { length, temperature, seed })) {
    text += piece;
    if (isStopping) break;
  }
  return text;
}

/** Run `body`; an error of it says which option it comes from. */
async function naming<R>(option: string, body: () => R | Promise<R>): Promise<R> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof Error) error.message = `${option}: ${error.message}`;
    throw error;
  }
}

/** Up to three words, at most 40 characters. */
function firstWords(corpus: string): string {
  const start = [...corpus.trimStart().slice(0, 80)].slice(0, 40).join('');
  return /^(?:\S+\s+){1,3}/.exec(start)?.[0] ?? start;
}

function opened(): Session {
  if (!session) throw new Error('call open() first');
  return session;
}

async function receive(name: string): Promise<Response> {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`could not fetch ${name}: ${await response.text()}`);
  return response;
}

async function send(name: string, bytes: Uint8Array): Promise<void> {
  const response = await fetch(name, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
  if (!response.ok) throw new Error(await response.text());
}
