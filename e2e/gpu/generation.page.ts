import { adam, openDevice, createRecurrent } from '../../src/index.ts';
import { createLanguageModel, createTrainer, loadLanguageModel, evaluate } from '../../src/language.ts';
import { characters, Vocabulary } from '../../src/text.ts';
import { allocateProxy } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { sample, SAMPLE_SETTINGS, sampleSettings } from '../../src/kernels/sample.ts';
import { randomUniform } from '../../src/layers/random.ts';
import { randomArray } from './random_arrays.ts';

const TEXT = 'roses are red, violets are blue; '.repeat(40);

async function collect(pieces: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** Train briefly on a repeated phrase, then generate in several ways. */
export async function trainAndGenerate() {
  const gpu = await openDevice();
  const text = characters(TEXT);
  const model = createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: { size: 8 }, layers: [{ cell: 'lstm', hiddenSize: 24 }, { cell: 'lstm', hiddenSize: 24 }], seed: 2 });
  const trainer = createTrainer(model, { optimizer: adam({ learningRate: 2e-2 }), batchSize: 8, timeSteps: 16, gradientClip: 5 });
  let loss = NaN;
  for await (const progress of trainer.run(text, { steps: 120 })) loss = progress.loss;
  const generate = (options: object) => collect(model.generate('violets', { length: 60, ...options }));
  const greedy = await generate({ temperature: 0 });
  const again = await generate({ temperature: 0, seed: 9 });
  const warm = await generate({ temperature: 1.5, seed: 1 });
  const warmAgain = await generate({ temperature: 1.5, seed: 1 });
  const warmOther = await generate({ temperature: 1.5, seed: 2 });
  const top1 = await generate({ temperature: 1.5, seed: 3, topK: 1 });
  const loaded = loadLanguageModel(gpu, await model.save());
  const fromFile = await collect(loaded.generate('violets', { length: 60, temperature: 1.5, seed: 1 }));
  // A long prompt is read in blocks, a block boundary must not show.
  const longPrompt = await collect(model.generate(TEXT.slice(0, 70), { length: 20, temperature: 0 }));
  // Prompts of different lengths, one of a single character, one over a block's border.
  const prompts = ['violets', 'r', TEXT.slice(0, 49), 'violets'];
  const sideBySide = async (options: object): Promise<string[]> => {
    const texts = prompts.map(() => '');
    for await (const pieces of model.generateMany(prompts, { length: 35, ...options })) pieces.forEach((piece, n) => (texts[n] += piece));
    return texts;
  };
  const many = { greedy: await sideBySide({ temperature: 0 }), warm: await sideBySide({ temperature: 1.5, seed: 1 }) };
  const each: string[] = [];
  for (const prompt of prompts) each.push((await collect(model.generate(prompt, { length: 35, temperature: 0 }))).join(''));
  const joined = (pieces: string[]): string => pieces.join('');
  return {
    loss,
    pieces: greedy.length,
    greedy: joined(greedy),
    again: joined(again),
    warm: joined(warm),
    warmAgain: joined(warmAgain),
    warmOther: joined(warmOther),
    top1: joined(top1),
    fromFile: joined(fromFile),
    longPrompt: joined(longPrompt),
    many,
    each,
    expectedLong: TEXT.slice(70, 90),
  };
}

/** Counts of each token over many independent draws from given logits. */
export async function drawMany({ logits, temperature, topK, draws, drawn = 0 }: { logits: number[]; temperature: number; topK: number; draws: number; drawn?: number }): Promise<Uint32Array> {
  const gpu = await openDevice();
  const V = logits.length;
  const rows = allocateProxy('logits', [draws, V], 'input');
  const settings = allocateProxy('settings', [SAMPLE_SETTINGS], 'input');
  const tokens = allocateProxy('tokens', [draws], 'result');
  gpu.memory.allocate([rows.buffer, settings.buffer, tokens.buffer]);
  gpu.write(rows, Float32Array.from({ length: draws * V }, (_, i) => logits[i % V]!));
  gpu.write(settings, sampleSettings({ seed: 11, drawn, topK, temperature }));
  const recording = new Recording();
  sample(recording, { logits: rows, rows: draws, vocabulary: V, settings, tokens, first: 0, step: 0 });
  new Replay(gpu, recording, 'draw').submit();
  const counts = new Uint32Array(V);
  for (const token of new Uint32Array(await gpu.readBytes(tokens))) counts[token]!++;
  return counts;
}

export interface DrawnCase {
  readonly prompts: number;
  readonly length: number;
  readonly temperature: number;
  readonly topK: number;
  readonly seed: number;
}

export interface DrawnText {
  /** Drawn tokens of each prompt. */
  readonly drawn: number[][];
  /** What the host draws of the same numbers. */
  readonly expected: number[][];
  /** The smallest difference between the best score and the next: far above what float32 loses. */
  readonly margin: number;
}

/**
 * Text of a model whose logits are those of its head's bias whatever it has read, beside the host's draws in float64: token v of text n, the
 * k-th drawn, has the score logit / temperature - log(-log(u)), u being number n·V + v of the generator's step k.
 */
export async function drawnByHost(cases: readonly DrawnCase[]): Promise<DrawnText[]> {
  const gpu = await openDevice();
  const V = 70; // more than a workgroup has lanes
  const vocabulary = new Vocabulary(Array.from({ length: V }, (_, v) => String.fromCodePoint(0x100 + v)));
  const model = createLanguageModel(gpu, { vocabulary, embedding: { size: 3 }, layers: [{ cell: 'gru', hiddenSize: 4 }], seed: 2 });
  const bias = randomArray(V, 5, 2);
  model.parameters['head.weight']!.write(new Float32Array(V * 4));
  model.parameters['head.bias']!.write(bias);
  const results: DrawnText[] = [];
  for (const { prompts, length, temperature, topK, seed } of cases) {
    const given = Array.from({ length: prompts }, (_, n) => vocabulary.symbols.slice(0, n + 1).join(''));
    const texts = given.map(() => '');
    for await (const pieces of model.generateMany(given, { length, temperature, topK, seed })) pieces.forEach((piece, n) => (texts[n] += piece));
    const least = topK > 0 ? [...bias].sort((a, b) => b - a)[topK - 1]! : -Infinity;
    let margin = Infinity;
    const expected = given.map((_, n) => Array.from({ length }, (_, k) => {
      const gumbel = (v: number): number => -Math.log(-Math.log(randomUniform(seed, k, n * V + v)));
      const scores = Array.from(bias, (logit, v) => (logit < least ? -Infinity : temperature === 0 ? logit : logit / temperature + gumbel(v)));
      const best = scores.indexOf(Math.max(...scores));
      margin = Math.min(margin, scores[best]! - Math.max(...scores.filter((_, v) => v !== best)));
      return best;
    }));
    results.push({ drawn: texts.map((text) => [...vocabulary.encode(text)]), expected, margin });
  }
  return results;
}

/** What generation and evaluation say of a model with a weight that is not finite, and of seeds and numbers of tokens that do not fit. */
export async function said() {
  const gpu = await openDevice();
  const text = characters(TEXT);
  const make = (seed = 2) => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: { size: 8 }, layers: [{ cell: 'lstm', hiddenSize: 8 }], seed });
  const messages: Record<string, string> = {};
  const tell = async (name: string, body: () => unknown): Promise<void> => {
    try {
      await body();
      messages[name] = 'nothing';
    } catch (error) {
      messages[name] = `${(error as Error).name}: ${(error as Error).message}`;
    }
  };
  for (const [name, value] of [['NaN', NaN], ['Infinity', Infinity]] as const) {
    const model = make();
    const bias = await model.parameters['head.bias']!.read();
    bias[3] = value;
    model.parameters['head.bias']!.write(bias);
    await tell(`generate ${name}`, () => collect(model.generate('violets', { length: 40 })));
    await tell(`greedy ${name}`, () => collect(model.generate('violets', { length: 40, temperature: 0, topK: 2 })));
    await tell(`evaluate ${name}`, () => evaluate(model, text, { batchSize: 2, timeSteps: 8 }));
  }
  const model = make();
  await tell('seed', () => collect(model.generate('violets', { seed: 2 ** 32 })));
  await tell('topK', () => collect(model.generate('violets', { topK: 2 ** 32 + 1 })));
  await tell('model seed', () => make(2 ** 32));
  await tell('network seed', () => createRecurrent(gpu, { cell: 'gru', inputSize: 1, hiddenSize: 1, seed: 2 ** 40 }));
  await tell('trainer seed', () => createTrainer(model, { optimizer: adam(), seed: 2 ** 32 }));
  await tell('largest seed', () => createRecurrent(gpu, { cell: 'gru', inputSize: 1, hiddenSize: 1, seed: 2 ** 32 - 1 }));
  return messages;
}

/** The output of a stack over T steps, and of the same steps taken one at a time with the state handed on. */
export async function stepByStep({ numLayers, hiddenSize, timeSteps }: { numLayers: number; hiddenSize: number; timeSteps: number }): Promise<{ whole: Float32Array; single: Float32Array }> {
  const gpu = await openDevice();
  const lstm = createRecurrent(gpu, { cell: 'lstm', inputSize: 6, hiddenSize, numLayers, seed: 3 });
  const input = Float32Array.from({ length: timeSteps * 2 * 6 }, (_, i) => Math.sin(i * 0.7));
  const plan = lstm.plan({ timeSteps, batchSize: 2 });
  plan.forward({ input });
  const whole = await plan.output.read();
  const one = lstm.plan({ timeSteps: 1, batchSize: 2 });
  const single = new Float32Array(whole.length);
  for (let t = 0; t < timeSteps; t++) {
    one.forward({ input: input.slice(t * 12, (t + 1) * 12), ...(t > 0 && { h0: one.hn, c0: one.cn }) });
    single.set(await one.output.read(), t * 2 * hiddenSize);
  }
  return { whole, single };
}
