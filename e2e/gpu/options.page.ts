// Every public function with every option wrong in every way, and with wrong arguments: what it throws.
import {
  adam, adamw, AttentionPlan, constant, cosine, createAttention, createLinear, createLoss, createEmbedding, createOptimizer,
  createRecurrent, learningRateAt, openDevice, rmsprop, sgd, stepDecay, tune, warmUp, type Gpu,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate, loadLanguageModel, resumableRun } from '../../src/language.ts';
import { readSafetensors, writeSafetensors } from '../../src/safetensors.ts';
import { characters, createBatches, createDecoder, split, Vocabulary } from '../../src/text.ts';

/** Whether a value is one that an option means. */
type Kind = (value: unknown) => boolean;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isWhole = (value: unknown, least = 1): value is number => Number.isSafeInteger(value) && (value as number) >= least;
const count: Kind = (value) => isWhole(value);
const unsigned: Kind = (value) => isWhole(value, 0) && value < 2 ** 32;
const finite: Kind = isNumber;
const positive: Kind = (value) => isNumber(value) && value > 0;
const notNegative: Kind = (value) => isNumber(value) && value >= 0;
const fraction: Kind = (value) => isNumber(value) && value >= 0 && value < 1;
const flag: Kind = (value) => typeof value === 'boolean';
const callback: Kind = (value) => typeof value === 'function';
const text: Kind = (value) => typeof value === 'string';
const wholeOrInfinite = (least: number): Kind => (value) => value === Infinity || isWhole(value, least);
const list: Kind = (value) => Array.isArray(value) || value instanceof Float32Array || value instanceof Uint8Array;
/** None of the values that are tried. */
const other: Kind = () => false;
/** An object without a field that is wrong: all of them have defaults. */
const empty: Kind = (value) => typeof value === 'object' && value !== null && !(value instanceof Date) && !list(value) && Object.keys(value).length === 0;
const cellOptions = { clipGates: positive, layerNorm: flag, peepholeOutput: other, recurrentDropout: fraction, zoneout: empty, activations: empty, dropout: fraction, resetAfter: flag, recurrentInit: other, cell: other };

/** Values that are wrong for most options, each in a way of its own. */
const values = (): unknown[] => [
  null, NaN, Infinity, -Infinity, -1, 0, 0.5, 1.5, 2 ** 32, 2 ** 53, 1e300, '', '1', 'true', 'none', true, false, [], [1], {}, { a: 1 }, () => 1,
  Symbol('s'), 1n, new Date(0), new Uint8Array(2), new Float32Array(3), Object.create(null),
];

interface Entry {
  /** What a call needs besides the option that is wrong. */
  readonly needed?: object;
  /** What it is given besides, and could be called without. */
  readonly also?: object;
  readonly options: Readonly<Record<string, Kind>>;
  readonly call: (options: never) => unknown;
}

interface Argument {
  /** What the argument may be. */
  readonly kind: Kind;
  readonly call: (value: never) => unknown;
}

const corpus = characters('to be or not to be, that is the question. '.repeat(10));

function things(gpu: Gpu) {
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3 });
  const linear = createLinear(gpu, { inputSize: 2, outputSize: 2 });
  const embedding = createEmbedding(gpu, { vocabularySize: 3, size: 2 });
  const attention = createAttention(gpu, { score: 'dot', decoderSize: 2, encoderSize: 2 });
  const model = createLanguageModel(gpu, { vocabulary: corpus.vocabulary, embedding: 'one-hot', layers: [{ cell: 'gru', hiddenSize: 4 }] });
  const trainer = createTrainer(model, { optimizer: adam(), batchSize: 2, timeSteps: 4 });
  return {
    network, linear, attention, model, trainer,
    embedding, embeddingPlan: embedding.plan({ rows: 1, training: true }),
    plan: network.plan({ timeSteps: 2, batchSize: 1, training: true, ragged: true }),
    stream: network.stream({ batchSize: 2 }),
    linearPlan: linear.plan({ rows: 1 }),
    attentionPlan: attention.plan({ timeSteps: 1, sourceTimeSteps: 1, batchSize: 1, training: true }) satisfies AttentionPlan,
    loss: createLoss(gpu, { loss: 'cross_entropy', timeSteps: 1, batchSize: 1, features: 3, weighted: true, ragged: true }),
    optimizer: createOptimizer(gpu, [network], adam()),
    batches: createBatches(corpus.tokens, { batchSize: 2, timeSteps: 4 }),
  };
}

type Things = ReturnType<typeof things>;

/** Functions that take options, by name. */
function entries(gpu: Gpu, { network, linear, embedding, attention, model, trainer, plan, stream, attentionPlan, loss, optimizer, batches }: Things): Record<string, Entry> {
  const run = { steps: wholeOrInfinite(0), signal: other, validate: other };
  const layer = { needed: { cell: 'lstm', hiddenSize: 3 }, options: { ...cellOptions, hiddenSize: count, projSize: (value: unknown) => isWhole(value, 0) } };
  const state: Kind = (value) => value instanceof Float32Array;
  const inputs = { needed: { input: new Float32Array(4) }, options: { input: other, h0: state, c0: state, lengths: (value: unknown) => Array.isArray(value) && value[0] === 1 } };
  return {
    openDevice: { options: { device: other, powerPreference: other, gpu: other, tune: other, onTune: callback, tuningFile: text }, call: openDevice },
    tune: { options: { signal: other }, call: (o) => tune(gpu, o) },
    createRecurrent: {
      needed: { cell: 'lstm', inputSize: 2, hiddenSize: 3 },
      options: {
        ...cellOptions, inputSize: count, hiddenSize: count, numLayers: count, bias: flag, direction: other, merge: other, batchFirst: flag,
        projSize: (value) => isWhole(value, 0), forgetBias: finite, seed: unsigned, precision: other,
      },
      call: (o) => createRecurrent(gpu, o),
    },
    'recurrent.plan': { needed: { timeSteps: 2, batchSize: 1 }, options: { timeSteps: count, batchSize: count, training: flag, ragged: flag, trace: flag, checkpointEvery: count }, call: (o) => network.plan(o) },
    'recurrent.stream': { needed: { batchSize: 1 }, options: { batchSize: count }, call: (o) => network.stream(o) },
    'plan.forward': { ...inputs, call: (o) => plan.forward(o) },
    'plan.encodeForward': { ...inputs, call: (o) => plan.encodeForward(gpu.device.createCommandEncoder(), o) },
    'plan.backward': { options: { dOutput: state, dHn: (value) => value instanceof Float32Array, dCn: (value) => value instanceof Float32Array }, call: (o) => plan.backward(o) },
    'stream.restore': { needed: { h: new Float32Array(6), c: new Float32Array(6) }, options: { h: other, c: other }, call: (o) => stream.restore(o) },
    createEmbedding: { needed: { vocabularySize: 3, size: 2 }, options: { vocabularySize: count, size: count, seed: unsigned }, call: (o) => createEmbedding(gpu, o) },
    'embedding.plan': { needed: { rows: 1 }, options: { rows: count, training: flag }, call: (o) => embedding.plan(o) },
    'module.load': { options: { prefix: (value) => value === '', allowNotFinite: flag }, call: (o) => linear.load([], o) },
    createLinear: { needed: { inputSize: 2, outputSize: 2 }, options: { inputSize: count, outputSize: count, seed: unsigned }, call: (o) => createLinear(gpu, o) },
    'linear.plan': { needed: { rows: 1 }, options: { rows: count, parts: count }, call: (o) => linear.plan(o) },
    createAttention: {
      needed: { score: 'general', decoderSize: 2, encoderSize: 2 },
      options: { score: other, decoderSize: count, encoderSize: count, outputSize: count, seed: unsigned }, call: (o) => createAttention(gpu, o),
    },
    'attention.plan': { needed: { timeSteps: 1, sourceTimeSteps: 1, batchSize: 1 }, options: { timeSteps: count, sourceTimeSteps: count, batchSize: count, training: flag }, call: (o) => attention.plan(o) },
    'attentionPlan.forward': {
      needed: { decoder: new Float32Array(2) }, also: { encoder: new Float32Array(2) }, options: { decoder: other, encoder: other, lengths: (value) => Array.isArray(value) && value[0] === 1 },
      call: (o) => attentionPlan.forward(o),
    },
    createLanguageModel: {
      needed: { vocabulary: corpus.vocabulary, layers: [{ cell: 'gru', hiddenSize: 3 }] },
      options: { vocabulary: other, embedding: other, layers: other, seed: unsigned, forgetBias: finite, precision: other }, call: (o) => createLanguageModel(gpu, o),
    },
    embedding: { needed: { size: 4 }, options: { size: count }, call: (o) => createLanguageModel(gpu, { vocabulary: corpus.vocabulary, embedding: o, layers: [{ cell: 'gru', hiddenSize: 3 }] }) },
    'a layer of createLanguageModel': { ...layer, call: (o) => createLanguageModel(gpu, { vocabulary: corpus.vocabulary, layers: [o] }) },
    zoneout: { options: { h: fraction, c: fraction }, call: (o) => createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3, zoneout: o }) },
    activations: { options: { gate: other, candidate: other, output: other }, call: (o) => createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3, activations: o }) },
    loadLanguageModel: { options: { precision: other, allowNotFinite: flag }, call: (o) => loadLanguageModel(gpu, new Uint8Array(4), o) },
    'model.load': { options: { allowNotFinite: flag }, call: (o) => model.load(new Uint8Array(4), o) },
    'model.generate': { options: { length: count, temperature: notNegative, topK: unsigned, seed: unsigned, signal: other }, call: (o) => model.generate('to', o) },
    'model.generateMany': { options: { length: count, temperature: notNegative, topK: unsigned, seed: unsigned, signal: other }, call: (o) => model.generateMany(['to'], o) },
    createTrainer: {
      needed: { optimizer: adam() }, also: { timeSteps: 4, batchSize: 2 },
      options: {
        optimizer: other, batchSize: count, timeSteps: count, backTimeSteps: (value) => isWhole(value, 4), stateful: flag, gradientClip: notNegative, seed: unsigned, trace: flag, lossScale: other,
        maxSkips: count,
      },
      call: (o) => createTrainer(model, o),
    },
    lossScale: { options: { initial: (value) => value === 2 ** 32, growthInterval: count }, call: (o) => createTrainer(model, { optimizer: adam(), lossScale: o }) },
    'trainer.run': { options: run, call: (o) => trainer.run(corpus, o) },
    validate: { needed: { text: corpus, every: 1 }, options: { text: other, every: count, windows: wholeOrInfinite(1) }, call: (o) => trainer.run(corpus, { validate: o }) },
    'trainer.evaluate': { options: { windows: wholeOrInfinite(1), signal: other }, call: (o) => trainer.evaluate(corpus, o) },
    'trainer.restore': { options: { allow: (value) => Array.isArray(value) && value.length === 0 }, call: (o) => trainer.restore(new Uint8Array(4), o) },
    evaluate: {
      also: { batchSize: 2, timeSteps: 4 }, options: { windows: wholeOrInfinite(1), signal: other, batchSize: count, timeSteps: count, backTimeSteps: (value) => isWhole(value, 4), stateful: flag },
      call: (o) => evaluate(model, corpus, o),
    },
    resumableRun: {
      needed: { open: () => openDevice(), build: () => trainer },
      options: {
        ...run, open: callback, build: callback, checkpoint: (value) => value instanceof Uint8Array, checkpointSeconds: notNegative, firstCheckpointSeconds: notNegative,
        onCheckpoint: callback, onLoss: callback,
      },
      call: (o) => resumableRun(corpus, o),
    },
    createLoss: {
      needed: { loss: 'cross_entropy', timeSteps: 1, batchSize: 1, features: 2 },
      options: { loss: other, timeSteps: count, batchSize: count, features: count, at: other, weighted: flag, ragged: flag, classWeights: (value) => value instanceof Uint8Array, positiveWeight: other },
      call: (o) => createLoss(gpu, o),
    },
    'loss.run': {
      needed: { values: new Float32Array(3), targets: [1], weights: new Float32Array(1), lengths: [1] },
      options: { values: (value) => value instanceof Float32Array, targets: (value) => Array.isArray(value) && value[0] === 1, weights: other, lengths: (value) => Array.isArray(value) && value[0] === 1 },
      call: (o) => loss.run(o),
    },
    createOptimizer: { options: { gradientClip: notNegative }, call: (o) => createOptimizer(gpu, [network], adam(), o) },
    'optimizer.restore': { options: { allow: (value) => Array.isArray(value) && value.length === 0 }, call: (o) => optimizer.restore(new Uint8Array(4), o) },
    adam: { options: { learningRate: positive, weightDecay: notNegative, beta1: fraction, beta2: fraction, epsilon: positive }, call: adam },
    adamw: { options: { learningRate: positive, weightDecay: notNegative, beta1: fraction, beta2: fraction, epsilon: positive }, call: adamw },
    sgd: { also: { momentum: 0.9 }, options: { learningRate: positive, weightDecay: notNegative, momentum: fraction, nesterov: flag }, call: sgd },
    rmsprop: { options: { learningRate: positive, weightDecay: notNegative, alpha: fraction, epsilon: positive, momentum: fraction, centered: flag }, call: rmsprop },
    stepDecay: { needed: { learningRate: 1, every: 1 }, options: { learningRate: positive, every: count, factor: (value) => positive(value) && (value as number) <= 1 }, call: stepDecay },
    cosine: { needed: { learningRate: 1, steps: 1 }, options: { learningRate: positive, minimum: (value) => notNegative(value) && (value as number) <= 1, steps: count }, call: cosine },
    characters: { options: { normalize: (value) => value === 'none', vocabulary: other, minimumCount: count, maximumSize: (value) => value === Infinity || isWhole(value, 2) }, call: (o) => characters('abc', o) },
    split: { needed: { validation: 0.5 }, options: { validation: (value) => fraction(value) && value !== 0 }, call: (o) => split(corpus, o) },
    createBatches: { needed: { batchSize: 2, timeSteps: 4 }, options: { batchSize: count, timeSteps: count, backTimeSteps: (value) => isWhole(value, 4), documents: other }, call: (o) => createBatches(corpus.tokens, o) },
    'batches.at': { needed: batches.at(0), options: { inputs: other, targets: other, lengths: other, offsets: other, kept: other, begins: other }, call: (o) => batches.at(0, o) },
    'vocabulary.encode': { options: { unknown: other }, call: (o) => corpus.vocabulary.encode('to', o) },
  };
}

/** Functions that take an argument that is no object of options. */
function argumentsOf(gpu: Gpu, { network, embeddingPlan, model, trainer, plan, stream, linearPlan, attentionPlan, loss, optimizer, batches }: Things): Record<string, Argument> {
  const encoder = (): GPUCommandEncoder => gpu.device.createCommandEncoder();
  const valid = new Float32Array(2);
  const float = (length: number): Kind => (value) => value instanceof Float32Array && value.length === length;
  const layers = [{ cell: 'gru', hiddenSize: 3 }] as const;
  return {
    'createRecurrent gpu': { kind: other, call: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3 }) },
    'createLinear gpu': { kind: other, call: (gpu) => createLinear(gpu, { inputSize: 2, outputSize: 2 }) },
    'createEmbedding gpu': { kind: other, call: (gpu) => createEmbedding(gpu, { vocabularySize: 3, size: 2 }) },
    'createAttention gpu': { kind: other, call: (gpu) => createAttention(gpu, { score: 'dot', decoderSize: 2, encoderSize: 2 }) },
    'createLanguageModel gpu': { kind: other, call: (gpu) => createLanguageModel(gpu, { vocabulary: corpus.vocabulary, layers }) },
    'loadLanguageModel gpu': { kind: other, call: (gpu) => loadLanguageModel(gpu, new Uint8Array(4)) },
    'createLoss gpu': { kind: other, call: (gpu) => createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 1, batchSize: 1, features: 1 }) },
    'createOptimizer gpu': { kind: other, call: (gpu) => createOptimizer(gpu, [network], adam()) },
    'tune gpu': { kind: other, call: (gpu) => tune(gpu) },
    'createOptimizer modules': { kind: other, call: (modules) => createOptimizer(gpu, modules, adam()) },
    'createOptimizer rule': { kind: other, call: (rule) => createOptimizer(gpu, [network], rule) },
    'a module of createOptimizer': { kind: other, call: (module) => createOptimizer(gpu, [module], adam()) },
    'createTrainer model': { kind: other, call: (model) => createTrainer(model, { optimizer: adam() }) },
    'evaluate model': { kind: other, call: (model) => evaluate(model, corpus) },
    'evaluate text': { kind: other, call: (given) => evaluate(model, given) },
    'trainer.run text': { kind: other, call: async (given) => void (await trainer.run(given).next()) },
    'trainer.evaluate text': { kind: other, call: (given) => trainer.evaluate(given) },
    'trainer.learningRate': { kind: positive, call: (learningRate) => { trainer.learningRate = learningRate; } },
    'trainer.restore bytes': { kind: other, call: (bytes) => trainer.restore(bytes) },
    'optimizer.restore bytes': { kind: other, call: (bytes) => optimizer.restore(bytes) },
    'optimizer.learningRate': { kind: positive, call: (learningRate) => { optimizer.learningRate = learningRate; } },
    'optimizer.encodeStep encoder': { kind: other, call: (encoder) => optimizer.encodeStep(encoder) },
    'module.load state': { kind: other, call: (state) => network.load(state) },
    'module.parameter name': { kind: other, call: (name) => network.parameter(name) },
    'module.gradient name': { kind: other, call: (name) => network.gradient(name) },
    'embeddingPlan.forward tokens': { kind: other, call: (tokens) => embeddingPlan.forward(tokens) },
    'embeddingPlan.encodeForward encoder': { kind: other, call: (encoder) => embeddingPlan.encodeForward(encoder, Uint32Array.of(0)) },
    'embeddingPlan.encodeBackward encoder': { kind: other, call: (encoder) => embeddingPlan.encodeBackward(encoder, valid) },
    'model.generate prompt': { kind: (value) => value === 'true' || value === 'none', call: (prompt) => model.generate(prompt) },
    'model.generateMany prompts': { kind: other, call: (prompts) => model.generateMany(prompts) },
    'model.load bytes': { kind: other, call: (bytes) => model.load(bytes) },
    'loadLanguageModel bytes': { kind: other, call: (bytes) => loadLanguageModel(gpu, bytes) },
    'model.refreshWeights encoder': { kind: other, call: (encoder) => model.refreshWeights(encoder) },
    'network.refreshWeights encoder': { kind: other, call: (encoder) => network.refreshWeights(encoder) },
    'plan.encodeForward encoder': { kind: other, call: (encoder) => plan.encodeForward(encoder) },
    'plan.encodeBackward encoder': { kind: other, call: (encoder) => plan.encodeBackward(encoder, {}) },
    'stream.encodeStep encoder': { kind: other, call: (encoder) => stream.encodeStep(encoder) },
    'linearPlan.encodeForward encoder': { kind: other, call: (encoder) => linearPlan.encodeForward(encoder, valid) },
    'linearPlan.encodeBackward encoder': { kind: other, call: (encoder) => linearPlan.encodeBackward(encoder, valid) },
    'attentionPlan.encodeForward encoder': { kind: other, call: (encoder) => attentionPlan.encodeForward(encoder, { decoder: valid, encoder: valid }) },
    'attentionPlan.encodeBackward encoder': { kind: other, call: (encoder) => attentionPlan.encodeBackward(encoder, valid) },
    'loss.encode encoder': { kind: other, call: (encoder) => loss.encode(encoder, { values: new Float32Array(3), targets: [1], weights: new Float32Array(1), lengths: [1] }) },
    'array.take encoder': { kind: other, call: (encoder) => linearPlan.input.take(valid, encoder) },
    'array.clear encoder': { kind: other, call: (encoder) => linearPlan.input.clear(encoder) },
    'array.take source': { kind: float(2), call: (source) => linearPlan.input.take(source, encoder()) },
    'array.write data': { kind: float(2), call: (data) => linearPlan.input.write(data) },
    'linearPlan.forward input': { kind: float(2), call: (input) => linearPlan.forward(input) },
    'linearPlan.backward dOutput': { kind: float(2), call: (dOutput) => linearPlan.backward(dOutput) },
    'attentionPlan.backward dOutput': { kind: float(2), call: (dOutput) => { attentionPlan.forward({ decoder: valid, encoder: valid }); attentionPlan.backward(dOutput); } },
    'stream.step input': { kind: float(4), call: (input) => stream.step(input) },
    'stream.reorder rows': { kind: (value) => value instanceof Uint8Array, call: (rows) => stream.reorder(rows) },
    constant: { kind: positive, call: constant },
    'warmUp steps': { kind: count, call: (steps) => warmUp(steps, 1) },
    'warmUp then': { kind: positive, call: (then) => warmUp(1, then) },
    'learningRateAt schedule': { kind: positive, call: (schedule) => learningRateAt(schedule, 0) },
    'learningRateAt step': { kind: (value) => isWhole(value, 0), call: (step) => learningRateAt(constant(1), step) },
    'batches.at step': { kind: (value) => isWhole(value, 0), call: (step) => batches.at(step) },
    'createBatches tokens': { kind: other, call: (tokens) => createBatches(tokens, { batchSize: 1, timeSteps: 1 }) },
    'characters text': { kind: (value) => text(value) && value !== '', call: (given) => characters(given) },
    'a document of characters': { kind: (value) => text(value) && value !== '', call: (given) => characters([given]) },
    'split text': { kind: other, call: (given) => split(given, { validation: 0.5 }) },
    'createDecoder vocabulary': { kind: other, call: (vocabulary) => createDecoder(vocabulary) },
    'decoder.push tokens': { kind: (value) => value === '' || list(value), call: (tokens) => createDecoder(corpus.vocabulary).push(tokens) },
    'vocabulary.decode tokens': { kind: (value) => value === '' || list(value), call: (tokens) => corpus.vocabulary.decode(tokens) },
    'vocabulary.encode text': { kind: text, call: (given) => corpus.vocabulary.encode(given, { unknown: 'drop' }) },
    'new Vocabulary symbols': { kind: text, call: (symbols) => new Vocabulary(symbols) },
    'new Vocabulary normalize': { kind: (value) => value === 'none', call: (normalize) => new Vocabulary('abc', normalize) },
    'Vocabulary.fromJSON': { kind: other, call: (value) => Vocabulary.fromJSON(value) },
    readSafetensors: { kind: other, call: readSafetensors },
    'writeSafetensors tensors': { kind: (value) => Array.isArray(value) && value.length === 0, call: (tensors) => writeSafetensors(tensors) },
    'a tensor of writeSafetensors': { kind: other, call: (tensor) => writeSafetensors([tensor]) },
    'writeSafetensors metadata': { kind: empty, call: (metadata) => writeSafetensors([], metadata) },
  };
}

/** Of an error that no check of ours made: the engine's own words of JavaScript and of browsers. */
const RAW = /Cannot |cannot convert|is not (a function|iterable|defined|an object|a constructor)|undefined|Invalid (array|typed)|Failed to |Illegal|convert a (Symbol|BigInt)|mix BigInt|out of memory|Maximum call/;
const OWN = new Set(['RangeError', 'TypeError', 'SafetensorsError']);

export interface Misuse {
  readonly tried: number;
  readonly raw: string[];
  readonly accepted: string[];
  readonly unnamed: string[];
}

const shown = (value: unknown): string => (typeof value === 'object' && value !== null ? `${value.constructor?.name ?? 'null object'} ${JSON.stringify(value)}` : typeof value === 'bigint' ? `${value}n` : typeof value === 'string' ? JSON.stringify(value) : String(value));

/** Call with every wrong value; what became of each. `promised` functions reject, every other throws at once. */
export async function misuse(): Promise<Misuse> {
  const gpu = await openDevice();
  const made = things(gpu);
  const result: Misuse = { tried: 0, raw: [], accepted: [], unnamed: [] };
  let tried = 0;

  async function expectRefused(what: string, name: string | null, call: () => unknown): Promise<void> {
    tried++;
    let error: unknown = null;
    try {
      const given = call();
      if (given instanceof Promise) await given;
    } catch (thrown) {
      error = thrown;
    }
    if (error === null) return void result.accepted.push(what);
    const { name: kind, message } = error as Error;
    if (!OWN.has(kind) || RAW.test(message.replaceAll('undefined was given', ''))) result.raw.push(`${what}: ${kind}: ${message}`);
    else if (name !== null && !message.includes(name)) result.unnamed.push(`${what}: ${message}`);
  }

  for (const [of, { needed = {}, also = {}, options, call }] of Object.entries(entries(gpu, made))) {
    for (const [name, kind] of Object.entries(options)) {
      for (const value of values()) if (!kind(value)) await expectRefused(`${of} { ${name}: ${shown(value)} }`, name, () => call({ ...needed, ...also, [name]: value } as never));
      for (const near of [name.toUpperCase(), name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), `${name}s`, `${name.slice(0, 2)}${name.slice(1)}`]) {
        if (Object.hasOwn(options, near) || of === 'batches.at') continue;
        await expectRefused(`${of} { ${near}: 1 }`, name, () => call({ ...needed, ...also, [near]: 1 } as never));
      }
      if (name in needed && of !== 'loss.run') await expectRefused(`${of} without ${name}`, name, () => call({ ...needed, ...also, [name]: undefined } as never));
    }
    for (const value of values()) if (!empty(value) || Object.keys(needed).length > 0) await expectRefused(`${of}(${shown(value)})`, null, () => call(value as never));
  }
  for (const [of, { kind, call }] of Object.entries(argumentsOf(gpu, made))) {
    for (const value of values()) if (!kind(value)) await expectRefused(`${of}: ${shown(value)}`, null, () => call(value as never));
  }
  gpu.destroy();
  return { ...result, tried };
}

/** Sizes that no device has room for: what each throws, and the bytes that it leaves on the device. */
export async function tooLarge(): Promise<Record<string, { message: string; bytes: number }>> {
  const gpu = await openDevice();
  const made = things(gpu);
  const cell = { cell: 'lstm', inputSize: 2, hiddenSize: 3 } as const;
  const trainerWith = (options: object) => () => createTrainer(made.model, { optimizer: adam(), batchSize: 2, timeSteps: 4, ...options });
  const documents = characters(['to be', 'or not']);
  const cases: Record<string, () => unknown> = {
    'createRecurrent numLayers': () => createRecurrent(gpu, { ...cell, numLayers: 1e6 }),
    'createRecurrent hiddenSize': () => createRecurrent(gpu, { ...cell, hiddenSize: 1e6 }),
    'createRecurrent inputSize': () => createRecurrent(gpu, { ...cell, inputSize: 1e9 }),
    'createLanguageModel layers': () => createLanguageModel(gpu, { vocabulary: corpus.vocabulary, layers: new Array(1e6).fill({ cell: 'gru', hiddenSize: 2 }) }),
    'createLanguageModel embedding': () => createLanguageModel(gpu, { vocabulary: corpus.vocabulary, embedding: { size: 1e9 }, layers: [{ cell: 'gru', hiddenSize: 2 }] }),
    'createLanguageModel hiddenSize': () => createLanguageModel(gpu, { vocabulary: corpus.vocabulary, layers: [{ cell: 'gru', hiddenSize: 1e6 }] }),
    'plan timeSteps': () => made.network.plan({ timeSteps: 1e6, batchSize: 1 }),
    'plan timeSteps with checkpoints': () => made.network.plan({ timeSteps: 1e6, batchSize: 1, training: true, checkpointEvery: 1000 }),
    'plan batchSize': () => made.network.plan({ timeSteps: 1, batchSize: 1e9 }),
    'stream batchSize': () => made.network.stream({ batchSize: 1e9 }),
    'linear rows': () => made.linear.plan({ rows: 1e9 }),
    'linear outputSize': () => createLinear(gpu, { inputSize: 2, outputSize: 1e9 }),
    'attention sourceTimeSteps': () => made.attention.plan({ timeSteps: 1, sourceTimeSteps: 1e9, batchSize: 1 }),
    'attention timeSteps': () => made.attention.plan({ timeSteps: 1e9, sourceTimeSteps: 1, batchSize: 1 }),
    'attention outputSize': () => createAttention(gpu, { score: 'general', decoderSize: 2, encoderSize: 2, outputSize: 1e9 }),
    'loss timeSteps': () => createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 1e9, batchSize: 1, features: 1 }),
    'loss features': () => createLoss(gpu, { loss: 'binary_cross_entropy', timeSteps: 1, batchSize: 1, features: 1e9 }),
    'trainer timeSteps': trainerWith({ timeSteps: 1e6 }),
    'trainer batchSize': trainerWith({ batchSize: 1e9 }),
    'trainer backTimeSteps': trainerWith({ backTimeSteps: 1e6 }),
    'evaluate batchSize': () => evaluate(made.model, corpus, { batchSize: 1e9 }),
    'evaluate backTimeSteps': () => evaluate(made.model, corpus, { batchSize: 2, timeSteps: 4, backTimeSteps: 1e6, stateful: false }),
    'batches batchSize': () => createBatches(corpus.tokens, { batchSize: 1e9, timeSteps: 1 }),
    'batches batchSize of documents': () => createBatches(documents.tokens, { batchSize: 1e9, timeSteps: 1, documents: documents.documents }),
    'batches backTimeSteps': () => createBatches(corpus.tokens, { batchSize: 2, timeSteps: 4, backTimeSteps: 1e9 }).at(0),
  };
  const results: Record<string, { message: string; bytes: number }> = {};
  for (const [name, call] of Object.entries(cases)) {
    const held = gpu.memory.report().totalBytes;
    let message = 'nothing was thrown';
    try {
      await call();
    } catch (error) {
      message = `${(error as Error).name}: ${(error as Error).message}`;
    }
    results[name] = { message, bytes: gpu.memory.report().totalBytes - held };
  }
  gpu.destroy();
  return results;
}

/** A browser that says nothing of its adapter: the name and what a device opened so can do. */
export async function withoutAdapterInfo(): Promise<{ ofDevice: string; ofAdapter: string; sum: number }> {
  const real = (globalThis.navigator as Navigator).gpu;
  const without = <T extends object>(target: T, hidden: string): T => new Proxy(target, {
    get: (of, key) => {
      if (key === hidden) return undefined;
      const value = Reflect.get(of, key, of) as unknown;
      return typeof value === 'function' ? (value as () => unknown).bind(of) : value;
    },
  });
  const adapter = await real.requestAdapter();
  const device = await adapter!.requestDevice();
  const wrapped = await openDevice({ device: without(device, 'adapterInfo') });
  const opened = await openDevice({ gpu: { requestAdapter: async () => without((await real.requestAdapter())!, 'info') } as unknown as GPU });
  const plan = createLinear(wrapped, { inputSize: 2, outputSize: 1 }).plan({ rows: 1 });
  plan.forward(new Float32Array([1, 2]));
  const [sum] = await plan.output.read();
  const names = { ofDevice: wrapped.adapter.name, ofAdapter: opened.adapter.name, sum: sum! };
  opened.destroy();
  wrapped.destroy();
  device.destroy();
  return names;
}
