// Owns the device, the model and the trainer; the page only sends commands and draws events.
import { DeviceLostError, OutOfMemoryError, type Gpu } from '../src/index.ts';
import { NotFiniteError, resumableRun, TrainingInterruptedError, type Progress, type ResumableCheckpoint } from '../src/language.ts';
import { characters, type Corpus } from '../src/text.ts';
import { Pen } from './pen.ts';
import type { Command, ErrorCode, Event, Place, ProgressPoint, Settings, TextForm } from './protocol.ts';
import { Refusal, Workbench } from './workbench.ts';

/** Steps are sent in groups: a message a step would keep the page busier than the drawing. */
const FLUSH_MS = 100;

/** What is left when a run has ended: a model that can go on, none, or what the page was told otherwise. */
type Outcome = 'paused' | 'empty' | 'told';

/** The last step that the page was told. */
let step = 0;
let rate = 0;
/** The training loop now running, what ends it at once, and whether it is meant to go on. */
let loop: Promise<Outcome> | null = null;
let ending = new AbortController();
let wanted = false;
/** The device was lost in training, and no step has come since. */
let isReopening = false;

const send = (event: Event): void => postMessage(event);
const bench = new Workbench(send);
const pen = new Pen({ bench, send, fail, isTraining: () => loop !== null });

function fail(place: Place, error: unknown, code?: ErrorCode): void {
  const [at, cause] = error instanceof Refusal ? [error.place, error.cause] : [place, error];
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof OutOfMemoryError) send({ type: 'error', place: at, message, code: 'out-of-memory', bytes: cause.bytes });
  else send({ type: 'error', place: at, message, ...(code ? { code } : {}) });
}

async function open(): Promise<void> {
  try {
    await bench.open();
  } catch (error) {
    return send({ type: 'unavailable', message: error instanceof Error ? error.message : String(error) });
  }
  send({ type: 'ready' });
}

function read(text: string, form: TextForm): void {
  bench.corpus = null;
  try {
    bench.corpus = characters(text, { normalize: form });
  } catch (error) {
    return fail('corpus', error);
  }
  const { tokens, vocabulary, unigramEntropy } = bench.corpus;
  send({ type: 'corpus', figures: { length: tokens.length, vocabularySize: vocabulary.size, uniform: Math.log(vocabulary.size), unigram: unigramEntropy } });
}

async function train(settings: Settings): Promise<void> {
  wanted = true;
  if (loop) return; // a pause that has not happened yet is taken back
  bench.settings ??= settings;
  rate = settings.trainer.rate;
  pen.sampling = settings.sampling;
  ending = new AbortController();
  loop = begin();
  const outcome = await loop;
  loop = null;
  isReopening = false;
  if (outcome === 'empty') end();
  else if (outcome === 'paused') send({ type: 'state', state: 'paused', step });
}

async function begin(): Promise<Outcome> {
  try {
    (await bench.build(await bench.open())).learningRate = rate;
    send({ type: 'state', state: 'training', step });
    return await run(bench.corpus!);
  } catch (error) {
    return stopped(error);
  }
}

async function run(corpus: Corpus): Promise<Outcome> {
  const points: ProgressPoint[] = [];
  let flushed = 0;
  const note = ({ loss, gradientNorm, tokensPerSecond, epoch, ...progress }: Progress): void => {
    step = progress.step;
    points.push({ step, loss, gradientNorm, tokensPerSecond, epochs: epoch + (progress.windowInEpoch + 1) / progress.windowsPerEpoch });
  };
  const flush = (): void => {
    if (points.length > 0) send({ type: 'progress', points: points.splice(0) });
    flushed = performance.now();
  };
  const onLoss = (): void => {
    flush();
    isReopening = true;
    send({ type: 'reopening', step, from: bench.kept?.step ?? 0 });
    if (!wanted) ending.abort(); // who waits for a pause waits for no device
  };
  const options = {
    open: () => bench.open(), build: (gpu: Gpu) => bench.build(gpu), signal: ending.signal, onCheckpoint: (kept: ResumableCheckpoint) => bench.keep(kept), onLoss,
  };
  try {
    for await (const { trainer, ...progress } of resumableRun(corpus, options)) {
      note(progress);
      if (isReopening) trainer.learningRate = rate; // the checkpoint has that of its time
      isReopening = false;
      if (performance.now() - flushed > FLUSH_MS) flush();
      if (step % pen.sampling!.every === 0 && wanted && !pen.isWriting) {
        flush();
        await pen.sample(step);
      }
      if (!wanted) break;
    }
    const trainer = bench.trainer!;
    for await (const progress of trainer.run(corpus, { steps: 0 })) note(progress); // what was in flight
    bench.keep({ step: trainer.step, bytes: await trainer.checkpoint() });
    return 'paused';
  } finally {
    flush();
  }
}

/** What is left of a run that an error ended. */
function stopped(error: unknown): Outcome {
  const { kept } = bench;
  if (error instanceof NotFiniteError) {
    rewind();
    send({ type: 'diverged', step: error.step });
    return 'told';
  }
  if (error instanceof DeviceLostError || ending.signal.aborted) {
    // Nobody waits for another device: it is opened when it is needed.
    if (!kept && !ending.signal.aborted) fail('training', error, 'lost-at-once');
    return rewind();
  }
  // What was learnt must not be given up because the next device cannot hold it.
  if (error instanceof TrainingInterruptedError || (error instanceof Refusal ? kept !== null : bench.trainer === null)) {
    const cause = error instanceof TrainingInterruptedError ? error.cause : error;
    send({ type: 'lost', message: cause instanceof Error ? cause.message : String(cause) });
    return 'told';
  }
  // Before the first step only the text can be at fault: too short for the batch and the window.
  fail(step === 0 && error instanceof RangeError ? 'corpus' : 'training', error);
  return step === 0 || error instanceof Refusal ? 'empty' : 'paused';
}

/** Back to the last checkpoint, from which the trainer is made when it is needed; to nothing where there is none. */
function rewind(): Outcome {
  bench.drop();
  step = bench.kept?.step ?? 0;
  return bench.kept ? 'paused' : 'empty';
}

/** No model is left. */
function end(): void {
  bench.clear();
  step = 0;
  send({ type: 'state', state: 'empty', step });
}

/** End what runs; one that waits for a device is not waited for. */
async function halt(): Promise<void> {
  pause();
  pen.stop();
  await Promise.all([loop, pen.done]);
}

function pause(): void {
  wanted = false;
  if (isReopening) ending.abort();
  pen.stopSample(); // the loop waits for its own sample
}

async function save(): Promise<void> {
  if (!bench.settings) return;
  // A run that stands still is as its last checkpoint is, and so is all that is left while another device is opened.
  const { trainer } = bench;
  const saved = loop && trainer && !isReopening ? { step: trainer.step, bytes: await trainer.checkpoint() } : bench.kept;
  if (saved) send({ type: 'checkpoint', step: saved.step, bytes: saved.bytes as Uint8Array<ArrayBuffer>, download: true });
}

async function restore(settings: Settings, bytes: Uint8Array<ArrayBuffer>, goOn: boolean): Promise<void> {
  await halt();
  bench.clear();
  bench.settings = settings;
  pen.sampling = settings.sampling;
  bench.kept = { step: 0, bytes };
  try {
    step = (await bench.build(await bench.open())).step;
  } catch (error) {
    if (!(error instanceof Refusal)) return send({ type: 'lost', message: error instanceof Error ? error.message : String(error) });
    fail('file', error);
    return end();
  }
  bench.keep({ step, bytes });
  send({ type: 'state', state: 'paused', step });
  if (goOn) await train(settings);
}

async function obey(command: Command): Promise<void> {
  switch (command.type) {
    case 'open': return open();
    case 'corpus': return read(command.text, command.form);
    case 'train': return train(command.settings);
    case 'pause': return pause();
    case 'reset':
      await halt();
      return end();
    case 'rate':
      rate = command.rate;
      if (bench.trainer) bench.trainer.learningRate = rate;
      return;
    case 'sampling':
      pen.sampling = command.sampling;
      return;
    case 'generate': return pen.write(command.id, command.prompt, step, command.seed);
    case 'stop': return pen.stop();
    case 'save': return save();
    case 'restore': return restore(command.settings, command.bytes, command.train);
  }
}

addEventListener('message', ({ data }: MessageEvent<Command>) => {
  obey(data).catch((error: unknown) => fail(data.type === 'save' ? 'file' : 'training', error));
});
