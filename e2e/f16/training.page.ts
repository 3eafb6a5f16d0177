// A small character model trained in f16, beside the same in f32.
import {
  adam, adamw, createAttention, createLinear, createRecurrent, createOptimizer, openDevice, rmsprop, sgd, type Gpu, type Precision,
} from '../../src/index.ts';
import {
  createLanguageModel, createTrainer, loadLanguageModel, type LanguageModel, type Progress, type TrainerOptions,
} from '../../src/language.ts';
import { readSafetensors } from '../../src/safetensors.ts';
import { Vocabulary } from '../../src/text.ts';
import { randomUniform } from '../../src/layers/random.ts';
import { randomArray } from '../gpu/random_arrays.ts';
import { relativeL2 } from '../golden.ts';

const V = 12;
const vocabulary = new Vocabulary(Array.from({ length: V }, (_, v) => String.fromCodePoint(0x61 + v)));
/** A noisy cycle: something to learn, and a loss below which nothing can go. */
const tokens = Uint32Array.from({ length: 4000 }, (_, i) => (randomUniform(3, 1, i) < 0.1 ? Math.floor(randomUniform(3, 2, i) * V) : i % V));

const OPTIMIZERS = { adam: () => adam({ learningRate: 5e-3 }), adamw: () => adamw({ learningRate: 5e-3 }), rmsprop: () => rmsprop({ learningRate: 2e-3, momentum: 0.5, centered: true }), sgd: () => sgd({ learningRate: 0.5, momentum: 0.9 }) };

export interface Run {
  readonly precision: Precision;
  readonly cell?: 'lstm' | 'gru';
  readonly steps: number;
  readonly optimizer?: keyof typeof OPTIMIZERS;
  readonly options?: Omit<TrainerOptions, 'optimizer'>;
  /** After this many steps a checkpoint, and a new model and trainer that go on from it. */
  readonly restartAfter?: number;
}

const modelOf = (gpu: Gpu, { precision, cell = 'lstm' }: Pick<Run, 'precision' | 'cell'>): LanguageModel =>
  createLanguageModel(gpu, { vocabulary, embedding: { size: 8 }, layers: [{ cell, hiddenSize: 24 }, { cell, hiddenSize: 24 }], seed: 2, precision });

const optimizerOf = ({ optimizer = 'adam' }: Run) => OPTIMIZERS[optimizer]();

const plain = ({ step, loss, gradientNorm, lossScale, skipped }: Progress) => ({ step, loss, gradientNorm: Number.isFinite(gradientNorm) ? gradientNorm : null, lossScale, skipped });
export type Step = ReturnType<typeof plain>;

/** Progress step by step, and the trained weights. */
export async function train(run: Run): Promise<{ steps: Step[]; weights: number[] }> {
  const gpu = await openDevice();
  const steps: Step[] = [];
  const make = () => {
    const model = modelOf(gpu, run);
    return { model, trainer: createTrainer(model, { optimizer: optimizerOf(run), batchSize: 8, timeSteps: 16, gradientClip: 1, ...run.options }) };
  };
  let { model, trainer } = make();
  const go = async (count: number): Promise<void> => {
    for await (const progress of trainer.run({ tokens }, { steps: count })) steps.push(plain(progress));
  };
  if (run.restartAfter) {
    await go(run.restartAfter);
    const bytes = await trainer.checkpoint();
    trainer.destroy();
    model.destroy();
    ({ model, trainer } = make());
    trainer.restore(bytes);
  }
  await go(run.steps - (run.restartAfter ?? 0));
  return { steps, weights: Array.from(await gpu.read(model.weights.flat)) };
}

/** Steps from a scale that is too large: after each, whether weights and moments are no longer those of the beginning. */
export async function overflow({ optimizer }: { optimizer: keyof typeof OPTIMIZERS }) {
  const gpu = await openDevice();
  const model = modelOf(gpu, { precision: 'f16' });
  const trainer = createTrainer(model, { optimizer: OPTIMIZERS[optimizer](), batchSize: 8, timeSteps: 16, lossScale: { initial: 2 ** 32 } });
  const kept = async (which: RegExp): Promise<string> => [...readSafetensors(await trainer.checkpoint()).tensors].filter(([name]) => which.test(name)).map(([, { data }]) => data.join()).join();
  const moments = /^optimizer\./;
  const weights = /^(?!optimizer|state|loss_scale)/;
  const before = [await kept(weights), await kept(moments)];
  const seen: Step[] = [];
  const changed: { weights: boolean; moments: boolean }[] = [];
  for (let i = 0; i < 14; i++) {
    for await (const progress of trainer.run({ tokens }, { steps: 1 })) seen.push(plain(progress));
    changed.push({ weights: (await kept(weights)) !== before[0], moments: (await kept(moments)) !== before[1] });
  }
  return { seen, changed };
}

/** What a first good step does after `skips` skipped ones, as the relative difference from doing it at once. */
export async function afterSkips(): Promise<{ skips: number; difference: number }> {
  const first = async (initial: number): Promise<{ skips: number; update: Float64Array }> => {
    const gpu = await openDevice();
    const model = modelOf(gpu, { precision: 'f16' });
    const trainer = createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), batchSize: 8, timeSteps: 16, stateful: false, lossScale: { initial } });
    const before = await gpu.read(model.weights.flat);
    // Every epoch reads the same windows, so all steps before the first update see the same gradient.
    const one = { tokens: tokens.subarray(0, 8 * 17) };
    for (let skips = 0; ; skips++) {
      for await (const { skipped } of trainer.run(one, { steps: 1 })) {
        if (!skipped) return { skips, update: Float64Array.from(await gpu.read(model.weights.flat), (x, i) => x - before[i]!) };
      }
    }
  };
  const [at, after] = [await first(2 ** 10), await first(2 ** 32)];
  if (at.skips !== 0) throw new Error('the smaller scale was to be small enough');
  return { skips: after.skips, difference: relativeL2(after.update, at.update) };
}

/** Text, a loss on held-out text, and the parameters of a model read from the file of one in the other precision. */
export async function used() {
  const gpu = await openDevice();
  const half = modelOf(gpu, { precision: 'f16' });
  const trainer = createTrainer(half, { optimizer: adam({ learningRate: 5e-3 }), batchSize: 8, timeSteps: 16 });
  for await (const _ of trainer.run({ tokens }, { steps: 60 }));
  const text = async (model: LanguageModel): Promise<string> => {
    let all = '';
    for await (const piece of model.generate('abc', { length: 40, temperature: 0 })) all += piece;
    return all;
  };
  const wide = loadLanguageModel(gpu, await half.save());
  const again = loadLanguageModel(gpu, await wide.save(), { precision: 'f16' });
  const held = { tokens: tokens.subarray(0, 800) };
  const losses = [];
  for (const model of [half, wide, again]) {
    const other = createTrainer(model, { optimizer: sgd(), batchSize: 4, timeSteps: 16 });
    losses.push((await other.evaluate(held)).loss);
    other.destroy();
  }
  return { precisions: [half.precision, wide.precision, again.precision], texts: [await text(half), await text(wide), await text(again)], losses };
}

/** A stream beside the pass over the whole sequence, and an encoder's own update: relative differences. */
export async function operators() {
  const gpu = await openDevice();
  const shape = { cell: 'lstm', inputSize: 5, hiddenSize: 9, numLayers: 2, precision: 'f16', seed: 4 } as const;
  const network = createRecurrent(gpu, shape);
  const [steps, batch] = [6, 3];
  const plan = network.plan({ timeSteps: steps, batchSize: batch, training: true });
  const x = randomArray(steps * batch * 5, 1);
  plan.forward({ input: x });
  const whole = await plan.output.read();
  const stream = network.stream({ batchSize: batch });
  const single: number[] = [];
  for (let t = 0; t < steps; t++) {
    stream.step(x.slice(t * batch * 5, (t + 1) * batch * 5));
    single.push(...(await stream.output.read()));
  }
  // Written, taken from another array, or updated: what the kernels read follows the parameters.
  const output = async (): Promise<Float32Array> => {
    plan.forward({ input: x });
    return plan.output.read();
  };
  const twin = createRecurrent(gpu, { ...shape, seed: 9 });
  const [names, other] = [Object.keys(network.parameters), twin.plan({ timeSteps: steps, batchSize: batch })];
  other.forward({ input: x });
  const others = await other.output.read();
  for (const name of names.slice(0, 4)) network.parameters[name]!.write(await twin.parameters[name]!.read());
  gpu.submit('take', (encoder) => names.slice(4).forEach((name) => network.parameters[name]!.take(twin.parameters[name]!, encoder)));
  const copied = await output();
  const head = createLinear(gpu, { inputSize: 9, outputSize: 2 });
  const optimizer = createOptimizer(gpu, [network, head], sgd({ learningRate: 1 }));
  plan.backward({ dOutput: randomArray(whole.length, 3) });
  optimizer.step();
  const moved = await output();
  const fresh = createRecurrent(gpu, shape);
  for (const name of names) fresh.parameters[name]!.write(await network.parameters[name]!.read());
  const freshPlan = fresh.plan({ timeSteps: steps, batchSize: batch });
  freshPlan.forward({ input: x });
  return {
    stream: relativeL2(Float32Array.from(single), Float64Array.from(whole)),
    copied: relativeL2(copied, Float64Array.from(others)),
    movedBy: relativeL2(moved, Float64Array.from(copied)),
    moved: relativeL2(moved, Float64Array.from(await freshPlan.output.read())),
  };
}

/** Bytes by purpose of the same plan and trainer in both precisions. */
export async function memory() {
  const gpu = await openDevice();
  const of = (precision: Precision) => {
    const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 64, hiddenSize: 128, precision });
    const trainer = createTrainer(modelOf(gpu, { precision }), { optimizer: adam(), batchSize: 8, timeSteps: 16 });
    return { plan: network.plan({ timeSteps: 64, batchSize: 32, training: true }).memory.byPurpose, trainer: trainer.memory.byPurpose };
  };
  return { f32: of('f32'), f16: of('f16') };
}

/** What each of the options that f16 does not take throws. */
export async function refusals(): Promise<string[]> {
  const gpu = await openDevice();
  const messages: string[] = [];
  const refused = async (body: () => unknown): Promise<void> => {
    try {
      await body();
      messages.push('nothing');
    } catch (error) {
      messages.push(`${(error as Error).name}: ${(error as Error).message}`);
    }
  };
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, precision: 'f16' });
  const model = modelOf(gpu, { precision: 'f16' });
  await refused(() => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, precision: 'f16', clipGates: 1 }));
  await refused(() => createLanguageModel(gpu, { vocabulary, layers: [{ cell: 'lstm', hiddenSize: 4, clipGates: 1 }], precision: 'f16' }));
  await refused(() => network.plan({ timeSteps: 4, batchSize: 1, training: true, checkpointEvery: 2 }));
  await refused(() => network.plan({ timeSteps: 4, batchSize: 1, training: true, trace: true }));
  await refused(() => createTrainer(model, { optimizer: adam(), trace: true }));
  await refused(() => createTrainer(model, { optimizer: adam(), lossScale: { initial: 1000 } }));
  await refused(() => createTrainer(model, { optimizer: adam(), lossScale: { growthInterval: 0 } }));
  await refused(() => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, precision: 'f8' as 'f16' }));
  await refused(() => createLinear(gpu, { inputSize: 3, outputSize: 4, ...{ precision: 'f16' } }));
  await refused(() => createAttention(gpu, { score: 'dot', decoderSize: 3, encoderSize: 3, ...{ precision: 'f16' } }));
  await refused(async () => {
    const wide = createTrainer(modelOf(gpu, { precision: 'f32' }), { optimizer: adam(), batchSize: 8, timeSteps: 16 });
    createTrainer(model, { optimizer: adam(), batchSize: 8, timeSteps: 16 }).restore(await wide.checkpoint());
  });
  await refused(async () => {
    for await (const _ of createTrainer(model, { optimizer: sgd({ learningRate: 1e38 }), batchSize: 8, timeSteps: 16 }).run({ tokens }, { steps: 30 }));
  });
  return messages;
}
