// The half of `npm run train` that runs in the browser: it holds the model and the trainer, and reports as it goes.
import { adam, characters, createModel, createTrainer, openDevice } from '../../src/index.ts';
import type { Opened, Options, Progress } from './types.ts';

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
    parameterCount: model.parameterCount,
    characters: text.tokens.length,
    vocabularySize: text.vocabulary.size,
    unigramEntropy: text.unigramEntropy,
  };
}

async function create(options: Options) {
  const corpus = await (await receive('text')).text();
  const text = characters(corpus, { normalize: options.normalize });
  const prompt = options.prompt ?? firstWords(corpus);
  // A character that the text lacks is refused now, not after hours of training.
  await naming('--prompt', () => text.vocabulary.encode(prompt));
  const gpu = await openDevice();
  const { hidden, embed, seed, batch, window, rate, clip } = options;
  const layers = Array.from({ length: options.layers }, () => ({ cell: 'lstm' as const, hidden }));
  const model = createModel(gpu, { vocabulary: text.vocabulary, embed, layers, seed });
  const trainer = createTrainer(model, { optimizer: adam({ rate }), batch, window, ...(clip > 0 ? { clip } : {}) });
  if (options.resume !== null) {
    const bytes = new Uint8Array(await (await receive('resume')).arrayBuffer());
    await naming(`--resume ${options.resume}`, () => trainer.restore(bytes));
    trainer.rate = rate;
  }
  return { gpu, text, model, trainer, prompt, options };
}

/** Train to the end, or until `stop`; the number of steps that were done. */
export async function train(): Promise<number> {
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
  return done;
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
