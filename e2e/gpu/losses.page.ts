import { createLoss, IGNORE_INDEX, openDevice, type Gpu, type LossInputs, type LossName, type LossOptions } from '../../src/index.ts';
import { allocateProxy } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { softmaxCrossEntropy as crossEntropyKernel } from '../../src/kernels/loss.ts';
import { randomBits, randomUniform } from '../../src/layers/random.ts';
import { binaryCrossEntropy, meanSquaredError } from '../../src/reference/regression_losses.ts';
import { softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

type Numbers = Readonly<Record<string, readonly number[]>>;

/** A case of `losses.json` or `objective_options.json`. */
export interface LossCase {
  readonly name: string;
  readonly kind: 'softmax_cross_entropy' | 'mean_squared_error' | 'binary_cross_entropy';
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly size: number;
  readonly loss: number;
  readonly given: Numbers;
  readonly results: Numbers;
}

async function run(gpu: Gpu, options: LossOptions, inputs: LossInputs) {
  const loss = createLoss(gpu, options);
  loss.run(inputs);
  const results = { ...(await loss.read()), gradient: await loss.gradient.read() };
  loss.destroy();
  return results;
}

/** PyTorch's losses: relative errors of the loss, and relative L2 of its gradient. */
export async function goldenLosses(cases: readonly LossCase[]) {
  const gpu = await openDevice();
  const reports = [];
  for (const { name, kind, timeSteps, batchSize, size: features, loss: expected, given, results } of cases) {
    const tokens = kind === 'softmax_cross_entropy';
    const { loss, gradient } = await run(
      gpu,
      {
        loss: tokens ? 'cross_entropy' : kind, timeSteps, batchSize, features, weighted: given.weights !== undefined,
        classWeights: given.classes, positiveWeight: given.positives,
      },
      {
        values: Float32Array.from(given.input!),
        targets: tokens ? Uint32Array.from(given.targets!) : Float32Array.from(given.targets!),
        weights: given.weights && Float32Array.from(given.weights),
      },
    );
    reports.push({ name, loss: Math.abs(loss - expected) / expected, gradient: relativeL2(gradient, results.dInput!) });
  }
  return reports;
}

export interface LossSetting {
  readonly loss: LossName;
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly features: number;
  readonly at: 'every' | 'last';
  readonly weighted: boolean;
  readonly ragged: boolean;
  /** Of the values. */
  readonly scale: number;
}

/** Loss, per-step losses and gradient against the reference, with NaN wherever a row does not count: relative L2 errors. */
export async function againstReference({ loss, timeSteps, batchSize, features, at, weighted, ragged, scale }: LossSetting) {
  const gpu = await openDevice();
  const rows = timeSteps * batchSize;
  const tokens = loss === 'cross_entropy';
  const lengths = Uint32Array.from({ length: batchSize }, (_, n) => (ragged ? randomBits(5, 5, n) % (timeSteps + 1) : timeSteps));
  if (ragged) lengths[0] = timeSteps;
  const given = Float32Array.from({ length: rows }, (_, i) => (i > 0 && i % 4 === 0 ? 0 : 0.1 + randomUniform(6, 6, i)));
  const counts = Float32Array.from({ length: rows }, (_, i) => {
    const [t, length] = [Math.floor(i / batchSize), lengths[i % batchSize]!];
    return t < length && (at === 'every' || t + 1 === length) ? 1 : 0;
  });
  const ignored = (i: number): boolean => tokens && i > 0 && i % 5 === 0 && at === 'every';
  const weight = counts.map((count, i) => (ignored(i) ? 0 : weighted ? count * given[i]! : count));
  const values = randomArray(rows * features, 1, scale).map((x, i) => (weight[Math.floor(i / features)]! > 0 ? x : NaN));
  const answers = Uint32Array.from({ length: rows }, (_, i) => (ignored(i) ? IGNORE_INDEX >>> 0 : randomBits(7, 1, i) % features));
  const numbers = randomArray(rows * features, 2).map((x) => (loss === 'binary_cross_entropy' ? Math.abs(x) : x));
  const classWeights = tokens ? randomArray(features, 3).map(Math.abs) : undefined;

  const inputs = { values, targets: tokens ? answers : numbers, weights: weighted ? given : undefined, lengths: ragged ? lengths : undefined };
  const actual = await run(gpu, { loss, timeSteps, batchSize, features, at, weighted, ragged, classWeights }, inputs);
  const again = await run(gpu, { loss, timeSteps, batchSize, features, at, weighted, ragged, classWeights }, inputs);

  const wide = Float64Array.from(values);
  const one = (from: number, to: number) => {
    const part = <A extends Float64Array | Float32Array | Uint32Array>(array: A, row: number): A => array.slice(from * row, to * row) as A;
    const weights = part(weight, batchSize);
    if (tokens) {
      const { loss, dLogits } = softmaxCrossEntropy(part(wide, batchSize * features), part(answers, batchSize), { timeSteps: to - from, batchSize, vocabulary: features }, { classes: classWeights, targets: weights }, IGNORE_INDEX >>> 0);
      return { loss, dInput: dLogits };
    }
    const reference = loss === 'mean_squared_error' ? meanSquaredError : binaryCrossEntropy;
    return reference(part(wide, batchSize * features), part(numbers, batchSize * features), (to - from) * batchSize, weights);
  };
  const expected = one(0, timeSteps);
  const stepLoss = Array.from({ length: timeSteps }, (_, t) => one(t, t + 1).loss);
  return {
    loss: relativeL2([actual.loss], [expected.loss]),
    stepLoss: relativeL2(actual.stepLoss, stepLoss),
    gradient: relativeL2(actual.gradient, expected.dInput),
    same: [actual.loss, ...actual.stepLoss, ...actual.gradient].every((x, i) => x === [again.loss, ...again.stepLoss, ...again.gradient][i]),
    weight: actual.weight,
    counted: weight.filter((w) => w > 0).length,
  };
}

/** Cross-entropy of two classes of the same logit, whatever that is: nats by logit, in a loss and of a trainer's kernel. */
export async function commonOffset(logits: readonly number[]): Promise<{ operator: number[]; trainer: number[] }> {
  const gpu = await openDevice();
  const steps = logits.length;
  const values = Float32Array.from(logits.flatMap((logit) => [logit, logit]));
  const { stepLoss } = await run(gpu, { loss: 'cross_entropy', timeSteps: steps, batchSize: 1, features: 2 }, { values, targets: new Uint32Array(steps) });
  const array = (name: string, shape: readonly number[]) => allocateProxy(name, shape, 'result');
  const arrays = { logits: array('logits', [steps, 1, 2]), targets: array('targets', [steps, 1]), rowLoss: array('row loss', [steps, 1]), stepLoss: array('step loss', [steps]), total: array('total', [2]) };
  gpu.memory.allocate(Object.values(arrays).map(({ buffer }) => buffer));
  gpu.write(arrays.logits, values);
  gpu.write(arrays.targets, new Uint32Array(steps));
  const recording = new Recording();
  crossEntropyKernel(recording, { ...arrays, timeSteps: steps, batchSize: 1, vocabulary: 2 });
  new Replay(gpu, recording, 'loss').submit();
  return { operator: [...stepLoss], trainer: [...(await gpu.read(arrays.stepLoss))] };
}

/**
 * Labels [2,3] of 4 classes in every form that is taken, some of them ignored, and the same in a buffer: loss, weight, gradient. Then buffers with
 * labels that are none: what reading says, and the gradient of the row.
 */
export async function labels() {
  const gpu = await openDevice();
  const options = { loss: 'cross_entropy', timeSteps: 2, batchSize: 3, features: 4 } as const;
  const values = randomArray(24, 8);
  const given = [1, IGNORE_INDEX, 3, 0, 2, IGNORE_INDEX];
  const buffer = (data: Int32Array<ArrayBuffer>): GPUBuffer => {
    const made = gpu.device.createBuffer({ size: data.byteLength, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    gpu.device.queue.writeBuffer(made, 0, data);
    return made;
  };
  const taken: number[][] = [];
  for (const targets of [Uint32Array.from(given), Int32Array.from(given), given, buffer(Int32Array.from(given)), Uint32Array.from(given, (x) => (x < 0 ? 0xffffffff : x))]) {
    const { loss, weight, gradient } = await run(gpu, options, { values, targets });
    taken.push([loss, weight, ...gradient]);
  }
  const told: { message: string; gradient: number[] }[] = [];
  for (const bad of [4, -2, 2 ** 31 - 1]) {
    const loss = createLoss(gpu, { ...options, ragged: true });
    // The last is padding, which may hold anything.
    loss.run({ values, targets: buffer(Int32Array.of(0, 1, 3, 0, bad, 77)), lengths: [2, 2, 1] });
    const message = await loss.read().then(() => 'nothing', (error: Error) => `${error.name}: ${error.message}`);
    told.push({ message, gradient: [...(await loss.gradient.read()).subarray(16, 20)] });
    loss.run({ values, targets: given, lengths: [2, 2, 1] });
    told.at(-1)!.message += await loss.read().then(() => '; then nothing', (error: Error) => `; then ${error.message}`);
  }
  const refused = ([Int32Array.of(0, 1, 3, 0, -1, 2), [0, 1, 2.5, 0, 0, 0], [0, 4, 0, 0, 0, 0], [0]] as const).map((targets) => {
    try {
      createLoss(gpu, options).run({ values, targets });
      return 'nothing';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  });
  return { taken, told, refused };
}

/** What is given by buffer or by another array is taken, and nothing counts where all is masked. */
export async function sources() {
  const gpu = await openDevice();
  const [steps, batch, features] = [2, 3, 4];
  const options = { loss: 'mean_squared_error', timeSteps: steps, batchSize: batch, features, weighted: true } as const;
  const [values, targets] = [randomArray(24, 1), randomArray(24, 2)];
  const weights = Float32Array.from([1, 0, 2, 0, 1, 1]);
  const expected = await run(gpu, options, { values, targets, weights });
  const buffer = (data: Float32Array<ArrayBuffer>): GPUBuffer => {
    const made = gpu.device.createBuffer({ size: data.byteLength, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    gpu.device.queue.writeBuffer(made, 0, data);
    return made;
  };
  const byBuffer = await run(gpu, options, { values: buffer(values), targets: buffer(targets), weights: buffer(weights) });
  const other = createLoss(gpu, options);
  other.gradient.write(values);
  const byArray = await run(gpu, options, { values: other.gradient, targets, weights });
  const masked = await run(gpu, options, { values: values.fill(NaN), targets, weights: new Float32Array(6) });
  other.destroy();
  const flat = (r: typeof expected): number[] => [r.loss, r.weight, ...r.stepLoss, ...r.gradient];
  return { expected: flat(expected), byBuffer: flat(byBuffer), byArray: flat(byArray), masked: flat(masked), left: gpu.memory.report().totalBytes };
}

/** What the operator says of inputs that do not fit, by name. */
export async function refusals(): Promise<Record<string, string>> {
  const gpu = await openDevice();
  const sizes = { timeSteps: 2, batchSize: 1, features: 3 };
  const tokens = createLoss(gpu, { loss: 'cross_entropy', ...sizes });
  const numbers = createLoss(gpu, { loss: 'binary_cross_entropy', ...sizes, weighted: true, ragged: true });
  const [values, targets, weights, lengths] = [new Float32Array(6), new Float32Array(6), new Float32Array(2), [2]];
  const cases: Record<string, () => void> = {
    foreignToken: () => tokens.run({ values, targets: new Uint32Array([1, 3]) }),
    floatTokens: () => tokens.run({ values, targets: new Float32Array(2) }),
    tokensForNumbers: () => numbers.run({ values, targets: new Uint32Array(6), weights, lengths }),
    shortValues: () => tokens.run({ values: new Float32Array(5), targets: new Uint32Array(2) }),
    shortTargets: () => tokens.run({ values, targets: new Uint32Array(3) }),
    unexpectedWeights: () => tokens.run({ values, targets: new Uint32Array(2), weights }),
    missingWeights: () => numbers.run({ values, targets, lengths }),
    missingLengths: () => numbers.run({ values, targets, weights }),
    longLength: () => numbers.run({ values, targets, weights, lengths: [3] }),
    negativeWeight: () => numbers.run({ values, targets, weights: new Float32Array([1, -1]), lengths }),
    targetAboveOne: () => numbers.run({ values, targets: new Float32Array([0, 0, 2, 0, 0, 0]), weights, lengths }),
  };
  return Object.fromEntries(Object.entries(cases).map(([name, body]) => {
    try {
      body();
      return [name, 'nothing was thrown'];
    } catch (error) {
      return [name, (error as Error).message];
    }
  }));
}
