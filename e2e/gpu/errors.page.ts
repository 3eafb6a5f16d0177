import { adam, createRecurrent, openDevice, sgd, type Gpu } from '../../src/index.ts';
import { createLanguageModel, createTrainer, loadLanguageModel } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { thrown, type Thrown } from './thrown.ts';

const text = characters('to be or not to be, that is the question. '.repeat(10));

/** An application's own device that asked for nothing. */
async function withoutFeatures(): Promise<Gpu> {
  const adapter = await navigator.gpu.requestAdapter();
  return openDevice({ device: await adapter!.requestDevice() });
}

const small = (gpu: Gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: 'one-hot', layers: [{ cell: 'lstm', hiddenSize: 8 }] });
const trainerOf = (gpu: Gpu, options: object = {}) => createTrainer(small(gpu), { optimizer: adam(), batchSize: 4, timeSteps: 8, ...options });

async function drain(run: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of run);
}

const cases: Record<string, (gpu: Gpu) => unknown> = {
  emptyText: () => characters(''),
  shortText: (gpu) => drain(trainerOf(gpu, { batchSize: 40, timeSteps: 64 }).run(text, { steps: 1 })),
  foreignTokens: (gpu) => drain(trainerOf(gpu).run({ tokens: new Uint32Array(500).fill(99) }, { steps: 1 })),
  badInput: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4 }).plan({ timeSteps: 2, batchSize: 2 }).forward({ input: new Float32Array(5) }),
  badState: (gpu) =>
    createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4 }).plan({ timeSteps: 2, batchSize: 2 }).forward({ input: new Float32Array(12), h0: new Float32Array(3) }),
  badParameter: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4 }).parameters.weight_hh_l0!.write(new Float32Array(7)),
  backwardUntrained: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4 }).plan({ timeSteps: 2, batchSize: 2 }).backward({}),
  backwardFirst: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4 }).plan({ timeSteps: 2, batchSize: 2, training: true }).backward({}),
  unknownCell: (gpu) => createRecurrent(gpu, { cell: 'lstmm' as 'lstm', inputSize: 3, hiddenSize: 4 }),
  wideProjection: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, projSize: 4 }),
  negativeProjection: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, projSize: -1 }),
  projectedGru: (gpu) => createRecurrent(gpu, { cell: 'gru', inputSize: 3, hiddenSize: 4, projSize: 2 }),
  projectedIdentity: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, projSize: 2, recurrentInit: 'identity' }),
  projectedState: (gpu) =>
    createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4, projSize: 2 }).plan({ timeSteps: 2, batchSize: 2 }).forward({ input: new Float32Array(12), h0: new Float32Array(8) }),
  normalizedRnn: (gpu) => createRecurrent(gpu, { cell: 'rnn_tanh', inputSize: 3, hiddenSize: 4, layerNorm: true }),
  normalizedResetBefore: (gpu) => createRecurrent(gpu, { cell: 'gru', inputSize: 3, hiddenSize: 4, resetAfter: false, layerNorm: true }),
  noHalf: async () => createRecurrent(await withoutFeatures(), { cell: 'lstm', inputSize: 3, hiddenSize: 4, precision: 'f16' }),
  noHalfModel: async () => createLanguageModel(await withoutFeatures(), { vocabulary: text.vocabulary, layers: [{ cell: 'lstm', hiddenSize: 8 }], precision: 'f16' }),
  scaledInF32: (gpu) => trainerOf(gpu, { lossScale: { initial: 2 } }),
  fractionalSize: (gpu) => createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 4.5 }),
  shortBack: (gpu) => trainerOf(gpu, { backTimeSteps: 7 }),
  numberAsEmbedding: (gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: 32 as unknown as 'one-hot', layers: [{ cell: 'lstm', hiddenSize: 8 }] }),
  layerOption: (gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, layers: [{ cell: 'lstm', hiddenSize: 8 }, { cell: 'gru', hiddenSize: 8, zoneout: { c: 0.1 } }] }),
  layerDropout: (gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, layers: [{ cell: 'lstm', hiddenSize: 8, dropout: 1 }] }),
  hugeHidden: (gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, layers: [{ cell: 'lstm', hiddenSize: 40_000 }] }),
  hugeWindow: (gpu) => createTrainer(small(gpu), { optimizer: adam(), batchSize: 4096, timeSteps: 65536 }),
  nanRate: () => adam({ learningRate: NaN }),
  negativeRate: () => sgd({ learningRate: -1 }),
  nanLiveRate: (gpu) => {
    trainerOf(gpu).learningRate = NaN;
  },
  nanClip: (gpu) => trainerOf(gpu, { gradientClip: NaN }),
  diverged: (gpu) => drain(trainerOf(gpu, { optimizer: sgd({ learningRate: 1e38 }) }).run(text, { steps: 30 })),
  emptyPrompt: (gpu) => drain(small(gpu).generate('')),
  noPrompts: (gpu) => drain(small(gpu).generateMany([])),
  emptyPromptOfMany: (gpu) => drain(small(gpu).generateMany(['to', ''])),
  foreignPrompt: (gpu) => drain(small(gpu).generate('한')),
  badTemperature: (gpu) => drain(small(gpu).generate('to', { temperature: -1 })),
  aborted: (gpu) => drain(trainerOf(gpu).run(text, { signal: AbortSignal.abort() })),
  abortedGeneration: (gpu) => drain(small(gpu).generate('to', { signal: AbortSignal.abort() })),
  twoRuns: async (gpu) => {
    const trainer = trainerOf(gpu);
    for await (const _ of trainer.run(text)) await drain(trainer.run(text));
  },
  otherVocabulary: async (gpu) => {
    const other = createLanguageModel(gpu, { vocabulary: characters('abc').vocabulary, layers: [{ cell: 'lstm', hiddenSize: 8 }] });
    other.load(await small(gpu).save());
  },
  modelAsCheckpoint: async (gpu) => trainerOf(gpu).restore(await small(gpu).save()),
  otherWindow: async (gpu) => trainerOf(gpu).restore(await trainerOf(gpu, { timeSteps: 9 }).checkpoint()),
  noModel: (gpu) => loadLanguageModel(gpu, new Uint8Array([1, 2, 3])),
};

export type ErrorCase = keyof typeof cases;

/** What each case throws. */
export async function errors(): Promise<Record<string, Thrown | null>> {
  const gpu = await openDevice();
  const results: Record<string, Thrown | null> = {};
  for (const [name, body] of Object.entries(cases)) results[name] = await thrown(() => body(gpu));
  return results;
}

/** What openDevice throws where there is no WebGPU, and where it gives no adapter. */
export async function unavailable() {
  const none = { requestAdapter: async () => null } as unknown as GPU;
  return {
    noAdapter: await thrown(() => openDevice({ gpu: none })),
    noGpu: await thrown(async () => {
      const real = Object.getOwnPropertyDescriptor(Navigator.prototype, 'gpu')!;
      Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined, configurable: true });
      try {
        await openDevice();
      } finally {
        Object.defineProperty(Navigator.prototype, 'gpu', real);
      }
    }),
  };
}

/** A device lost in the middle of training: what run throws, and whether the run goes on after reopening from a checkpoint. */
export async function lost() {
  const gpu = await openDevice();
  const trainer = trainerOf(gpu);
  let saved: Uint8Array | null = null;
  const loss = await thrown(async () => {
    for await (const { step } of trainer.run(text)) {
      if (step === 5) saved = await trainer.checkpoint();
      if (step === 8) gpu.device.destroy();
      if (step > 200) throw new Error('the loss was never noticed');
    }
  });
  const after = await thrown(() => trainer.model.save());
  const fresh = await openDevice();
  const again = trainerOf(fresh);
  again.restore(saved!);
  const steps: number[] = [];
  for await (const { step } of again.run(text, { steps: 3 })) steps.push(step);
  return { loss, after, restoredAt: steps[0]! - 1, steps: steps.length };
}
