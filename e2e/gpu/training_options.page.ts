// What documents, carried states and masks do to a run: what leaks and what does not, what a checkpoint keeps, what is traced.
import { adam, createRecurrent, openDevice, sgd, type Gpu, type LayerTrace } from '../../src/index.ts';
import {
  createLanguageModel, createTrainer, evaluate, loadLanguageModel, type Evaluation, type LanguageModel, type LayerOptions,
  type Progress, type TrainerOptions,
} from '../../src/language.ts';
import { characters, split, type TrainingText } from '../../src/text.ts';
import { linearBackward, linearForward } from '../../src/reference/linear.ts';
import { softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { referenceParameters, textOf, tokensOf, V, vocabulary } from './training_windows.page.ts';

/** A rate that changes no float32 weight. */
const NOTHING = 1e-30;

const plain: readonly LayerOptions[] = [{ cell: 'lstm', hiddenSize: 6 }, { cell: 'gru', hiddenSize: 5 }];
const masked: readonly LayerOptions[] = [
  { cell: 'lstm', hiddenSize: 6, dropout: 0.3, recurrentDropout: 0.4, zoneout: { h: 0.2, c: 0.3 }, clipGates: 3 },
  { cell: 'gru', hiddenSize: 5, resetAfter: false, dropout: 0.5, recurrentInit: 'identity', activations: { candidate: 'relu' } },
];
const modelOf = (gpu: Gpu, layers = plain, seed = 5): LanguageModel => createLanguageModel(gpu, { vocabulary, embedding: { size: 4 }, layers, seed });

async function take(run: AsyncIterable<Progress>): Promise<Progress[]> {
  const progress: Progress[] = [];
  for await (const p of run) progress.push(p);
  return progress;
}

/** A row reads 9 characters of one document (or of a text) and then 8 of another: the losses of those 8, at every step, by the first 9. */
export async function leaks() {
  const gpu = await openDevice();
  const model = modelOf(gpu, [{ cell: 'lstm', hiddenSize: 6 }]);
  const [first, other, second] = [tokensOf(9, 1), tokensOf(9, 2), tokensOf(9, 3)];
  const lossesAfter = async (before: Uint32Array, options: Partial<TrainerOptions>, documents?: Uint32Array): Promise<number[]> => {
    const tokens = Uint32Array.of(...before, ...second);
    // Nothing is learnt, so that the state alone could tell.
    const trainer = createTrainer(model, { optimizer: sgd({ learningRate: NOTHING }), batchSize: 1, timeSteps: 4, ...options });
    const progress = await take(trainer.run({ tokens, documents }, { steps: 4 }));
    trainer.destroy();
    return progress.slice(2).flatMap(({ stepLoss }) => [...stepLoss]);
  };
  const documents = Uint32Array.of(0, 9);
  const evaluation = async (tokens: Uint32Array, of?: Uint32Array): Promise<Evaluation> => evaluate(model, { tokens, documents: of }, { batchSize: 1, timeSteps: 4 });
  const both = Uint32Array.of(...first, ...second);
  return {
    documents: [await lossesAfter(first, {}, documents), await lossesAfter(other, {}, documents)],
    longer: [await lossesAfter(first, { backTimeSteps: 7 }, documents), await lossesAfter(other, { backTimeSteps: 7 }, documents)],
    stateless: [await lossesAfter(first, { stateful: false }), await lossesAfter(other, { stateful: false })],
    text: [await lossesAfter(first, {}), await lossesAfter(other, {})],
    evaluated: { both: await evaluation(both, documents), apart: [await evaluation(first), await evaluation(second)], joined: await evaluation(both) },
  };
}

interface Run {
  readonly layers: 'plain' | 'masked';
  readonly options: Partial<TrainerOptions>;
  readonly documents?: readonly number[];
  readonly steps: number;
}

/** Losses and norms of a run on a small text; with a restart, saved after so many steps and restored into a trainer of other seeds. */
async function run(gpu: Gpu, { layers, options, documents, steps }: Run, restartAfter?: number): Promise<number[]> {
  const text = textOf({ characters: 90, ...(documents && { documents }) });
  const make = (seed: number, own: Partial<TrainerOptions>) =>
    createTrainer(modelOf(gpu, layers === 'masked' ? masked : plain, seed), { optimizer: adam({ learningRate: 1e-2 }), batchSize: 3, timeSteps: 4, gradientClip: 1, ...own });
  let trainer = make(5, options);
  const progress = await take(trainer.run(text, { steps: restartAfter ?? steps }));
  if (restartAfter !== undefined) {
    const saved = await trainer.checkpoint();
    trainer.destroy();
    trainer = make(77, { ...options, seed: 123 });
    trainer.restore(saved);
    progress.push(...(await take(trainer.run({ ...text }, { steps: steps - restartAfter }))));
  }
  return progress.flatMap(({ loss, gradientNorm }) => [loss, gradientNorm]);
}

/** A run as it is, restarted after 1 and after 5 steps, and of another seed. */
export async function restarts(given: Run) {
  const gpu = await openDevice();
  return {
    losses: await run(gpu, given),
    restarted: [await run(gpu, given, 1), await run(gpu, given, 5)],
    otherSeed: await run(gpu, { ...given, options: { ...given.options, seed: 8 } }),
  };
}

/** Runs of windows of 4 that go back by default, 4 and 5 steps. */
export async function backs(): Promise<number[][]> {
  const gpu = await openDevice();
  const back = (options: object) => run(gpu, { layers: 'plain', options, steps: 5 });
  return [await back({}), await back({ backTimeSteps: 4 }), await back({ backTimeSteps: 5 })];
}

/** A checkpoint of another trainer: what is refused. */
export async function otherShapes(): Promise<string[]> {
  const gpu = await openDevice();
  const trainer = (options: Partial<TrainerOptions>) => createTrainer(modelOf(gpu), { optimizer: adam(), batchSize: 2, timeSteps: 4, ...options });
  const saved = await trainer({}).checkpoint();
  return [{ backTimeSteps: 5 }, { stateful: false }].map((options) => {
    try {
      trainer(options).restore(saved);
      return 'no error';
    } catch (error) {
      return (error as Error).message;
    }
  });
}

async function written(model: LanguageModel): Promise<string> {
  let text = '';
  for await (const piece of model.generate(vocabulary.symbols[2]!, { length: 40, seed: 3 })) text += piece;
  return text;
}

/** Evaluation and generation of a model with dropout, of one without it and of one from a file, all of the same weights. */
export async function masksInTrainingOnly() {
  const gpu = await openDevice();
  const dropping = modelOf(gpu, masked.map(({ zoneout: _, ...layer }) => layer));
  const none = modelOf(gpu, masked.map(({ zoneout: _, dropout: __, recurrentDropout: ___, ...layer }) => layer), 6);
  await Promise.all(Object.entries(dropping.parameters).map(async ([name, array]) => none.parameters[name]!.write(await array.read())));
  const text = { tokens: tokensOf(90) };
  const measured = async (model: LanguageModel) => ({ evaluation: await evaluate(model, text, { batchSize: 3, timeSteps: 4 }), text: await written(model) });
  const trained = async (model: LanguageModel) => {
    const trainer = createTrainer(model, { optimizer: sgd({ learningRate: NOTHING }), batchSize: 3, timeSteps: 4 });
    return (await take(trainer.run(text, { steps: 3 }))).map(({ loss }) => loss);
  };
  const saved = modelOf(gpu, masked);
  const loaded = loadLanguageModel(gpu, await saved.save());
  return {
    dropping: { ...(await measured(dropping)), trained: await trained(dropping) },
    none: { ...(await measured(none)), trained: await trained(none) },
    saved: { ...(await measured(saved)), trained: await trained(saved), about: saved.metadata() },
    loaded: { ...(await measured(loaded)), trained: await trained(loaded), about: loaded.metadata() },
  };
}

/** Held-out documents, by the trainer, alone, and alone with the other kind of state, the weights the same. */
export async function heldOut() {
  const gpu = await openDevice();
  const corpus = characters(['to be or not to be\n', 'that\n', 'is the question\n', 'whether tis nobler\n', 'in the mind\n', 'to suffer\n']);
  const { training, validation } = split(corpus, { validation: 0.3 });
  const model = createLanguageModel(gpu, { vocabulary: corpus.vocabulary, embedding: 'one-hot', layers: plain });
  const of = async (stateful: boolean) => {
    const sizes = { batchSize: 2, timeSteps: 3, backTimeSteps: 5, stateful };
    const trainer = createTrainer(model, { optimizer: adam(), ...sizes });
    const progress = await take(trainer.run(training, { steps: 4, validate: { text: validation, every: 4 } }));
    return {
      validated: progress[3]!.validation!,
      alone: await evaluate(model, validation, sizes),
      otherwise: await evaluate(model, validation, { ...sizes, stateful: !stateful }),
    };
  };
  return { carried: await of(true), zero: await of(false), documents: validation.documents!.length, characters: validation.tokens.length };
}

/** The trace of a first training step beside that of the operator, run with the reference's gradient of the loss. */
export async function traced({ cell }: { cell: 'lstm' | 'gru' }): Promise<{ trainer: LayerTrace[]; operator: LayerTrace[] }> {
  const gpu = await openDevice();
  const [T, N, H] = [5, 3, 6];
  const model = createLanguageModel(gpu, { vocabulary, embedding: 'one-hot', layers: [{ cell, hiddenSize: H }, { cell, hiddenSize: H }], seed: 5 });
  const parameters = await referenceParameters(model);
  const network = createRecurrent(gpu, { cell, inputSize: V, hiddenSize: H, numLayers: 2 });
  for (const [name, array] of Object.entries(network.parameters)) array.write(await model.parameters[name]!.read());
  const tokens = tokensOf(61);
  const trainer = createTrainer(model, { optimizer: sgd({ learningRate: 1 }), batchSize: N, timeSteps: T, trace: true });
  await take(trainer.run({ tokens }, { steps: 1 }));
  const stream = 4 * T;
  const read = (by: number): Uint32Array => Uint32Array.from({ length: T * N }, (_, i) => tokens[(i % N) * stream + Math.floor(i / N) + by]!);
  const plan = network.plan({ timeSteps: T, batchSize: N, training: true, trace: true });
  plan.forward({ input: Float32Array.from({ length: T * N * V }, (_, i) => Number(read(0)[Math.floor(i / V)] === i % V)) });
  const output = Float64Array.from(await plan.output.read());
  const linear = { rows: T * N, inputSize: H, outputSize: V };
  const logits = linearForward(linear, parameters['linear.weight']!, parameters['linear.bias'], output);
  const { dLogits } = softmaxCrossEntropy(logits, read(1), { timeSteps: T, batchSize: N, vocabulary: V });
  plan.backward({ dOutput: Float32Array.from(linearBackward(linear, parameters['linear.weight']!, output, dLogits).dInput) });
  return { trainer: await trainer.readTrace(), operator: await plan.readTrace() };
}

/** Losses with and without a trace over more steps than are new, and the steps at which a gradient was seen after the first and the last. */
export async function tracedBack() {
  const gpu = await openDevice();
  const text: TrainingText = { tokens: tokensOf(90) };
  const trainerOf = (trace: boolean) => createTrainer(modelOf(gpu), { optimizer: sgd({ learningRate: 0.5 }), batchSize: 3, timeSteps: 3, backTimeSteps: 7, trace });
  const alive = (trace: LayerTrace[]): boolean[] => trace[0]!.gradientNorms.map(([norm]) => norm! > 0);
  const one = trainerOf(true);
  const losses = (await take(one.run(text, { steps: 1 }))).map(({ loss }) => loss);
  const first = alive(await one.readTrace());
  losses.push(...(await take(one.run(text, { steps: 4 }))).map(({ loss }) => loss));
  const last = alive(await one.readTrace());
  const untraced = trainerOf(false);
  const expected = (await take(untraced.run(text, { steps: 5 }))).map(({ loss }) => loss);
  const refused = await Promise.resolve().then(() => untraced.readTrace()).then(() => 'no error', (error: Error) => error.message);
  return { losses, expected, first, last, refused, more: one.memory.totalBytes - untraced.memory.totalBytes };
}
