// Random options, texts, tokens and files: every call gives a result that is finite, or an error of this engine, and leaves no bytes behind.
import fc from 'fast-check';
import {
  adam, adamw, constant, cosine, createAttention, createLinear, createLoss, createRecurrent, createOptimizer, rmsprop, sgd, stepDecay,
  warmUp, type Gpu,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer, loadLanguageModel } from '../../src/language.ts';
import { characters, createBatches, createDecoder, split } from '../../src/text.ts';
import { readSealed, writeSealed } from '../../src/io/sealed.ts';
import { isOwn, settled } from './demands.ts';
import { numbers } from './operators.ts';
import { calmDevice, RUNS, textOf } from './runs.ts';
import { describe, LostError, takeTurn, type Tally, type Turn, type TurnResult } from './turn.ts';

/** Milliseconds after which a generation or a run is aborted: options may ask for 2^53 symbols or steps. */
const BRIEF_MS = 300;

/** Random inputs of a property, in one case: of those that compile kernels, and of the others. */
const INPUTS = { compiling: 10, others: 40 } as const;

/** Numbers that nobody means. */
const oddNumber = fc.constantFrom(NaN, Infinity, -Infinity, -1, -0, 0, 0.5, 1.5, 1e-45, 1e308, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53));
const oddThing = fc.constantFrom<unknown>('', 'lstm', '8', null, true, false, [], [1], {}, { h: 1 });

/** Usually a sensible value, sometimes any number, sometimes left out, seldom a thing of another type. */
const mostly = <T>(sensible: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 20, arbitrary: sensible as fc.Arbitrary<unknown> }, { weight: 2, arbitrary: oddNumber }, { weight: 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: oddThing });

const size = mostly(fc.integer({ min: 1, max: 6 }));
const chance = mostly(fc.double({ min: 0, max: 0.9, noNaN: true }));
const learningRate = mostly(fc.double({ min: 1e-6, max: 0.5, noNaN: true }));
const flag = mostly(fc.boolean());
const seed = mostly(fc.nat());
const cell = mostly(fc.constantFrom('rnn_tanh', 'rnn_relu', 'lstm', 'peephole_lstm', 'coupled_lstm', 'gru', 'gru_reset_before', 'ind_rnn', 'min_gru'));
const activation = mostly(fc.oneof(fc.constantFrom('sigmoid', 'tanh', 'relu'), fc.constant({ hardSigmoid: [0.2, 0.5] })));
const cellOptions = {
  clipGates: mostly(fc.constantFrom(1, 3)), zoneout: fc.record({ h: chance, c: chance }, { requiredKeys: [], noNullPrototype: true }), recurrentDropout: chance, layerNorm: flag, projSize: mostly(fc.integer({ min: 0, max: 3 })),
  resetAfter: flag, activations: fc.record({ gate: activation, candidate: activation }, { requiredKeys: [], noNullPrototype: true }), dropout: chance,
};
/** A few of those options at a time: nearly every network of all of them is refused. */
const fewOf = (all: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.subarray(Object.keys(all), { maxLength: 2 }).chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, all[key]!])), { noNullPrototype: true }));

/** Of that shape, with some of it left out. */
const options = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> => fc.record(shape, { noNullPrototype: true });

const network = fc.tuple(options({ cell, inputSize: size, hiddenSize: size }), fewOf({
  ...cellOptions, numLayers: mostly(fc.integer({ min: 1, max: 2 })), direction: mostly(fc.constantFrom('forward', 'reverse', 'bidirectional')), merge: mostly(fc.constantFrom('sum', 'mean')), batchFirst: flag,
  bias: flag, forgetBias: mostly(fc.double({ min: -2, max: 2, noNaN: true })), seed, recurrentInit: mostly(fc.constantFrom('uniform', 'identity')), precision: mostly(fc.constantFrom('f32', 'f16')),
}), options({ timeSteps: size, batchSize: size, training: mostly(fc.constant(true)) }), fewOf({ ragged: flag, trace: flag, checkpointEvery: size }));

const optimizer = fc.oneof(
  fc.tuple(fc.constantFrom(adam, adamw), options({ learningRate, beta1: chance, beta2: chance, epsilon: learningRate, weightDecay: chance })),
  fc.tuple(fc.constantFrom(sgd, rmsprop), options({ learningRate, momentum: chance, weightDecay: chance })),
  fc.tuple(fc.constantFrom(cosine, stepDecay, constant, warmUp), options({ learningRate, steps: size, every: size, factor: chance, minimum: chance })),
);

const any = (value: unknown): never => value as never;
const finite = (what: string, values: ArrayLike<number>): void => {
  const at = Array.from(values).findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new LostError(`${what}[${at}] is ${values[at]}`);
};

type Property = (gpu: Gpu) => readonly [name: string, property: fc.IAsyncProperty<unknown>, inputs?: number];

/** The call settles, with a result or an error of this engine; of another outcome fast-check then finds the smallest input. */
async function demandOwn(what: string, call: () => unknown): Promise<void> {
  const { error } = await settled(what, (async () => void (await call()))());
  if (error instanceof LostError) throw error;
  if (error !== undefined && !isOwn(error)) throw new LostError(`${what} failed with ${describe(error)}`);
}

/** The same of what may go on for ever: it is aborted, so that nothing of it runs beside the next case. */
async function demandBrief(what: string, call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const reason = new Error('long enough');
  const timer = setTimeout(() => controller.abort(reason), BRIEF_MS);
  try {
    await demandOwn(what, () => call(controller.signal).catch((error: unknown) => {
      if (error !== reason) throw error;
    }));
  } finally {
    clearTimeout(timer);
  }
}

/** The same, and no bytes are left once `call` has destroyed what it made. */
async function demandTidy(gpu: Gpu, what: string, call: (own: <T extends { destroy(): void }>(made: T) => T) => unknown): Promise<void> {
  const before = gpu.memory.report().totalBytes;
  const made: { destroy(): void }[] = [];
  await demandOwn(what, async () => {
    try {
      await call((one) => (made.push(one), one));
    } finally {
      for (const one of made.reverse()) one.destroy();
    }
  });
  const left = gpu.memory.report().totalBytes - before;
  if (left !== 0) throw new LostError(`${what} left ${left} bytes on the GPU`);
  await gpu.check();
}

const networks: Property = (gpu) => ['options of networks and plans', fc.asyncProperty(network, ([basic, more, basicPlan, morePlan]) => demandTidy(gpu, 'createRecurrent(…).plan(…)', async (own) => {
  const made = own(createRecurrent(gpu, any({ ...basic, ...more })));
  const plan = own(made.plan(any({ ...basicPlan, ...morePlan })));
  plan.forward({ input: numbers(plan.input.shape.reduce((a, b) => a * b, 1), 1) });
  finite('output', await plan.output.read());
})), INPUTS.compiling];

const models: Property = (gpu) => ['options of models and trainers', fc.asyncProperty(
  options({ embedding: mostly(fc.constantFrom<unknown>('one-hot', { size: 3 })), forgetBias: mostly(fc.constant(1)), seed }), fc.tuple(cell, size, fewOf(cellOptions)), options({ batchSize: size, timeSteps: size }),
  fewOf({ backTimeSteps: size, stateful: flag, gradientClip: mostly(fc.constantFrom(0, 1, { value: 0.5 })), seed, trace: flag, maxSkips: size, lossScale: mostly(fc.constant({ initial: 4 })) }),
  (basic, [name, hiddenSize, layer], sizes, more) => demandTidy(gpu, 'createLanguageModel(…) and createTrainer(…)', async (own) => {
    const { text } = RUNS[0]!;
    const model = own(createLanguageModel(gpu, any({ vocabulary: text.vocabulary, layers: [{ cell: name, hiddenSize, ...layer }], ...basic })));
    const trainer = own(createTrainer(model, any({ optimizer: adam(), ...sizes, ...more })));
    for await (const { loss } of trainer.run(text, { steps: 1 })) finite('loss', [loss]);
  })), INPUTS.compiling];

const operators: Property = (gpu) => ['options of attention, linear layers, losses and updates', fc.asyncProperty(
  options({ score: mostly(fc.constantFrom('dot', 'general')), decoderSize: size, encoderSize: size }), options({ inputSize: size, outputSize: size }), options({ rows: size, parts: mostly(fc.constant(1)) }),
  options({ loss: mostly(fc.constantFrom('cross_entropy', 'mean_squared_error', 'binary_cross_entropy')), timeSteps: size, batchSize: size, features: size, at: mostly(fc.constantFrom('every', 'last')) }), mostly(fc.constantFrom(0, 1)),
  async (attention, linear, rows, loss, gradientClip) => {
    await demandTidy(gpu, 'createAttention(…)', (own) => void own(createAttention(gpu, any(attention))));
    await demandTidy(gpu, 'createLinear(…).plan(…)', (own) => void own(own(createLinear(gpu, any(linear))).plan(any(rows))));
    await demandTidy(gpu, 'createLoss(…)', (own) => void own(createLoss(gpu, any(loss))));
    await demandTidy(gpu, 'createOptimizer(…)', (own) => void own(createOptimizer(gpu, [own(createLinear(gpu, { inputSize: 2, outputSize: 2 }))], adam(), any({ gradientClip }))));
  })];

const generations: Property = (gpu) => ['options of generations and runs', fc.asyncProperty(
  fc.array(mostly(fc.constantFrom('to be', 't', 'ß')), { maxLength: 3 }),
  options({ length: mostly(fc.integer({ min: 0, max: 20 })), temperature: mostly(fc.double({ min: 0, max: 3, noNaN: true })), topK: mostly(fc.integer({ min: 0, max: 9 })), seed }),
  options({ steps: mostly(fc.integer({ min: 0, max: 2 })) }),
  async (prompts, given, run) => {
    const { model, trainer } = await forGeneration(gpu);
    await demandBrief('generateMany(…)', (signal) => textOf(model.generateMany(any(prompts), any({ ...given, signal }))));
    await demandBrief('trainer.run(…)', async (signal) => { for await (const _ of trainer.run(RUNS[0]!.text, any({ ...run, signal }))); });
  })];

let generating: ReturnType<typeof makeGenerating> | null = null;

function makeGenerating(gpu: Gpu) {
  const trainer = RUNS[0]!.build(gpu);
  return { gpu, trainer, model: trainer.model };
}

function forGeneration(gpu: Gpu): ReturnType<typeof makeGenerating> {
  if (generating?.gpu !== gpu) generating = makeGenerating(gpu);
  return generating;
}

const optimizers: Property = () => ['options of optimizers and schedules', fc.asyncProperty(optimizer, ([make, given]) => demandOwn(make.name, () => (make as (options: unknown) => unknown)(given)))];

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 30 }), fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '한', 'ᄒ', 'ᅡ', 'ᆫ', '\u0301', '\ufffd', '\n'), maxLength: 30 }));

const texts: Property = () => ['texts of any Unicode', fc.asyncProperty(anyText, mostly(fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD', 'none')), (given, normalize) => demandOwn('characters(…)', () => {
  const { vocabulary, tokens } = characters(given, any({ normalize }));
  const decoder = createDecoder(vocabulary);
  const back = [decoder.push(tokens), decoder.end()].join('');
  const again = vocabulary.encode(back);
  if (normalize !== 'none' && again.join() !== tokens.join()) throw new LostError(`${JSON.stringify(given)} comes back as ${JSON.stringify(back)}, which has other tokens in ${String(normalize)}`);
  if (normalize === 'none' && back !== given.replace(/\p{Surrogate}/gu, '\ufffd')) throw new LostError(`${JSON.stringify(given)} comes back as ${JSON.stringify(back)}`);
}))];

const batches: Property = () => ['tokens and documents', fc.asyncProperty(
  fc.uint8Array({ maxLength: 60 }), fc.option(fc.uniqueArray(fc.nat(70), { maxLength: 6 }), { nil: undefined }), options({ batchSize: size, timeSteps: size, backTimeSteps: mostly(fc.integer({ min: 1, max: 9 })) }), chance,
  (bytes, borders, sizes, share) => demandOwn('createBatches(…)', () => {
    const tokens = Uint32Array.from(bytes);
    const documents = borders && Uint32Array.from([0, ...borders.filter((at) => at > 0).sort((a, b) => a - b)]);
    try {
      const all = createBatches(tokens, any({ ...sizes, ...(documents && { documents }) }));
      let counted = 0;
      for (let step = 0; step < all.windowsPerEpoch; step++) counted += all.at(step).counted;
      if (counted !== all.charactersPerEpoch) throw new LostError(`an epoch counts ${counted} characters, and says ${all.charactersPerEpoch}`);
    } finally {
      const parts = split({ tokens, ...(documents && { documents }) }, any({ validation: share }));
      if (parts.training.tokens.length + parts.validation.tokens.length !== tokens.length) throw new LostError('split lost tokens');
    }
  }))];

let saved: Promise<Uint8Array<ArrayBuffer>> | null = null;

/** Files whose checksum is right and whose claims are not: metadata changed in the midst, tensors renamed, reshaped and left out. */
const claims: Property = (gpu) => ['files with other claims under a right checksum', fc.asyncProperty(
  fc.record({ entry: fc.constantFrom('model', 'vocabulary', 'run', 'format'), at: fc.nat(), remove: fc.nat(4), insert: fc.oneof(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '1e99', '-1', 'null', '0'), fc.string({ maxLength: 3 })) }),
  fc.option(fc.record({ which: fc.nat(), act: fc.constantFrom('leave out', 'rename', 'flatten', 'other numbers', 'not finite') }), { nil: undefined }),
  async (change, tensor) => {
    const { trainer } = forGeneration(gpu);
    const { tensors, metadata } = readSealed(await (saved ??= trainer.checkpoint()));
    const text = metadata[change.entry] ?? '';
    const at = change.at % (text.length + 1);
    const changed = { ...metadata, [change.entry]: text.slice(0, at) + change.insert + text.slice(at + change.remove) };
    const list = [...tensors].map(([name, { shape, data }]) => ({ name, shape: [...shape], data: data.slice() as typeof data }));
    if (tensor) {
      const one = list[tensor.which % list.length]!;
      if (tensor.act === 'leave out') list.splice(list.indexOf(one), 1);
      else if (tensor.act === 'rename') one.name += 'x';
      else if (tensor.act === 'flatten') one.shape = [1, ...one.shape];
      else if (tensor.act === 'not finite') (one.data as Float32Array)[0] = NaN;
      else one.data = Uint32Array.from(one.data as Float32Array, () => 1);
    }
    const bytes = writeSealed(list, changed);
    const whole = !tensor && changed[change.entry] === metadata[change.entry];
    await demandTidy(gpu, 'loadLanguageModel(…)', (own) => void own(loadLanguageModel(gpu, bytes)));
    let refused: unknown = null;
    await demandOwn('trainer.restore(…)', () => {
      try {
        trainer.restore(bytes);
      } catch (error) {
        refused = error;
        throw error;
      }
    });
    if (tensor && refused === null) throw new LostError(`restore took a checkpoint in which a tensor was changed: ${tensor.act}`);
    if (whole && refused !== null) throw new LostError(`restore refused the checkpoint as it was: ${describe(refused)}`);
  })];

const PROPERTIES: readonly Property[] = [texts, claims, networks, batches, models, optimizers, operators, generations];

export function fuzz(turn: Turn): Promise<TurnResult> {
  return takeTurn('fuzz', turn, async (random, tally: Tally, index) => {
    const [name, property, numRuns = INPUTS.others] = PROPERTIES[index % PROPERTIES.length]!(await calmDevice());
    tally.attempt(`fuzz: ${name}`);
    const found = await fc.check(property, { seed: random.whole(0, 2 ** 31 - 1), numRuns, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false });
    tally.inject(`fuzz: ${name}`, found.numRuns);
    if (!found.failed) return;
    const { seed: of, counterexamplePath, counterexample, errorInstance } = found;
    throw new LostError(`${name}: ${errorInstance instanceof Error ? (errorInstance instanceof LostError ? errorInstance.message : describe(errorInstance)) : String(errorInstance)}; given ${fc.stringify(counterexample)} (fast-check's seed ${of}, path ${counterexamplePath})`);
  });
}
