// Small training runs of every sort, and what becomes of them where nothing disturbs them.
import { adam, adamw, cosine, DeviceLostError, openDevice, rmsprop, sgd, WebGPUUnavailableError, type Gpu } from '../../src/index.ts';
import {
  createLanguageModel, createTrainer, type EmbeddingOptions, type LayerOptions, type Trainer, type TrainerOptions,
} from '../../src/language.ts';
import { characters, type Corpus } from '../../src/text.ts';

export interface SmallRun {
  readonly name: string;
  readonly text: Corpus;
  build(gpu: Gpu): Trainer;
}

const line = 'to be or not to be, that is the question. ';
const text = characters(line.repeat(12));
const documents = characters([line.repeat(4), '나랏말싸미 듕귁에 달아 ', line.repeat(3), 'a', line.repeat(5)]);

function small(name: string, of: Corpus, embedding: EmbeddingOptions | 'one-hot', layers: readonly LayerOptions[], options: TrainerOptions): SmallRun {
  return {
    name,
    text: of,
    build: (gpu) => createTrainer(createLanguageModel(gpu, { vocabulary: of.vocabulary, embedding, layers, seed: 3 }), { batchSize: 4, timeSteps: 8, seed: 5, ...options }),
  };
}

export const RUNS: readonly SmallRun[] = [
  small('lstm with dropout', text, 'one-hot', [{ cell: 'lstm', hiddenSize: 8, dropout: 0.2 }], { optimizer: adam({ learningRate: 1e-2 }), gradientClip: 1 }),
  small('two layers of gru, documents', documents, { size: 7 }, [{ cell: 'gru', hiddenSize: 9, recurrentDropout: 0.1 }, { cell: 'gru', hiddenSize: 8 }],
    { optimizer: adamw({ learningRate: cosine({ learningRate: 1e-2, steps: 40 }) }), gradientClip: { value: 0.5 } }),
  small('lstm that goes back further', text, { size: 5 }, [{ cell: 'lstm', hiddenSize: 12, projSize: 5, zoneout: { h: 0.1 } }], { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), timeSteps: 4, backTimeSteps: 8 }),
  small('min_gru, windows from zero', text, 'one-hot', [{ cell: 'min_gru', hiddenSize: 16 }], { optimizer: rmsprop({ learningRate: 1e-2, centered: true }), stateful: false, batchSize: 3 }),
  small('layer normalization', text, 'one-hot', [{ cell: 'lstm', hiddenSize: 8, layerNorm: true }], { optimizer: adam({ learningRate: 1e-2 }), trace: true }),
];

/**
 * A device on fixed tiles: what another case has measured and kept must not change the bits of this one. They are small, because each
 * device that is lost compiles its kernels again.
 */
export async function openFixed(): Promise<Gpu> {
  const gpu = await openDevice({ tune: 'off' });
  const { tiles } = gpu;
  const least = { rowQuads: 1, quads: false } as const;
  gpu.tiles = { ...tiles, matmul: { ...tiles.matmul, ...least, columnQuads: 1 }, forward: { ...tiles.forward, ...small }, backward: { ...tiles.backward, ...small } };
  return gpu;
}

/** Work on that device, done again where the device was lost meanwhile. */
export async function calmly<T>(work: (gpu: Gpu) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(await calmDevice());
    } catch (error) {
      const again = error instanceof DeviceLostError || error instanceof WebGPUUnavailableError;
      if (!again || attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Use a run's trainer there, and free it. */
export function withTrainer<T>({ build }: SmallRun, use: (trainer: Trainer) => Promise<T>): Promise<T> {
  return calmly(async (gpu) => {
    const trainer = build(gpu);
    try {
      return await use(trainer);
    } finally {
      trainer.destroy();
      trainer.model.destroy();
    }
  });
}

export interface Undisturbed {
  readonly losses: readonly number[];
  readonly checkpoint: Uint8Array;
}

const known = new Map<string, Undisturbed>();
let calm: Promise<Gpu> | null = null;

/** A device that no case disturbs, whose kernels are compiled once; another where it went with its process. */
export async function calmDevice(): Promise<Gpu> {
  if ((await calm?.catch(() => null))?.isLost !== false) calm = openFixed();
  return calm!;
}

/** What so many steps give where nothing disturbs them. */
export async function undisturbed(run: SmallRun, steps: number): Promise<Undisturbed> {
  const key = `${run.name}, ${steps} steps`;
  let found = known.get(key);
  if (!found) {
    found = await withTrainer(run, async (trainer) => {
      const losses: number[] = [];
      for await (const { loss } of trainer.run(run.text, { steps })) losses.push(loss);
      return { losses, checkpoint: await trainer.checkpoint() };
    });
    if (known.size > 40) known.clear();
    known.set(key, found);
  }
  return found;
}

/** All pieces of a generation as one text. */
export async function textOf(pieces: AsyncIterable<string | readonly string[]>): Promise<string> {
  let whole = '';
  for await (const piece of pieces) whole += typeof piece === 'string' ? piece : piece.join('|');
  return whole;
}

/** What the adapter calls itself. */
export async function adapterName(): Promise<string> {
  return calmly(async ({ adapter }) => adapter.name);
}
