import { adam, openDevice, sgd } from '../../src/index.ts';
import { createLanguageModel, createTrainer, type EmbeddingOptions, type Progress } from '../../src/language.ts';
import { Vocabulary } from '../../src/text.ts';
import { relativeL2, trainingCases } from '../golden.ts';
import { randomUniform } from '../../src/layers/random.ts';

export interface TrainingReport {
  readonly name: string;
  readonly losses: { readonly actual: readonly number[]; readonly expected: readonly number[] };
  readonly gradientNorms: { readonly actual: readonly number[]; readonly expected: readonly number[] };
  /** Worst absolute difference of any per-step loss. */
  readonly stepLossError: number;
  /** Relative L2 error of each parameter after the last step. */
  readonly trained: Readonly<Record<string, number>>;
}

/** A vocabulary of V arbitrary symbols. */
const alphabet = (size: number): Vocabulary => new Vocabulary(Array.from({ length: size }, (_, v) => String.fromCodePoint(0x100 + v)));

/** The engine's names of the golden file's parameters. */
const engineName = (golden: string): string => golden.replace(/^recurrent\./, '').replace(/^linear\./, 'head.');

/** The engine's optimizer of a golden file's; the kind is no option of it. */
function optimizerOf(golden: ReturnType<typeof trainingCases>[number]['optimizer']) {
  if (golden.kind === 'sgd') {
    const { kind: _, ...options } = golden;
    return sgd(options);
  }
  const { kind: _, ...options } = golden;
  return adam(options);
}

/** The first training steps of every golden case, by the engine; with `folded` on kernels that have all sizes written into them, as those of large ops have. */
export async function goldenTraining({ file, folded }: { file: unknown; folded: boolean }): Promise<TrainingReport[]> {
  const gpu = await openDevice();
  const { matmul, forward, backward } = gpu.tiles;
  if (folded) gpu.tiles = { ...gpu.tiles, matmul: { ...matmul, specializeAbove: 0 }, forward: { ...forward, specializeAbove: 0 }, backward: { ...backward, specializeAbove: 0 } };
  const reports: TrainingReport[] = [];
  for (const given of trainingCases(file)) {
    const { name, vocabulary, embedding, layers, batchSize, timeSteps, steps, optimizer, gradientClip, tokens } = given;
    const model = createLanguageModel(gpu, { vocabulary: alphabet(vocabulary), embedding: embedding === 'one-hot' ? embedding : { size: embedding }, layers });
    for (const [key, values] of Object.entries(given.parameters)) model.parameters[engineName(key)]!.write(Float32Array.from(values));
    const trainer = createTrainer(model, { optimizer: optimizerOf(optimizer), batchSize, timeSteps, gradientClip });
    const progress: Progress[] = [];
    for await (const p of trainer.run({ tokens }, { steps })) progress.push(p);
    const trained: Record<string, number> = {};
    for (const [key, values] of Object.entries(given.trained)) trained[key] = relativeL2(await model.parameters[engineName(key)]!.read(), values);
    const stepLossError = Math.max(...progress.flatMap((p, s) => [...p.stepLoss].map((x, t) => Math.abs(x - given.stepLosses[s]![t]!))));
    reports.push({
      name,
      losses: { actual: progress.map((p) => p.loss), expected: given.losses },
      gradientNorms: { actual: progress.map((p) => p.gradientNorm), expected: given.gradientNorms },
      stepLossError,
      trained,
    });
  }
  return reports;
}

/** Text with structure to learn: tokens of a noisy cycle. */
function cycle(length: number, vocabulary: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => (randomUniform(3, 1, i) < 0.1 ? Math.floor(randomUniform(3, 2, i) * vocabulary) : i % vocabulary));
}

interface SmallRun {
  readonly steps: number;
  readonly embedding: EmbeddingOptions | 'one-hot';
  readonly seed: number;
  /** Save after this many steps, destroy everything, restore into a new trainer and go on there. */
  readonly restartAfter?: number;
  /** Leave the loop and run again after this many steps. */
  readonly pauseAfter?: number;
}

/** Losses of a small model on a small text; the same settings must always give the same bits. */
export async function smallRun({ steps, embedding, seed, restartAfter, pauseAfter }: SmallRun): Promise<number[]> {
  const gpu = await openDevice();
  const tokens = cycle(400, 9);
  const make = () => {
    const model = createLanguageModel(gpu, { vocabulary: alphabet(9), embedding, layers: [{ cell: 'lstm', hiddenSize: 19 }, { cell: 'lstm', hiddenSize: 12 }], seed });
    return createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), batchSize: 5, timeSteps: 7, gradientClip: 1 });
  };
  let trainer = make();
  const losses: number[] = [];
  const first = restartAfter ?? pauseAfter ?? steps;
  if (pauseAfter !== undefined) {
    for await (const { step, loss } of trainer.run({ tokens })) {
      losses.push(loss);
      if (step === pauseAfter) break;
    }
  } else {
    for await (const { loss } of trainer.run({ tokens }, { steps: first })) losses.push(loss);
  }
  if (restartAfter !== undefined) {
    const saved = await trainer.checkpoint();
    trainer.destroy();
    trainer.model.destroy();
    trainer = make();
    trainer.restore(saved);
  }
  if (losses.length < steps) {
    for await (const { step, loss } of trainer.run({ tokens: restartAfter === undefined ? tokens : tokens.slice() })) {
      losses.push(loss);
      if (step === steps) break;
    }
  }
  const left = gpu.memory.report();
  trainer.destroy();
  trainer.model.destroy();
  if (gpu.memory.report().totalBytes !== 0) throw new Error(`${gpu.memory.report().totalBytes} of ${left.totalBytes} bytes were not freed`);
  return losses;
}
