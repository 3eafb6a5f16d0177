// A forward or gradients case through the engine's operator.
import { createRecurrent, type Gpu, type GpuArray, type Recurrent, type RecurrentPlan } from '../../src/index.ts';
import type { Case } from './case.ts';
import { gradientOf, networkOf, toEngine, type Network } from './network.ts';
import { relativeError, type Results } from './score.ts';
import { decodeShaped, MalformedCase, type Tensor } from './tensor.ts';
import { objectOf } from './words.ts';

/** Within which a cotangent in the file is that of the loss. */
const SAME = 1e-4;

/** What goes backward, and what the loss is made of; zero where null. */
interface Cotangents {
  readonly output: Tensor | null;
  readonly hn: Tensor | null;
  readonly cn: Tensor | null;
}

interface Forward {
  readonly output: Tensor;
  readonly hn: Tensor;
  readonly cn?: Tensor;
}

/** Every result of the case; the loss in shape []. */
export async function runPasses(gpu: Gpu, one: Case): Promise<Results> {
  const { batch, time, batchFirst, lengths } = one;
  const network = networkOf(one.network, Object.keys(objectOf(one.expected.grads) ?? {}));
  const { columns, features, hasCellState } = network;
  const outward = (features: number): number[] => (batchFirst ? [batch, time, features] : [time, batch, features]);
  const [hidden, cells] = [[network.states, batch, features], [network.states, batch, one.network.hidden]];
  const input = (name: string, shape: readonly number[]): Tensor | null => {
    const given = one.inputs[name];
    return given === undefined ? null : decodeShaped(`inputs.${name}`, given, shape);
  };
  const x = decodeShaped('inputs.x', one.inputs.x, outward(one.network.input));
  const h0 = input('h0', hidden);
  const c0 = hasCellState ? input('c0', cells) : null;
  const cotangents = { output: input('dOutput', outward(columns)), hn: input('dHn', hidden), cn: hasCellState ? input('dCn', cells) : null };
  const target = one.loss === 'mse' ? input('target', outward(columns)) : null;

  const layer = createRecurrent(gpu, { ...network.options, batchFirst });
  try {
    for (const weight of network.weights) layer.parameters[weight.parameter]!.write(toEngine(weight));
    const plan = layer.plan({ timeSteps: time, batchSize: batch, training: one.gradients, ragged: lengths !== null });
    plan.forward({ input: single(x), ...(h0 && { h0: single(h0) }), ...(c0 && { c0: single(c0) }), ...(lengths && { lengths }) });
    const forward: Forward = {
      output: await tensor(plan.output), hn: await tensor(plan.hn), ...(hasCellState && { cn: await tensor(plan.cn) }),
    };
    const { value, dOutput } = lossOf(forward, target, cotangents);
    const results = { ...forward, ...((one.gradients || one.expected.loss !== undefined) && { loss: { shape: [], values: Float64Array.of(value) } }) };
    if (!one.gradients) return results;
    plan.backward({
      ...(dOutput && { dOutput: single(dOutput) }),
      ...(cotangents.hn && { dHn: single(cotangents.hn) }),
      ...(cotangents.cn && { dCn: single(cotangents.cn) }),
    });
    return { ...results, grads: await gradients(layer, plan, network) };
  } finally {
    layer.destroy();
  }
}

/**
 * The loss and its gradient by the output: the dot products with the cotangents, or half the mean squared error against `target`
 * in the place of the output's, over all elements, those of padding too.
 */
function lossOf(forward: Forward, target: Tensor | null, { output: given, ...finals }: Cotangents): { value: number; dOutput: Tensor | null } {
  const { output } = forward;
  const ofFinals = dot(forward.hn, finals.hn) + dot(forward.cn, finals.cn);
  if (!target) return { value: dot(output, given) + ofFinals, dOutput: given };
  const count = output.values.length;
  const difference = output.values.map((value, k) => value - target.values[k]!);
  const squares = difference.reduce((sum, each) => sum + each ** 2, 0);
  const dOutput = { shape: output.shape, values: difference.map((each) => each / count) };
  if (given && !(relativeError(given, dOutput) <= SAME)) {
    throw new MalformedCase('inputs.dOutput is given, but the loss is mse, whose cotangent is output - target over its elements; leave one out');
  }
  return { value: squares / (2 * count) + ofFinals, dOutput };
}

/** Where a is 0, as it is past a row's length, b may be anything. */
function dot(a: Tensor | undefined, b: Tensor | null): number {
  if (!a || !b) return 0;
  return a.values.reduce((sum, each, k) => (each === 0 ? sum : sum + each * b.values[k]!), 0);
}

async function gradients(layer: Recurrent, plan: RecurrentPlan, { weights, hasCellState }: Network): Promise<Record<string, Tensor>> {
  const found: Record<string, Tensor> = {};
  for (const weight of weights) found[weight.name] = gradientOf(weight, await layer.gradients[weight.parameter]!.read());
  found.x = await tensor(plan.dInput);
  found.h0 = await tensor(plan.dH0);
  if (hasCellState) found.c0 = await tensor(plan.dC0);
  return found;
}

const single = ({ values }: Tensor): Float32Array => Float32Array.from(values);

async function tensor(array: GpuArray): Promise<Tensor> {
  return { shape: array.shape, values: Float64Array.from(await array.read()) };
}
