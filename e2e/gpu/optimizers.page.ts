import { adam, adamw, openDevice, rmsprop, sgd, type Clip, type UpdateRule } from '../../src/index.ts';
import { allocateProxy, type Slice } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { gradientNorm, NORM_PARTIALS, NORM_STATE } from '../../src/kernels/optimizer.ts';
import { adam as referenceAdam, adamW as referenceAdamW } from '../../src/reference/adam.ts';
import { gradientNorm as clipReference } from '../../src/reference/gradient_norm.ts';
import type { Optimizer as ReferenceOptimizer } from '../../src/reference/optimizer.ts';
import { rmsprop as referenceRmsprop } from '../../src/reference/rmsprop.ts';
import { sgd as referenceSgd } from '../../src/reference/sgd.ts';
import { checkClip } from '../../src/train/clip.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

type Numbers = Readonly<Record<string, readonly number[]>>;

/** A case of `optimizers.json` or `objective_options.json`. */
export interface OptimizerCase {
  readonly name: string;
  readonly options: { readonly kind: string; readonly learningRate: number; readonly decay?: number };
  readonly updates: number;
  readonly parameters: Numbers;
  readonly gradients: Numbers;
  readonly results: Numbers;
}

const makers: Record<string, (options: object) => UpdateRule> = { adam, adamw, rmsprop, sgd };

/** Updates of one flat array, a gradient and a rate each. */
async function updated(optimizer: UpdateRule, parameters: Float32Array, gradients: readonly Float32Array[], rateOf: (update: number) => number, clip: Clip = 0) {
  const gpu = await openDevice();
  const made: Slice[] = [];
  const array = (name: string, count: number): Slice => {
    const slice = allocateProxy(name, [count], 'scratch');
    made.push(slice);
    return slice;
  };
  const count = parameters.length;
  const [weight, gradient, norm, partials] = [array('weight', count), array('gradient', count), array('norm', NORM_STATE), array('partials', NORM_PARTIALS)];
  const moments = optimizer.moments.map((name) => array(name, count));
  const recording = new Recording();
  gradientNorm(recording, gradient, partials, norm);
  const dispatch = optimizer.record(recording, { weight, gradient, norm, ...checkClip(clip) }, moments);
  gpu.memory.allocate(made.map((s) => s.buffer));
  gpu.write(weight, parameters);
  const replay = new Replay(gpu, recording, 'update');
  for (const [i, values] of gradients.entries()) {
    gpu.write(gradient, values);
    replay.setParams(dispatch, optimizer.params(i + 1, rateOf(i)));
    replay.submit();
  }
  return gpu.read(weight);
}

/** PyTorch's updates, the rate halved after five: relative L2 errors of the parameters, and how many moments are kept. */
export async function goldenOptimizers(cases: readonly OptimizerCase[]) {
  const reports = [];
  for (const { name, options, updates, parameters, gradients, results } of cases) {
    const { kind, decay, ...rest } = options;
    const optimizer = makers[kind]!({ ...rest, ...(decay !== undefined && { weightDecay: decay }) });
    const given = Array.from({ length: updates }, (_, step) => Float32Array.from([...gradients[`a${step}`]!, ...gradients[`b${step}`]!]));
    const start = Float32Array.from([...parameters.a!, ...parameters.b!]);
    const actual = await updated(optimizer, start, given, (update) => (update < 5 ? options.learningRate : options.learningRate / 2));
    reports.push({ name, error: relativeL2(actual, [...results.a!, ...results.b!]), moments: optimizer.moments.length });
  }
  return reports;
}

const references: Record<string, (options: { learningRate: number }) => ReferenceOptimizer> = { adam: referenceAdam, adamw: referenceAdamW, rmsprop: referenceRmsprop, sgd: referenceSgd };

/** More parameters than a workgroup, clipped, against the reference: relative L2 error of the parameters. */
export async function clippedUpdates({ kind, clip, options }: { kind: string; clip: { norm: number } | { value: number }; options: { learningRate: number } }): Promise<number> {
  const count = 1000;
  const start = randomArray(count, 1);
  const gradients = Array.from({ length: 10 }, (_, i) => randomArray(count, 10 + i, i % 2 === 0 ? 2 : 0.01));
  const parameters = { all: Float64Array.from(start) };
  const reference = references[kind]!(options);
  for (const values of gradients) {
    const all = Float64Array.from(values);
    if ('norm' in clip) clipReference({ all }, clip.norm || Infinity);
    else all.forEach((g, i) => (all[i] = Math.max(-clip.value, Math.min(clip.value, g))));
    reference.update(parameters, { all });
  }
  return relativeL2(await updated(makers[kind]!(options), start, gradients, () => options.learningRate, clip), parameters.all);
}

/** A gradient that never changes leaves centered RMSprop a variance of rounding errors: does everything stay a number? */
export async function constantGradient(): Promise<boolean> {
  const gradient = randomArray(300, 5, 1e3);
  const result = await updated(rmsprop({ centered: true, alpha: 0.5, epsilon: 1e-3 }), new Float32Array(300), Array.from({ length: 60 }, () => gradient), () => 1e-3);
  return result.every(Number.isFinite);
}
