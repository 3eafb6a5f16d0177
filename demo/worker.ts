// Owns the device, the model and the trainer; the page only sends commands and draws events.
import { adam, characters, createModel, createTrainer, NotFiniteError, openDevice } from '../src/index.ts';
import type { CharacterModel, Corpus, Gpu, Progress, Trainer } from '../src/index.ts';
import type { Command, ErrorCode, Event, Place, ProgressPoint, SamplingSettings, Settings, TextForm } from './protocol.ts';

/** Steps are sent in groups: a message a step would keep the page busier than the drawing. */
const FLUSH_MS = 100;
/** A lost device costs at most this much training; the first checkpoint comes early. */
const CHECKPOINT_MS = 30_000;
const FIRST_CHECKPOINT_MS = 5_000;
/** Samples taken while training count down, those by hand have the page's own numbers from 1 up. */
let nextSample = -1;

let gpu: Gpu | null = null;
let corpus: Corpus | null = null;
let model: CharacterModel | null = null;
let trainer: Trainer | null = null;
let sampling: SamplingSettings | null = null;
let step = 0;
/** The training loop now running, and whether it is meant to go on. */
let loop: Promise<void> | null = null;
let wanted = false;
/** One text is written at a time. */
let writing: { readonly controller: AbortController; readonly done: Promise<void>; readonly byHand: boolean } | null = null;

const send = (event: Event, transfer: Transferable[] = []) => postMessage(event, { transfer });

function fail(place: Place, error: unknown, code?: ErrorCode): void {
  if (gpu?.isLost) return; // `lost` tells of it
  const message = error instanceof Error ? error.message : String(error);
  send({ type: 'error', place, message, ...(code ? { code } : {}) });
}

async function open(): Promise<void> {
  try {
    gpu = await openDevice();
  } catch (error) {
    send({ type: 'unavailable', message: error instanceof Error ? error.message : String(error) });
    return;
  }
  const { name, isFallback } = gpu.adapter;
  void gpu.lost.then((info) => {
    wanted = false;
    send({ type: 'lost', message: info.message });
  });
  send({ type: 'ready', adapter: { name, isFallback } });
}

function read(text: string, form: TextForm): void {
  corpus = null;
  try {
    corpus = characters(text, { normalize: form });
  } catch (error) {
    fail('corpus', error);
    return;
  }
  const { tokens, vocabulary, unigramEntropy } = corpus;
  const figures = { length: tokens.length, vocabularySize: vocabulary.size, uniform: Math.log(vocabulary.size), unigram: unigramEntropy };
  send({ type: 'corpus', figures });
}

/** Make model and trainer. False, and an error at its place, where the engine refuses. */
function build(settings: Settings): boolean {
  if (!gpu || !corpus) {
    fail('training', 'no text or no device', 'not-ready');
    return false;
  }
  const { layers, hidden, embed, seed } = settings.model;
  const { rate, batch, window, clip } = settings.trainer;
  let place: Place = 'model';
  try {
    model = createModel(gpu, { vocabulary: corpus.vocabulary, embed, layers: Array.from({ length: layers }, () => ({ cell: 'lstm', hidden })), seed });
    place = 'trainer';
    trainer = createTrainer(model, { optimizer: adam({ rate }), batch, window, clip });
  } catch (error) {
    demolish();
    fail(place, error);
    return false;
  }
  sampling = settings.sampling;
  step = 0;
  send({ type: 'model', parameterCount: model.parameterCount, bytes: gpu.memory.report().totalBytes });
  return true;
}

function demolish(): void {
  trainer?.destroy();
  model?.destroy();
  trainer = model = null;
  step = 0;
}

async function train(settings: Settings): Promise<void> {
  wanted = true;
  if (loop) return; // a pause that has not happened yet is taken back
  const isNew = !trainer;
  if (isNew && !build(settings)) return send({ type: 'state', state: 'empty', step });
  trainer!.rate = settings.trainer.rate;
  send({ type: 'state', state: 'training', step });
  loop = run(isNew);
  await loop;
  loop = null;
  send({ type: 'state', state: trainer ? 'paused' : 'empty', step });
}

async function run(isNew: boolean): Promise<void> {
  const points: ProgressPoint[] = [];
  let flushed = 0;
  let checkpointDue = performance.now() + (isNew ? FIRST_CHECKPOINT_MS : CHECKPOINT_MS);
  const note = ({ loss, gradientNorm, tokensPerSecond, epoch, ...progress }: Progress) => {
    step = progress.step;
    points.push({ step, loss, gradientNorm, tokensPerSecond, epochs: epoch + (progress.windowInEpoch + 1) / progress.windowsPerEpoch });
  };
  const flush = () => {
    if (points.length > 0) send({ type: 'progress', points: points.splice(0) });
    flushed = performance.now();
  };
  try {
    for await (const progress of trainer!.run(corpus!)) {
      note(progress);
      if (performance.now() - flushed > FLUSH_MS) flush();
      if (step % sampling!.every === 0 && wanted && !writing) {
        flush();
        await write(nextSample--, opening(corpus!), false, step);
      }
      if (performance.now() > checkpointDue) {
        await checkpoint(false);
        checkpointDue = performance.now() + CHECKPOINT_MS;
      }
      if (!wanted) break;
    }
    for await (const progress of trainer!.run(corpus!, { steps: 0 })) note(progress); // what was in flight
    flush();
    await checkpoint(false);
  } catch (error) {
    flush();
    // Before the first step only the text can be at fault: too short for the batch and the window.
    if (step === 0) demolish();
    if (error instanceof NotFiniteError) fail('training', error, 'diverged');
    else fail(step === 0 && error instanceof RangeError ? 'corpus' : 'training', error);
  }
}

/** What a sample starts from: a new line where the text has lines, so that it starts where a sentence may. */
function opening({ vocabulary }: Corpus): string {
  return vocabulary.has('\n') ? '\n' : vocabulary.symbols[0]!;
}

async function write(id: number, prompt: string, byHand: boolean, seed: number): Promise<void> {
  if (!model || !sampling) return fail('prompt', 'no model', 'not-ready');
  if (writing) {
    writing.controller.abort();
    await writing.done;
  }
  const controller = new AbortController();
  const done = compose(id, prompt, byHand, seed, controller.signal);
  writing = { controller, done, byHand };
  await done;
  writing = null;
}

async function compose(id: number, prompt: string, byHand: boolean, seed: number, signal: AbortSignal): Promise<void> {
  const { temperature, topK, length } = sampling!;
  let begun = false;
  try {
    for await (const piece of model!.generate(prompt, { length, temperature, topK, seed, signal })) {
      if (!begun) send({ type: 'sample', id, step, byHand, prompt });
      begun = true;
      send({ type: 'piece', id, text: piece, done: false });
    }
  } catch (error) {
    if (!signal.aborted) fail(byHand ? 'prompt' : 'training', error);
  }
  send({ type: 'piece', id, text: '', done: true });
}

async function checkpoint(download: boolean): Promise<void> {
  if (!trainer || step === 0) return;
  const at = trainer.step; // one ahead of the last progress while it trains
  const bytes = await trainer.checkpoint();
  send({ type: 'checkpoint', step: at, bytes, download }, [bytes.buffer]);
}

/** End what runs, and free the model. */
async function halt(): Promise<void> {
  wanted = false;
  writing?.controller.abort();
  await Promise.all([loop, writing?.done]);
  demolish();
}

async function reset(): Promise<void> {
  await halt();
  send({ type: 'state', state: 'empty', step: 0 });
}

async function restore(settings: Settings, bytes: Uint8Array, goOn: boolean): Promise<void> {
  await halt();
  if (!build(settings)) return send({ type: 'state', state: 'empty', step });
  try {
    trainer!.restore(bytes);
    step = trainer!.step;
  } catch (error) {
    demolish();
    send({ type: 'state', state: 'empty', step: 0 });
    return fail('file', error);
  }
  send({ type: 'state', state: 'paused', step });
  if (goOn) await train(settings);
}

async function obey(command: Command): Promise<void> {
  switch (command.type) {
    case 'open': return open();
    case 'corpus': return read(command.text, command.form);
    case 'train': return train(command.settings);
    case 'pause':
      wanted = false;
      if (writing && !writing.byHand) writing.controller.abort(); // the loop waits for its own sample
      return;
    case 'reset': return reset();
    case 'rate':
      if (trainer) trainer.rate = command.rate;
      return;
    case 'sampling':
      sampling = command.sampling;
      return;
    case 'generate': return write(command.id, command.prompt, true, command.seed);
    case 'stop':
      writing?.controller.abort();
      return;
    case 'save': return checkpoint(true);
    case 'restore': return restore(command.settings, command.bytes, command.train);
  }
}

addEventListener('message', ({ data }: MessageEvent<Command>) => {
  obey(data).catch((error: unknown) => fail('training', error));
});
