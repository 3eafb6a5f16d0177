// Training as the float64 reference does it, row by row: what each row reads is followed through the text, not through windows.
import { openDevice, sgd, type Precision } from '../../src/index.ts';
import {
  createLanguageModel, createTrainer, type EmbeddingOptions, type LanguageModel, type LayerOptions, type Progress,
  type TrainerOptions,
} from '../../src/language.ts';
import { Vocabulary, type TrainingText } from '../../src/text.ts';
import { randomUniform } from '../../src/layers/random.ts';
import { makeCell, type CellName } from '../../src/reference/cells.ts';
import { characterModelWindow, type CharacterModel as ReferenceModel, type LayerState } from '../../src/reference/character_model.ts';
import { gradientNorm } from '../../src/reference/gradient_norm.ts';
import type { Masks } from '../../src/reference/recurrent.ts';
import { sgd as referenceSgd } from '../../src/reference/sgd.ts';
import { IGNORED } from '../../src/reference/softmax_cross_entropy.ts';
import { relativeL2 } from '../golden.ts';

export const V = 7;
export const vocabulary = new Vocabulary(Array.from({ length: V }, (_, v) => String.fromCodePoint(0x100 + v)));
/** A noisy cycle. */
export const tokensOf = (length: number, seed = 3): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => (randomUniform(seed, 1, i) < 0.3 ? Math.floor(randomUniform(seed, 2, i) * V) : i % V));

export interface WindowsCase {
  readonly layers: readonly LayerOptions[];
  readonly embedding: EmbeddingOptions | 'one-hot';
  readonly characters: number;
  readonly documents?: readonly number[];
  readonly options: Omit<TrainerOptions, 'optimizer'> & { readonly batchSize: number; readonly timeSteps: number };
  readonly steps: number;
  readonly precision?: Precision;
}

export const textOf = ({ characters, documents }: Pick<WindowsCase, 'characters' | 'documents'>): TrainingText =>
  ({ tokens: tokensOf(characters), documents: documents && Uint32Array.from(documents) });

/** The reference's names of the engine's parameters. */
const referenceName = (name: string): string => (name.startsWith('head.') ? name.replace('head.', 'linear.') : name.startsWith('embedding.') ? name : `recurrent.${name}`);

export async function referenceParameters(model: LanguageModel): Promise<Record<string, Float64Array>> {
  const parameters: Record<string, Float64Array> = {};
  for (const [name, array] of Object.entries(model.parameters)) parameters[referenceName(name)] = Float64Array.from(await array.read());
  return parameters;
}

const referenceModel = ({ layers, embedding }: WindowsCase): ReferenceModel => ({
  vocabulary: V,
  embedding: embedding === 'one-hot' ? embedding : embedding.size,
  layers: layers.map(({ cell, hiddenSize, activations, clipGates, resetAfter }) => ({
    cell: makeCell(cell as CellName, { ...(activations && { activations }), ...(clipGates && { clipGates }), ...(resetAfter !== undefined && { resetAfter }) }),
    hiddenSize,
  })),
});

/** The masks of row n in a window of `length` steps, by the definition of the engine's generator. */
function masksOf(layers: readonly LayerOptions[], random: { seed: number; counter: number }, n: number, length: number, N: number): Masks {
  const masks: Record<string, Float64Array> = {};
  layers.forEach(({ hiddenSize: H, dropout = 0, recurrentDropout = 0, zoneout = {} }, l) => {
    const draw = (stream: number, element: number): number => randomUniform((random.seed ^ stream) >>> 0, random.counter, element);
    const overTime = (value: (element: number) => number): Float64Array =>
      Float64Array.from({ length: length * H }, (_, i) => value((Math.floor(i / H) * N + n) * H + (i % H)));
    const keep = (stream: number, p: number) => (element: number): number => (draw(stream, element) >= p ? 1 / (1 - p) : 0);
    if (dropout) masks[`dropout_l${l}`] = overTime(keep(0x10000 + l, dropout));
    if (recurrentDropout) masks[`recurrent_dropout_l${l}`] = Float64Array.from({ length: H }, (_, u) => keep(16 * l + 3, recurrentDropout)(n * H + u));
    if (zoneout.h) masks[`zoneout_h_l${l}`] = overTime((element) => Number(draw(16 * l + 1, element) < zoneout.h!));
    if (zoneout.c) masks[`zoneout_c_l${l}`] = overTime((element) => Number(draw(16 * l + 2, element) < zoneout.c!));
  });
  return masks;
}

/** For every row and window of an epoch, the stretch that it is in and the place of its first new character; null where it has none. */
function reading(text: TrainingText, N: number, T: number): ({ stretch: Uint32Array; place: number } | null)[][] {
  const rows: { stretch: Uint32Array; place: number }[][] = Array.from({ length: N }, () => []);
  const read = (row: { stretch: Uint32Array; place: number }[], stretch: Uint32Array): void => {
    for (let place = 0; place < stretch.length - 1; place += T) row.push({ stretch, place });
  };
  const { tokens, documents } = text;
  if (documents) {
    documents.forEach((first, d) => read(rows.reduce((a, b) => (b.length < a.length ? b : a)), tokens.subarray(first, documents[d + 1])));
  } else {
    const length = Math.floor((tokens.length - 1) / (N * T)) * T;
    rows.forEach((row, n) => read(row, tokens.subarray(n * length, (n + 1) * length + 1)));
  }
  const windows = Math.max(...rows.map((row) => row.length));
  return Array.from({ length: windows }, (_, w) => rows.map((row) => row[w] ?? null));
}

interface Step {
  readonly loss: number;
  readonly stepLoss: readonly number[];
  readonly gradientNorm: number;
}

const zeroState = (model: ReferenceModel): LayerState[] =>
  model.layers.map(({ cell, hiddenSize }) => ({ h: new Float64Array(hiddenSize), c: new Float64Array(cell.states > 1 ? hiddenSize : 0) }));

/** The updates of a case in float64. `parameters` change in place. */
function referenceTraining(given: WindowsCase, parameters: Record<string, Float64Array>, rate: number): Step[] {
  const { batchSize: N, timeSteps: T, backTimeSteps: B = T, stateful = true, gradientClip, seed = 0 } = given.options;
  const model = referenceModel(given);
  const epoch = reading(textOf(given), N, T);
  const optimizer = referenceSgd({ learningRate: rate, momentum: 0.5 });
  const states = Array.from({ length: N }, () => zeroState(model) as readonly LayerState[]);
  return Array.from({ length: given.steps }, (_, s) => {
    const losses: number[][] = Array.from({ length: T }, () => []);
    const sums: Record<string, Float64Array> = {};
    for (const name of Object.keys(parameters)) sums[name] = new Float64Array(parameters[name]!.length);
    epoch[s % epoch.length]!.forEach((row, n) => {
      if (!row) return;
      const { stretch, place } = row;
      const start = Math.max(0, place + T - B);
      const end = Math.min(place + T, stretch.length - 1);
      if (place === 0 || !stateful) states[n] = zeroState(model);
      const masks = masksOf(given.layers, { seed, counter: s + 1 }, n, end - start, N);
      const run = (until: number) => {
        const steps = until - start;
        const part = Object.fromEntries(Object.entries(masks).map(([name, mask]) => [name, name.startsWith('recurrent') ? mask : mask.slice(0, (mask.length / (end - start)) * steps)]));
        const targets = Array.from(stretch.subarray(start + 1, until + 1), (token, t) => (start + t < place ? IGNORED : token));
        return characterModelWindow(model, parameters, { timeSteps: steps, batchSize: 1, inputs: stretch.subarray(start, until), targets, masks: part }, states[n]);
      };
      const { loss: _, losses: nats, gradients } = run(end);
      for (let t = place; t < end; t++) losses[t - place]!.push(nats[t - start]!);
      // The reference's mean is over all steps of the row.
      for (const [name, gradient] of Object.entries(gradients)) gradient.forEach((g, i) => (sums[name]![i]! += g * (end - start)));
      const next = Math.min(Math.max(0, place + 2 * T - B), end);
      if (next > start) states[n] = run(next).state;
    });
    const counted = losses.flat().length;
    for (const sum of Object.values(sums)) for (let i = 0; i < sum.length; i++) sum[i]! /= counted;
    const norm = gradientNorm(sums, typeof gradientClip === 'number' && gradientClip > 0 ? gradientClip : undefined);
    optimizer.update(parameters, sums);
    const mean = (values: number[]): number => (values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : 0);
    return { loss: mean(losses.flat()), stepLoss: losses.map(mean), gradientNorm: norm };
  });
}

export interface WindowsReport {
  readonly actual: readonly Step[];
  readonly expected: readonly Step[];
  /** Relative L2 error of each parameter after the last step. */
  readonly trained: Readonly<Record<string, number>>;
  readonly bytesLeft: number;
}

/** Some steps of training by the engine and by the reference. */
export async function compare(given: WindowsCase): Promise<WindowsReport> {
  const gpu = await openDevice();
  const { layers, embedding, options, steps, precision = 'f32' } = given;
  const rate = 0.5;
  const model = createLanguageModel(gpu, { vocabulary, embedding, layers, seed: 5, precision });
  const parameters = await referenceParameters(model);
  const trainer = createTrainer(model, { ...options, optimizer: sgd({ learningRate: rate, momentum: 0.5 }) });
  const progress: Progress[] = [];
  for await (const p of trainer.run(textOf(given), { steps })) progress.push(p);
  const expected = referenceTraining(given, parameters, rate);
  const trained: Record<string, number> = {};
  for (const [name, array] of Object.entries(model.parameters)) trained[name] = relativeL2(await array.read(), parameters[referenceName(name)]!);
  trainer.destroy();
  model.destroy();
  const actual = progress.map(({ loss, stepLoss, gradientNorm: norm }) => ({ loss, stepLoss: [...stepLoss], gradientNorm: norm }));
  return { actual, expected, trained, bytesLeft: gpu.memory.report().totalBytes };
}
