import { adam, openDevice, rmsprop, sgd, warmUp, cosine, type Gpu, type UpdateRule } from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate, type LanguageModel, type Evaluation, type Progress } from '../../src/language.ts';
import { readSafetensors, writeSafetensors } from '../../src/safetensors.ts';
import { split, Vocabulary } from '../../src/text.ts';
import { writeSealed } from '../../src/io/sealed.ts';
import { randomUniform } from '../../src/layers/random.ts';
import { lstm } from '../../src/reference/lstm.ts';
import { characterModelWindow, type LayerState } from '../../src/reference/character_model.ts';
import { createBatches } from '../../src/text/batches.ts';

const V = 9;
const vocabulary = new Vocabulary(Array.from({ length: V }, (_, v) => String.fromCodePoint(0x100 + v)));
const sizes = { batchSize: 5, timeSteps: 7 };
/** A noisy cycle: a text to learn, its end to measure on. */
const tokens = Uint32Array.from({ length: 700 }, (_, i) => (randomUniform(3, 1, i) < 0.1 ? Math.floor(randomUniform(3, 2, i) * V) : i % V));
const { training, validation } = split(tokens, { validation: 0.3 });

const modelOf = (gpu: Gpu): LanguageModel => createLanguageModel(gpu, { vocabulary, embedding: { size: 6 }, layers: [{ cell: 'lstm', hiddenSize: 19 }, { cell: 'lstm', hiddenSize: 12 }], seed: 4 });

const reference = { vocabulary: V, embedding: 6, layers: [{ cell: lstm(), hiddenSize: 19 }, { cell: lstm(), hiddenSize: 12 }] };

/** The model's weights by the reference's names. */
async function parametersOf(model: LanguageModel): Promise<Record<string, Float64Array>> {
  const parameters: Record<string, Float64Array> = {};
  for (const [name, array] of Object.entries(model.parameters)) {
    const own = name.startsWith('head.') ? name.replace('head.', 'linear.') : name.startsWith('embedding.') ? name : `recurrent.${name}`;
    parameters[own] = Float64Array.from(await array.read());
  }
  return parameters;
}

/** The reference's loss on a text with the model's weights, over the first windows. */
async function referenceLoss(model: LanguageModel, text: Uint32Array, windows: number): Promise<number> {
  const parameters = await parametersOf(model);
  const batches = createBatches(text, sizes);
  let state: readonly LayerState[] | undefined;
  let sum = 0;
  for (let w = 0; w < windows; w++) {
    const { inputs, targets } = batches.at(w);
    const result = characterModelWindow(reference, parameters, { timeSteps: sizes.timeSteps, batchSize: sizes.batchSize, inputs, targets }, state);
    state = result.state;
    sum += result.loss;
  }
  return sum / windows;
}

/** The reference's nats of each character of `text` but the first, read in one piece from a zero state. */
function nats(parameters: Record<string, Float64Array>, text: Uint32Array): number[] {
  const window = { timeSteps: text.length - 1, batchSize: 1, inputs: text.subarray(0, -1), targets: text.subarray(1) };
  return [...characterModelWindow(reference, parameters, window).losses];
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

/** Documents of very different lengths, so that hardly two windows count as many characters. */
const documents = Uint32Array.of(0, 2, 31, 34, 36, 95, 96, 97, 110, 130, 139);

/**
 * `evaluate` where windows count different numbers of characters, or read some of them again from a zero state; and the mean over the
 * characters that the reference predicts one by one.
 */
export async function unequalEvaluations(): Promise<Record<string, { actual: Evaluation; expected: number; characters: number }>> {
  const gpu = await openDevice();
  const model = modelOf(gpu);
  const trainer = createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), ...sizes });
  for await (const _ of trainer.run({ tokens: training }, { steps: 12 }));
  const parameters = await parametersOf(model);
  const whole = [...documents].flatMap((first, d) => nats(parameters, validation.subarray(first, documents[d + 1] ?? validation.length)));
  const [timeSteps, backTimeSteps, batchSize] = [4, 9, 3];
  const batches = createBatches(validation, { batchSize, timeSteps });
  // Each window of a stream from zero, but as many characters back as there are.
  const again: number[] = [];
  for (let n = 0; n < batchSize; n++) {
    const stream = validation.subarray(n * timeSteps * batches.windowsPerEpoch, (n + 1) * timeSteps * batches.windowsPerEpoch + 1);
    for (let end = timeSteps; end < stream.length; end += timeSteps) again.push(...nats(parameters, stream.subarray(Math.max(0, end - backTimeSteps), end + 1)).slice(-timeSteps));
  }
  const text = { tokens: validation, documents };
  return {
    'documents, by a trainer': { actual: await trainer.evaluate(text), expected: meanOf(whole), characters: whole.length },
    documents: { actual: await evaluate(model, text, { batchSize: 2, timeSteps: 11 }), expected: meanOf(whole), characters: whole.length },
    'from zero, some steps back': { actual: await evaluate(model, { tokens: validation }, { batchSize, timeSteps, backTimeSteps, stateful: false }), expected: meanOf(again), characters: again.length },
  };
}

/** Of a model trained for a while: `evaluate` and the reference, over all windows and over two. */
export async function evaluations() {
  const gpu = await openDevice();
  const model = modelOf(gpu);
  const trainer = createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), ...sizes });
  for await (const _ of trainer.run({ tokens: training }, { steps: 12 }));
  const all = createBatches(validation, sizes).windowsPerEpoch;
  const results = {
    all: { windows: all, actual: await trainer.evaluate({ tokens: validation }), expected: await referenceLoss(model, validation, all) },
    two: { windows: 2, actual: await trainer.evaluate({ tokens: validation }, { windows: 2 }), expected: await referenceLoss(model, validation, 2) },
    free: { windows: all, actual: await evaluate(model, { tokens: validation }, sizes), expected: await referenceLoss(model, validation, all) },
  };
  trainer.destroy();
  model.destroy();
  return { results, left: gpu.memory.report().totalBytes };
}

export type Evaluations = 'none' | 'in the loop' | 'beside the loop' | 'validate' | 'aborted';

/** For each, of a model of its own: losses, norms and trained weights of 30 steps, with evaluations here and there, and what these gave. */
export async function trainedWith(all: readonly Evaluations[]) {
  const gpu = await openDevice();
  const runs: Awaited<ReturnType<typeof trained>>[] = [];
  for (const evaluations of all) runs.push(await trained(gpu, evaluations));
  return runs;
}

async function trained(gpu: Gpu, evaluations: Evaluations) {
  const model = modelOf(gpu);
  const trainer = createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), gradientClip: 1, ...sizes });
  const text = { tokens: validation };
  const results: Evaluation[] = [];
  const steps: number[] = [];
  const losses: number[] = [];
  const beside: Promise<Evaluation>[] = [];
  const validate = evaluations === 'validate' ? { text, every: 10 } : undefined;
  for await (const { step, loss, gradientNorm, validation } of trainer.run({ tokens: training }, { steps: 30, validate })) {
    losses.push(loss, gradientNorm);
    if (validation) {
      steps.push(step);
      results.push(validation);
    }
    if (step % 10 !== 0) continue;
    if (evaluations === 'in the loop') results.push(await trainer.evaluate(text));
    if (evaluations === 'beside the loop') beside.push(trainer.evaluate(text), trainer.evaluate(text, { windows: 1 }));
    if (evaluations === 'aborted') {
      // In the midst of it, with a window in flight.
      let windows = 0;
      const signal = { throwIfAborted: () => { if (++windows > 2) throw new Error('enough'); } } as AbortSignal;
      const message = await trainer.evaluate(text, { signal }).then(() => 'no error', (error: Error) => error.message);
      if (message !== 'enough') throw new Error(`an aborted evaluation gave: ${message}`);
    }
  }
  results.push(...(await Promise.all(beside)));
  const last = await trainer.evaluate(text);
  const weights = Array.from(await gpu.read(model.weights.flat));
  trainer.destroy();
  model.destroy();
  return { losses, weights, results, steps, last, left: gpu.memory.report().totalBytes };
}

const optimizers: Record<string, () => UpdateRule> = {
  schedule: () => adam({ learningRate: warmUp(5, cosine({ learningRate: 1e-2, minimum: 1e-3, steps: 20 })) }),
  rmsprop: () => rmsprop({ learningRate: 1e-3, momentum: 0.5, centered: true }),
  sgd: () => sgd({ learningRate: 2 }),
};

interface ScheduledRun {
  readonly optimizer: string;
  /** The rate set after step 10. */
  readonly live?: number;
  /** Saved, and restored into another trainer, at step 15. */
  readonly restart: boolean;
}

/** Rates and losses of 30 steps of each. */
export async function scheduled(all: readonly ScheduledRun[]) {
  const gpu = await openDevice();
  const runs: Awaited<ReturnType<typeof scheduledRun>>[] = [];
  for (const one of all) runs.push(await scheduledRun(gpu, one));
  return runs;
}

async function scheduledRun(gpu: Gpu, { optimizer, live, restart }: ScheduledRun) {
  const make = () => createTrainer(modelOf(gpu), { optimizer: optimizers[optimizer]!(), gradientClip: { value: 0.05 }, ...sizes });
  let trainer = make();
  const progress: Progress[] = [];
  const run = async (to: number): Promise<void> => {
    for await (const p of trainer.run({ tokens: training }, { steps: to - trainer.step })) progress.push(p);
  };
  await run(10);
  if (live !== undefined) trainer.learningRate = live;
  await run(15);
  if (restart) {
    const saved = await trainer.checkpoint();
    trainer = make();
    trainer.restore(saved);
  }
  const next = trainer.learningRate;
  await run(30);
  return { rates: progress.map((p) => p.learningRate), losses: progress.map((p) => p.loss), next };
}

/** What is said of a checkpoint without a checksum, as earlier versions wrote it, and of one with an earlier version's name. */
export async function oldCheckpoints(): Promise<string[]> {
  const gpu = await openDevice();
  const trainer = createTrainer(modelOf(gpu), { optimizer: adam({ learningRate: 0.5 }), ...sizes });
  const { tensors, metadata: { checksum: _, ...metadata } } = readSafetensors(await trainer.checkpoint());
  const named = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  return [writeSafetensors(named, metadata), writeSealed(named, { ...metadata, format: 'unfold-rnn character model 2' })].map((old) => {
    try {
      trainer.restore(old);
      return 'no error';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  });
}

/** What `evaluate` says of a text that does not fit, and whether it can be called again. */
export async function refusals() {
  const gpu = await openDevice();
  const model = modelOf(gpu);
  const trainer = createTrainer(model, { optimizer: adam(), ...sizes });
  const said = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no error', (error: Error) => error.message);
  const messages = {
    short: await said(trainer.evaluate({ tokens: validation.subarray(0, 20) })),
    foreign: await said(trainer.evaluate({ tokens: new Uint32Array(100).fill(77) })),
    noText: await said(trainer.evaluate({} as { tokens: Uint32Array })),
    noWindows: await said(trainer.evaluate({ tokens: validation }, { windows: 0 })),
    free: await said(evaluate(model, { tokens: validation }, { batchSize: 0 })),
    validate: await said((async () => trainer.run({ tokens: training }, { validate: { text: { tokens: validation }, every: 0 } }))()),
  };
  return { messages, after: await trainer.evaluate({ tokens: validation }) };
}
