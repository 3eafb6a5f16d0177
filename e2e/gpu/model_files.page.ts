// Files of models and of runs that are damaged, contradict themselves, have diverged, or are of another run: what becomes of each.
import { adam, adamw, openDevice, rmsprop, sgd, warmUp, type Gpu, type UpdateRule } from '../../src/index.ts';
import {
  createLanguageModel, createTrainer, evaluate, loadLanguageModel, type AllowedDifference, type LanguageModel, type LayerOptions,
  type TrainerOptions,
} from '../../src/language.ts';
import { characters, Vocabulary, type TrainingText } from '../../src/text.ts';
import { changed } from './changed_file.ts';
import { said } from './thrown.ts';

const text = characters('to be or not to be, that is the question');
const plain: readonly LayerOptions[] = [{ cell: 'gru', hiddenSize: 2 }];

const modelOf = (gpu: Gpu, layers = plain): LanguageModel => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: { size: 2 }, layers });
const trainerOf = (gpu: Gpu, options: Partial<TrainerOptions> = {}, layers = plain) => createTrainer(modelOf(gpu, layers), { optimizer: adam(), batchSize: 2, timeSteps: 4, ...options });

async function drain(run: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of run);
}

/** Every bit of a small checkpoint flipped, one at a time: what is taken all the same, and whether the trainer is as it was. */
export async function flippedBits(): Promise<{ bits: number; restored: number; loaded: number; otherErrors: string[]; same: boolean }> {
  const gpu = await openDevice();
  const trainer = trainerOf(gpu);
  await drain(trainer.run(text, { steps: 2 }));
  const bytes = await trainer.checkpoint();
  let [restored, loaded] = [0, 0];
  const otherErrors = new Set<string>();
  const taken = (read: () => void): number => {
    try {
      read();
      return 1;
    } catch (error) {
      if ((error as Error).name !== 'SafetensorsError') otherErrors.add((error as Error).message);
      return 0;
    }
  };
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    restored += taken(() => trainer.restore(bytes));
    loaded += taken(() => trainer.model.load(bytes));
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  const again = await trainer.checkpoint();
  return { bits: bytes.length * 8, restored, loaded, otherErrors: [...otherErrors], same: again.every((byte, i) => byte === bytes[i]) };
}

/** What is said of files that contradict themselves, and the bytes that each leaves on the GPU. */
export async function contradictions(): Promise<Record<string, { said: string; left: number }>> {
  const gpu = await openDevice();
  const model = modelOf(gpu);
  const bytes = await model.save();
  model.destroy();
  const claiming = (change: (model: { layers: unknown[]; embedding: unknown }) => void) => changed(bytes, ({ metadata }) => {
    const claims = JSON.parse(metadata.model!) as { layers: unknown[]; embedding: unknown };
    change(claims);
    metadata.model = JSON.stringify(claims);
  });
  const files: Record<string, Uint8Array> = {
    sound: bytes,
    large: claiming(({ layers }) => (layers[0] = { cell: 'gru', hiddenSize: 3000 })),
    huge: claiming(({ layers }) => (layers[0] = { cell: 'gru', hiddenSize: 2 ** 40 })),
    noLayer: claiming(({ layers }) => (layers[0] = null)),
    noZoneout: claiming(({ layers }) => (layers[0] = { cell: 'gru', hiddenSize: 2, zoneout: null })),
    wide: claiming((claims) => (claims.embedding = { size: 4096 })),
    missing: changed(bytes, ({ tensors }) => tensors.delete('head.bias')),
    short: changed(bytes, ({ tensors }) => tensors.set('head.bias', { dtype: 'F32', shape: [1], data: new Float32Array(1) })),
    otherType: changed(bytes, ({ tensors }) => tensors.set('head.bias', { dtype: 'I32', shape: [text.vocabulary.size], data: new Int32Array(text.vocabulary.size) })),
    notFinite: changed(bytes, ({ tensors }) => (tensors.get('head.bias')!.data[3] = NaN)),
  };
  const results: Record<string, { said: string; left: number }> = {};
  for (const [name, file] of Object.entries(files)) {
    results[name] = { said: await said(() => loadLanguageModel(gpu, file).destroy()), left: gpu.memory.report().totalBytes };
  }
  const half = await said(() => loadLanguageModel(gpu, bytes, { precision: 'f17' as 'f16' }));
  results.precision = { said: half, left: gpu.memory.report().totalBytes };
  return results;
}

/** What is said where weights or moments are not finite, on writing and on reading. */
export async function notFinite() {
  const gpu = await openDevice();
  const trainer = trainerOf(gpu);
  await drain(trainer.run(text, { steps: 3 }));
  const [sound, whole] = [await trainer.checkpoint(), await trainer.model.save()];
  const poison = (name: string, value: number) => (bytes: Uint8Array) => changed(bytes, ({ tensors }) => (tensors.get(name)!.data[1] = value));
  const looked = loadLanguageModel(gpu, poison('head.bias', Infinity)(whole), { allowNotFinite: true });
  const results = {
    restoreWeight: await said(() => trainer.restore(poison('head.bias', NaN)(sound))),
    restoreMoment: await said(() => trainer.restore(poison('optimizer.second', Infinity)(sound))),
    restoreState: await said(() => trainer.restore(poison('state.l0.0', -Infinity)(sound))),
    load: await said(() => trainer.model.load(poison('head.bias', NaN)(whole))),
    loadLanguageModel: await said(() => loadLanguageModel(gpu, poison('head.bias', NaN)(whole))),
    looked: (await looked.parameters['head.bias']!.read())[1],
    save: await said(() => looked.save()),
    unchanged: (await trainer.checkpoint()).every((byte, i) => byte === sound[i]),
    checkpoint: '',
  };
  trainer.model.load(poison('head.weight', NaN)(whole), { allowNotFinite: true });
  results.checkpoint = await said(() => trainer.checkpoint());
  return results;
}

const optimizers: Record<string, () => UpdateRule> = {
  adam: () => adam(),
  adamw: () => adamw({ weightDecay: 0 }),
  adamBeta: () => adam({ beta2: 0.99 }),
  rmsprop: () => rmsprop(),
  rmspropMomentum: () => rmsprop({ momentum: 0.9 }),
  rmspropCentered: () => rmsprop({ centered: true }),
  sgd: () => sgd(),
  sgdDecay: () => sgd({ weightDecay: 0.1 }),
};

export interface Maker {
  readonly optimizer?: string;
  readonly gradientClip?: number;
  readonly layers?: readonly LayerOptions[];
}

/** What is said when a checkpoint of one trainer is restored into another, for each pair; and whether one refused is as it was. */
export async function movedRuns(cases: readonly { readonly from: Maker; readonly to: Maker; readonly allow?: readonly AllowedDifference[] }[]) {
  const gpu = await openDevice();
  const make = ({ optimizer = 'adam', gradientClip = 0, layers }: Maker) => trainerOf(gpu, { optimizer: optimizers[optimizer]!(), gradientClip }, layers);
  const results: { said: string; same: boolean }[] = [];
  for (const { from, to, allow } of cases) {
    const source = make(from);
    await drain(source.run(text, { steps: 2 }));
    const bytes = await source.checkpoint();
    const target = make(to);
    const before = await target.checkpoint();
    const answer = await said(() => target.restore(bytes, allow ? { allow } : {}));
    const after = await target.checkpoint();
    results.push({ said: answer, same: before.length === after.length && before.every((byte, i) => byte === after[i]) });
    if (answer === 'no error') await drain(target.run(text, { steps: 1 }));
    for (const trainer of [source, target]) {
      trainer.destroy();
      trainer.model.destroy();
    }
  }
  return results;
}

/** What is said of a checkpoint whose run has these fields instead. */
export async function otherRuns(changes: readonly (Readonly<Record<string, unknown>> | string)[]): Promise<string[]> {
  const gpu = await openDevice();
  const trainer = trainerOf(gpu);
  const bytes = await trainer.checkpoint();
  const results: string[] = [];
  for (const change of changes) {
    const file = changed(bytes, ({ metadata }) => {
      metadata.run = typeof change === 'string' ? change : JSON.stringify({ ...(JSON.parse(metadata.run!) as object), ...change });
    });
    results.push(await said(() => trainer.restore(file)));
  }
  return results;
}

/** What is said when a run goes on with another text than before, or with the same in another array. */
export async function otherTexts() {
  const gpu = await openDevice();
  const { tokens } = text;
  const saved = trainerOf(gpu);
  await drain(saved.run(text, { steps: 2 }));
  const bytes = await saved.checkpoint();
  const unbegun = await trainerOf(gpu).checkpoint();
  const goOn = (given: TrainingText, file: Uint8Array, allow: readonly AllowedDifference[] = []) => said(async () => {
    const trainer = trainerOf(gpu);
    trainer.restore(file, { allow });
    await drain(trainer.run(given, { steps: 1 }));
  });
  const [otherwise, shorter] = [tokens.slice(), tokens.slice(0, -1)];
  otherwise[5] = otherwise[6]!;
  const carriedOver = trainerOf(gpu);
  carriedOver.restore(bytes);
  const twice = await carriedOver.checkpoint();
  return {
    same: await goOn({ tokens: tokens.slice() }, bytes),
    otherwise: await goOn({ tokens: otherwise }, bytes),
    shorter: await goOn({ tokens: shorter }, bytes),
    documents: await goOn({ tokens, documents: Uint32Array.of(0) }, bytes),
    allowed: await goOn({ tokens: otherwise }, bytes, ['text']),
    unbegun: await goOn({ tokens: otherwise }, unbegun),
    twice: await goOn({ tokens: otherwise }, twice),
    badName: await said(() => trainerOf(gpu).restore(bytes, { allow: ['window' as 'text'] })),
  };
}

/** Texts of another vocabulary, no larger than the model's: what a run, a validation and both evaluations say. */
export async function otherVocabularies() {
  const gpu = await openDevice();
  const trainer = trainerOf(gpu);
  const other = characters('to be or not to be, that is the answer!'); // as many symbols or fewer
  const respelled = new Vocabulary(text.vocabulary.symbols, 'none');
  return {
    sizes: [other.vocabulary.size, text.vocabulary.size],
    run: await said(() => drain(trainer.run(other, { steps: 1 }))),
    validate: await said(() => drain(trainer.run(text, { steps: 1, validate: { text: other, every: 1 } }))),
    evaluate: await said(() => evaluate(trainer.model, other, { batchSize: 2, timeSteps: 4 })),
    trainerEvaluate: await said(() => trainer.evaluate(other)),
    encoded: await said(() => drain(trainer.run(characters('to be or not to be, that', { vocabulary: trainer.model.vocabulary }), { steps: 1 }))),
    respelled: await said(() => drain(trainer.run({ tokens: text.tokens, vocabulary: respelled }, { steps: 1 }))),
    tokensAlone: await said(() => drain(trainer.run({ tokens: other.tokens.map((token) => token % text.vocabulary.size) }, { steps: 1 }))),
    steps: trainer.step,
  };
}

/** A run with as many warm-ups as there may be, saved and restored: its rate. */
export async function deepSchedule(): Promise<number> {
  const gpu = await openDevice();
  let rate = warmUp(2, 0.5);
  for (let depth = 1; depth < 16; depth++) rate = warmUp(2, rate);
  const trainer = trainerOf(gpu, { optimizer: adam({ learningRate: rate }) });
  trainer.restore(await trainer.checkpoint());
  return trainer.learningRate;
}
