// Steps whose gradient is not finite, and gradients whose squares are no float32.
import { adam, adamw, createLinear, createOptimizer, openDevice, rmsprop, sgd, type Gpu, type OptimizerStep } from '../../src/index.ts';
import { createLanguageModel, createTrainer, NotFiniteError } from '../../src/language.ts';
import { readSafetensors } from '../../src/safetensors.ts';
import { Vocabulary } from '../../src/text.ts';

const OPTIMIZERS = { adam: () => adam(), adamw: () => adamw(), rmsprop: () => rmsprop({ momentum: 0.5, centered: true }), sgd: () => sgd({ momentum: 0.9 }) };
export type OptimizerName = keyof typeof OPTIMIZERS;

/** The last token is read in the second of windows of 4, and nowhere else. */
const TOKENS = Uint32Array.from({ length: 17 }, (_, i) => (i === 6 ? 3 : i % 3));
const vocabulary = new Vocabulary(['a', 'b', 'c', 'd']);

/** The embedding of the last token, and in `everywhere` of the first too, is such that the state leaves float32; every weight is finite. */
async function runOf(gpu: Gpu, optimizer: OptimizerName, { maxSkips, everywhere = false }: { maxSkips?: number | undefined; everywhere?: boolean }) {
  const model = createLanguageModel(gpu, { vocabulary, embedding: { size: 3 }, layers: [{ cell: 'rnn_relu', hiddenSize: 5 }], seed: 2 });
  const { 'embedding.weight': embedding, weight_ih_l0: weight } = model.parameters;
  embedding!.write((await embedding!.read()).map((x, i) => (i >= 9 || (everywhere && i < 3) ? 3e38 * Math.sign(x) : x)));
  weight!.write((await weight!.read()).map((w) => 10 * w));
  const trainer = createTrainer(model, { optimizer: OPTIMIZERS[optimizer](), batchSize: 1, timeSteps: 4, stateful: false, gradientClip: 1, ...(maxSkips && { maxSkips }) });
  return { trainer };
}

/** Four steps, the second of which is not finite: what each says, and what it changed of weights and moments. */
export async function trainPast(optimizer: OptimizerName) {
  const gpu = await openDevice();
  const { trainer } = await runOf(gpu, optimizer, { maxSkips: 2 });
  const bits = async (which: RegExp): Promise<string> =>
    [...readSafetensors(await trainer.checkpoint()).tensors].filter(([name]) => which.test(name)).map(([, { data }]) => new Uint32Array((data as Float32Array).slice().buffer).join()).join();
  const steps: { loss: string; skipped: boolean; changed: boolean[] }[] = [];
  let before = [await bits(/^(?!optimizer|state)/), await bits(/^optimizer/)];
  for (let s = 0; s < 4; s++) {
    for await (const { loss, skipped } of trainer.run({ tokens: TOKENS }, { steps: 1 })) {
      const after = [await bits(/^(?!optimizer|state)/), await bits(/^optimizer/)];
      steps.push({ loss: String(loss), skipped, changed: after.map((b, i) => b !== before[i]) });
      before = after;
    }
  }
  return steps;
}

/** What the same run says without leave to go on, and with leave for one step less than are not finite in a row. */
export async function stops() {
  const gpu = await openDevice();
  const said: { step: number; parameter: string | null; message: string }[] = [];
  for (const [maxSkips, everywhere] of [[undefined, false], [3, true]] as const) {
    const { trainer } = await runOf(gpu, 'adam', { maxSkips, everywhere });
    try {
      for await (const _ of trainer.run({ tokens: TOKENS }, { steps: 8 }));
    } catch (error) {
      if (error instanceof NotFiniteError) said.push({ step: error.step, parameter: error.parameter, message: error.message });
    }
  }
  return said;
}

/** The steps that were skipped of 12, two of which in a row would stop the run, and every fourth of which is not finite. */
export async function skippedApart(): Promise<number[]> {
  const { trainer } = await runOf(await openDevice(), 'sgd', { maxSkips: 2 });
  const steps: number[] = [];
  for await (const { step, skipped } of trainer.run({ tokens: TOKENS }, { steps: 12 })) if (skipped) steps.push(step);
  return steps;
}

/**
 * Steps whose every weight, activation and loss is finite and whose gradient is not: over four steps the state grows from 1e-30 to 1, and so
 * does its gradient on the way back to 1e30, where it meets an input of 1e10. What a run says that may skip one, and one that may not.
 */
export async function overflowing() {
  const gpu = await openDevice();
  const make = (maxSkips: number) => {
    const model = createLanguageModel(gpu, { vocabulary, embedding: { size: 2 }, layers: [{ cell: 'rnn_relu', hiddenSize: 2 }], seed: 2 });
    const { 'embedding.weight': embedding, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 } = model.parameters;
    embedding!.write(new Float32Array(8).fill(1e10));
    weight_ih_l0!.write(new Float32Array(4));
    weight_hh_l0!.write(Float32Array.of(1e10, 0, 0, 1e10));
    bias_ih_l0!.write(new Float32Array(2).fill(1e-30));
    bias_hh_l0!.write(new Float32Array(2));
    return { model, trainer: createTrainer(model, { optimizer: adam(), batchSize: 1, timeSteps: 4, stateful: false, gradientClip: 1, maxSkips }) };
  };
  const patient = make(2);
  const before = await gpu.read(patient.model.weights.flat);
  const seen: { loss: number; skipped: boolean; norm: string }[] = [];
  for await (const { loss, skipped, gradientNorm } of patient.trainer.run({ tokens: TOKENS }, { steps: 1 })) seen.push({ loss, skipped, norm: String(gradientNorm) });
  const after = await gpu.read(patient.model.weights.flat);
  let said: { step: number; parameter: string | null; message: string } | null = null;
  try {
    for await (const _ of make(1).trainer.run({ tokens: TOKENS }, { steps: 1 }));
  } catch (error) {
    if (error instanceof NotFiniteError) said = { step: error.step, parameter: error.parameter, message: error.message };
  }
  return { seen, same: after.every((w, i) => w === before[i]), said };
}

/** Updates of two operators of [1,2] and [1]: the gradients of each step; the weights, all 0 at first, and what is read behind each. */
export async function updates({ rule, gradientClip, gradients }: { rule: 'sgd' | 'adam'; gradientClip: number; gradients: readonly (readonly (number | string)[])[] }) {
  const gpu = await openDevice();
  const operators = [0, 1].map(() => createLinear(gpu, { inputSize: 2, outputSize: 1 }));
  const arrays = (of: 'parameters' | 'gradients') => operators.flatMap((operator) => [operator[of].weight!, operator[of].bias!]);
  for (const array of arrays('parameters')) array.write(new Float32Array(array.byteLength / 4));
  const optimizer = createOptimizer(gpu, operators, rule === 'sgd' ? sgd({ learningRate: 1 }) : adam({ learningRate: 0.1 }), { gradientClip });
  const all = async (of: 'parameters' | 'gradients'): Promise<number[]> => (await Promise.all(arrays(of).map((array) => array.read()))).flatMap((values) => [...values]);
  const reports: { weights: string[]; cleared: boolean; result: Omit<OptimizerStep, 'norm'> & { norm: string } }[] = [];
  for (const given of gradients) {
    const values = given.map(Number);
    arrays('gradients').forEach((array, i) => array.write(Float32Array.from(i % 2 === 0 ? values.slice(3 * (i / 2), 3 * (i / 2) + 2) : values.slice(3 * ((i - 1) / 2) + 2, 3 * ((i - 1) / 2) + 3))));
    optimizer.step();
    const result = await optimizer.read();
    reports.push({ weights: (await all('parameters')).map(String), cleared: (await all('gradients')).every((g) => g === 0), result: { ...result, norm: String(result.norm) } });
  }
  return reports;
}
