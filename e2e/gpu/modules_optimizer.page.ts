// An optimizer over modules: what it makes of the parameters, and what its file says.
import {
  adam, adamw, cosine, createLinear, createRecurrent, createOptimizer, learningRateAt, openDevice, rmsprop, sgd, warmUp,
  type AllowedOptimizerDifference, type Clip, type Gpu, type GpuArray, type UpdateRule, type Trainable, type Optimizer,
} from '../../src/index.ts';
import { readSafetensors } from '../../src/safetensors.ts';
import { adam as referenceAdam, adamW as referenceAdamW } from '../../src/reference/adam.ts';
import { gradientNorm } from '../../src/reference/gradient_norm.ts';
import type { Optimizer as ReferenceOptimizer } from '../../src/reference/optimizer.ts';
import { rmsprop as referenceRmsprop } from '../../src/reference/rmsprop.ts';
import { sgd as referenceSgd } from '../../src/reference/sgd.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';
import { changed } from './changed_file.ts';
import { said } from './thrown.ts';

type Operator = Trainable & { readonly parameters: Readonly<Record<string, GpuArray>>; readonly gradients: Readonly<Record<string, GpuArray>> };

/** Operators whose parameters are of odd sizes, so that there is padding between them. */
const operatorsOf = (gpu: Gpu, hiddenSize = 5): Operator[] => [
  createRecurrent(gpu, { cell: 'gru', inputSize: 3, hiddenSize, seed: 1 }),
  createLinear(gpu, { inputSize: 5, outputSize: 7, seed: 2 }),
];

const each = (operators: readonly Operator[], of: 'parameters' | 'gradients') =>
  operators.flatMap((operator, i) => Object.entries(operator[of]).map(([name, array]) => [`${i}.${name}`, array] as const));

async function readAll(operators: readonly Operator[]): Promise<Record<string, Float32Array>> {
  const values = await Promise.all(each(operators, 'parameters').map(async ([name, array]) => [name, await array.read()] as const));
  return Object.fromEntries(values);
}

const count = ({ shape }: GpuArray): number => shape.reduce((a, b) => a * b, 1);

/** The gradients of a step: of the second operator ten times as large as those of the first, and each step of another size. */
function gradientsOf(operators: readonly Operator[], step: number): Record<string, Float32Array<ArrayBuffer>> {
  return Object.fromEntries(each(operators, 'gradients').map(([name, array], i) => [name, randomArray(count(array), 100 * step + i, (name.startsWith('1.') ? 4 : 0.4) * 1.5 ** (step % 3))]));
}

function give(operators: readonly Operator[], gradients: Readonly<Record<string, Float32Array>>): void {
  for (const [name, array] of each(operators, 'gradients')) array.write(gradients[name]!);
}

const schedule = warmUp(2, cosine({ learningRate: 0.1, minimum: 0.01, steps: 7 }));

interface Pair {
  readonly own: () => UpdateRule;
  readonly reference: () => ReferenceOptimizer;
  /** Share of each weight that the reference's gradient has besides. */
  readonly decay?: number;
}

/** The rate is the schedule's; what else an optimizer has is another than the default. */
const pairs: Record<string, Pair> = {
  adam: { own: () => adam({ learningRate: schedule, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }), reference: () => referenceAdam({ learningRate: 1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }) },
  'adam with its defaults': { own: () => adam({ learningRate: schedule }), reference: () => referenceAdam({ learningRate: 1 }) },
  'adam with decay': { own: () => adam({ learningRate: schedule, weightDecay: 0.3 }), reference: () => referenceAdam({ learningRate: 1 }), decay: 0.3 },
  adamw: { own: () => adamw({ learningRate: schedule, weightDecay: 0.4 }), reference: () => referenceAdamW({ learningRate: 1, decay: 0.4 }) },
  rmsprop: { own: () => rmsprop({ learningRate: schedule, alpha: 0.8, momentum: 0.6, centered: true }), reference: () => referenceRmsprop({ learningRate: 1, alpha: 0.8, momentum: 0.6, centered: true }) },
  'rmsprop with decay': { own: () => rmsprop({ learningRate: schedule, weightDecay: 0.2 }), reference: () => referenceRmsprop({ learningRate: 1 }), decay: 0.2 },
  sgd: { own: () => sgd({ learningRate: schedule }), reference: () => referenceSgd({ learningRate: 1 }) },
  'sgd with momentum and decay': { own: () => sgd({ learningRate: schedule, momentum: 0.7, weightDecay: 0.2 }), reference: () => referenceSgd({ learningRate: 1, momentum: 0.7 }), decay: 0.2 },
};

export const optimizerNames = Object.keys(pairs);

export interface UpdatesReport {
  /** Relative L2 errors of how far each parameter has moved. */
  readonly moved: Record<string, number>;
  /** The largest relative error of the norms. */
  readonly norm: number;
  /** The largest relative error of the rates. */
  readonly rate: number;
}

/** Nine steps over two operators against the float64 reference. */
export async function againstReference({ rule, gradientClip }: { rule: string; gradientClip: Clip }): Promise<UpdatesReport> {
  const gpu = await openDevice();
  const operators = operatorsOf(gpu);
  const { own, reference: make, decay = 0 } = pairs[rule]!;
  const optimizer = createOptimizer(gpu, operators, own(), { gradientClip });
  const reference = make();
  const begun = await readAll(operators);
  const parameters = Object.fromEntries(Object.entries(begun).map(([name, values]) => [name, Float64Array.from(values)]));
  let [normError, rateError] = [0, 0];
  for (let step = 0; step < 9; step++) {
    const given = gradientsOf(operators, step);
    const gradients = Object.fromEntries(Object.entries(given).map(([name, values]) => [name, Float64Array.from(values)]));
    const norm = gradientNorm(gradients, typeof gradientClip === 'number' && gradientClip > 0 ? gradientClip : Infinity);
    for (const [name, values] of Object.entries(gradients)) {
      if (typeof gradientClip === 'object' && 'value' in gradientClip) values.forEach((g, i) => (values[i] = Math.max(-gradientClip.value, Math.min(gradientClip.value, g))));
      values.forEach((g, i) => (values[i] = g + decay * parameters[name]![i]!));
    }
    reference.learningRate = learningRateAt(schedule, step);
    reference.update(parameters, gradients);
    rateError = Math.max(rateError, Math.abs(optimizer.learningRate - reference.learningRate) / reference.learningRate);
    give(operators, given);
    optimizer.step();
    normError = Math.max(normError, Math.abs((await optimizer.read()).norm - norm) / norm);
  }
  const ended = await readAll(operators);
  const moved = Object.fromEntries(Object.entries(ended).map(([name, values]) => [name, relativeL2(values.map((w, i) => w - begun[name]![i]!), parameters[name]!.map((w, i) => w - begun[name]![i]!))]));
  return { moved, norm: normError, rate: rateError };
}

/** Some steps from that one on; a step whose gradient is not finite where `bad` says so. The parameters after each. */
async function take(update: Optimizer, operators: readonly Operator[], from: number, to: number, bad?: number): Promise<number[][]> {
  const after: number[][] = [];
  for (let step = from; step < to; step++) {
    const gradients = gradientsOf(operators, step);
    if (step === bad) gradients['1.bias']![3] = NaN;
    give(operators, gradients);
    update.step();
    after.push(Object.values(await readAll(operators)).flatMap((values) => [...values]));
  }
  return after;
}

/** The parameters after three steps, by submits of the optimizer's own and in the application's encoder. */
export async function encoded(): Promise<{ own: number[][]; theirs: number[][] }> {
  const gpu = await openDevice();
  const make = () => {
    const operators = operatorsOf(gpu);
    return { operators, optimizer: createOptimizer(gpu, operators, adam({ learningRate: cosine({ learningRate: 0.05, steps: 3 }) }), { gradientClip: 0.5 }) };
  };
  const [own, theirs] = [make(), make()];
  const after: number[][] = [];
  for (let step = 0; step < 3; step++) {
    give(theirs.operators, gradientsOf(theirs.operators, step));
    const encoder = gpu.device.createCommandEncoder();
    theirs.optimizer.encodeStep(encoder);
    gpu.device.queue.submit([encoder.finish()]);
    after.push(Object.values(await readAll(theirs.operators)).flatMap((values) => [...values]));
  }
  return { own: await take(own.optimizer, own.operators, 0, 3), theirs: after };
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

export interface GoingOn {
  readonly undisturbed: number[][];
  readonly restored: number[][];
  readonly inUse: number[][];
  /** Steps, skips and rate after them all. */
  readonly ends: { readonly steps: number; readonly skips: number; readonly rate: number }[];
  /** A file made right after a restore is the same one. */
  readonly fileEqual: boolean;
  /** As a file made while steps are under way. */
  readonly sameUnderWay: boolean;
  readonly tensors: string[];
}

/** Four steps, one of them skipped, a file, and four more; from the file in a new update over new operators, and in one that has taken other steps. */
export async function goingOn({ optimizer }: { optimizer: string }): Promise<GoingOn> {
  const gpu = await openDevice();
  const make = () => {
    const operators = operatorsOf(gpu);
    return { operators, update: createOptimizer(gpu, operators, pairs[optimizer]!.own(), { gradientClip: 0.5 }) };
  };
  const first = make();
  await take(first.update, first.operators, 0, 4, 2);
  first.update.learningRate = cosine({ learningRate: 0.05, steps: 9 });
  const [bytes, weights] = [await first.update.save(), await readAll(first.operators)];
  const underWay = first.update.save();
  const undisturbed = await take(first.update, first.operators, 4, 8);
  const from = async ({ update, operators }: ReturnType<typeof make>): Promise<number[][]> => {
    for (const [name, array] of each(operators, 'parameters')) array.write(weights[name]!);
    update.restore(bytes);
    return take(update, operators, 4, 8);
  };
  const [fresh, used] = [make(), make()];
  fresh.update.restore(bytes);
  const again = await fresh.update.save();
  await take(used.update, used.operators, 10, 13, 11);
  const [restored, inUse] = [await from(fresh), await from(used)];
  const ends = await Promise.all([first, fresh, used].map(async ({ update }) => ({ steps: update.steps, skips: (await update.read()).skips, rate: update.learningRate })));
  return { undisturbed, restored, inUse, ends, fileEqual: equal(again, bytes), sameUnderWay: equal(await underWay, bytes), tensors: [...readSafetensors(bytes).tensors.keys()] };
}

/** What is said of files that an update cannot go on from, by name; and whether the update is as it was after all of them. */
export async function refusals() {
  const gpu = await openDevice();
  const operators = operatorsOf(gpu);
  const optimizer = createOptimizer(gpu, operators, adam(), { gradientClip: 1 });
  await take(optimizer, operators, 0, 2);
  const sound = await optimizer.save();
  const of = (given: readonly Operator[], optimizer: UpdateRule, clip: Clip): Promise<Uint8Array> => createOptimizer(gpu, given, optimizer, { gradientClip: clip }).save();
  const [recurrent, linear] = operatorsOf(gpu) as [Operator, Operator];
  const run = (change: (run: Record<string, unknown>) => void) => changed(sound, ({ metadata }) => {
    const claims = JSON.parse(metadata.run!) as Record<string, unknown>;
    change(claims);
    metadata.run = JSON.stringify(claims);
  });
  const flipped = sound.slice();
  flipped[flipped.length - 3]! ^= 4;
  const files: Record<string, [file: Uint8Array, allow?: readonly AllowedOptimizerDifference[]]> = {
    flipped: [flipped],
    cut: [sound.slice(0, -4)],
    empty: [new Uint8Array(0)],
    format: [changed(sound, ({ metadata }) => (metadata.format = 'unfold-rnn update 1'))],
    noRun: [changed(sound, ({ metadata }) => delete metadata.run)],
    options: [await of(operatorsOf(gpu), adam({ beta1: 0.8 }), 1)],
    optionsAllowed: [await of(operatorsOf(gpu), adam({ beta1: 0.8 }), 1), ['optimizer']],
    optimizer: [await of(operatorsOf(gpu), sgd({ momentum: 0.5 }), 1)],
    optimizerAllowed: [await of(operatorsOf(gpu), sgd({ momentum: 0.5 }), 1), ['optimizer']],
    gradientClip: [await of(operatorsOf(gpu), adam(), { value: 1 })],
    clipAllowed: [await of(operatorsOf(gpu), adam(), { value: 1 }), ['gradientClip']],
    fewer: [await of([recurrent], adam(), 1)],
    order: [await of([linear, recurrent], adam(), 1)],
    sizes: [await of(operatorsOf(gpu, 6), adam(), 1)],
    missing: [changed(sound, ({ tensors }) => tensors.delete('1.bias.second'))],
    shape: [changed(sound, ({ tensors }) => tensors.set('1.bias.second', { dtype: 'F32', shape: [1, 7], data: new Float32Array(7) }))],
    more: [changed(sound, ({ tensors }) => tensors.set('2.bias.second', { dtype: 'F32', shape: [7], data: new Float32Array(7) }))],
    notFinite: [changed(sound, ({ tensors }) => (tensors.get('0.weight_hh_l0.first')!.data[2] = Infinity))],
    steps: [run((claims) => (claims.steps = -1))],
    skips: [run((claims) => (claims.skips = 3))],
    learningRate: [run((claims) => (claims.learningRate = 0.1))],
    clipClaim: [run((claims) => (claims.gradientClip = { clipNorm: 1 }))],
    moments: [run((claims) => (claims.moments = 'first'))],
    modules: [run((claims) => (claims.modules = [[{ name: 'weight', shape: [0] }]]))],
    noJson: [changed(sound, ({ metadata }) => (metadata.run = '{'))],
    allow: [sound, ['text' as 'gradientClip']],
  };
  const results: Record<string, string> = {};
  for (const [name, [bytes, allow]] of Object.entries(files)) {
    results[name] = await said(() => optimizer.restore(bytes, allow ? { allow } : {}));
    if (results[name] === 'no error') optimizer.restore(sound);
  }
  const same = equal(await optimizer.save(), sound);
  // A rate of which nothing finite is left.
  const broken = createOptimizer(gpu, operators, sgd({ momentum: 0.9 }));
  for (let step = 0; step < 2; step++) {
    give(operators, Object.fromEntries(each(operators, 'gradients').map(([name, array]) => [name, new Float32Array(count(array)).fill(3e38)])));
    broken.step();
  }
  results.saved = await said(() => broken.save());
  optimizer.destroy();
  results.destroyedSave = await said(() => optimizer.save());
  results.destroyedRestore = await said(() => optimizer.restore(sound));
  return { results, same };
}
