// The half of `npm run conformance` that runs in the browser: one case at a time through the engine's operator.
import { createRecurrent, DeviceLostError, openDevice, type Gpu, type GpuArray, type Recurrent, type RecurrentPlan } from '../../src/index.ts';
import { readCase, Unsupported, type Case, type CaseJSON } from './case.ts';
import { fromEngine, networkOf, toEngine, type Network } from './network.ts';
import { expectedLoss, score, type FieldScore, type Results } from './score.ts';
import { decodeShaped, encode, type EncodedTensor, type Tensor } from './tensor.ts';

export type Verdict =
  | { readonly status: 'unsupported' | 'failed'; readonly reason: string }
  | { readonly status: 'passed' | 'failed'; readonly scores: readonly FieldScore[]; readonly raw: RawResults | null };

/** The results under the case's own names. */
export interface RawResults {
  readonly [field: string]: EncodedTensor | { readonly [name: string]: EncodedTensor };
}

let opened: Gpu | null = null;

/** Open the device. @returns the adapter's name */
export async function open(): Promise<string> {
  opened = await openDevice();
  return opened.adapter.name;
}

/** Run a case and compare. Never throws for what is wrong with the case or its results. */
export async function run({ given, raw }: { readonly given: CaseJSON; readonly raw: boolean }): Promise<Verdict> {
  try {
    opened ??= await openDevice();
    const one = readCase(given);
    const results = await compute(opened, one, networkOf(one));
    const scores = score(one, results);
    const passed = scores.every(({ error, tolerance }) => error <= tolerance);
    return { status: passed ? 'passed' : 'failed', scores, raw: raw ? encodeAll(results) : null };
  } catch (error) {
    const { name, message } = error as Error;
    if (error instanceof Unsupported) return { status: 'unsupported', reason: message };
    if (error instanceof DeviceLostError) opened = null; // The next case opens another.
    return { status: 'failed', reason: `${name}: ${message}` };
  }
}

async function compute(gpu: Gpu, one: Case, network: Network): Promise<Results> {
  const { inputShape, outputShape, stateShape, hasCellState } = network;
  const input = (name: string, shape: readonly number[]): Tensor | null => {
    const given = one.inputs[name];
    return given === undefined ? null : decodeShaped(`inputs.${name}`, given, shape);
  };
  const x = decodeShaped('inputs.x', one.inputs.x, inputShape);
  const [h0, c0] = [input('h0', stateShape.h), input('c0', stateShape.c)];
  const cotangents = { output: input('dOutput', outputShape), hn: input('dHn', stateShape.h), cn: input('dCn', stateShape.c) };
  const target = input('target', outputShape);

  const layer = createRecurrent(gpu, network.options);
  try {
    for (const weight of network.weights) layer.parameters[weight.parameter]!.write(toEngine(weight));
    const plan = layer.plan({ steps: one.time, batch: one.batch, training: one.gradients, ragged: one.lengths !== null });
    plan.forward({
      input: single(x),
      ...(h0 && { h0: single(h0) }),
      ...(c0 && hasCellState && { c0: single(c0) }),
      ...(one.lengths && { lengths: one.lengths }),
    });
    const forward = {
      output: await tensor(plan.output),
      hn: await tensor(plan.hn),
      ...(hasCellState && { cn: await tensor(plan.cn) }),
    };
    const { value, dOutput } = lossOf(forward, one.loss === 'mse' ? target : null, cotangents);
    if (!one.gradients) return { ...forward, ...(one.expected.loss !== undefined && { loss: shapedLoss(one, value) }) };
    plan.backward({
      ...(dOutput && { dOutput: single(dOutput) }),
      ...(cotangents.hn && { dHn: single(cotangents.hn) }),
      ...(cotangents.cn && hasCellState && { dCn: single(cotangents.cn) }),
    });
    return { ...forward, loss: shapedLoss(one, value), grads: await gradients(layer, plan, network) };
  } finally {
    layer.destroy();
  }
}

/** The loss and its gradient by the output: half the mean squared error against `target`, or the dot products with the cotangents. */
function lossOf(
  forward: { readonly output: Tensor; readonly hn: Tensor; readonly cn?: Tensor }, target: Tensor | null,
  cotangents: { readonly output: Tensor | null; readonly hn: Tensor | null; readonly cn: Tensor | null },
): { value: number; dOutput: Tensor | null } {
  const { output } = forward;
  if (target) {
    const count = output.values.length;
    const difference = output.values.map((value, k) => value - target.values[k]!);
    const dOutput = { shape: output.shape, values: difference.map((each) => each / count) };
    return { value: sum(difference.map((each) => each ** 2)) / (2 * count), dOutput };
  }
  const value = sum((['output', 'hn', 'cn'] as const).map((field) => {
    const [a, b] = [forward[field], cotangents[field]];
    return a && b ? sum(a.values.map((each, k) => each * b.values[k]!)) : 0;
  }));
  return { value, dOutput: cotangents.output };
}

async function gradients(layer: Recurrent, plan: RecurrentPlan, { weights, hasCellState }: Network): Promise<Record<string, Tensor>> {
  const found: Record<string, Tensor> = {};
  for (const weight of weights) found[weight.name] = fromEngine(weight, await layer.gradients[weight.parameter]!.read());
  found.x = await tensor(plan.dInput);
  found.h0 = await tensor(plan.dH0);
  if (hasCellState) found.c0 = await tensor(plan.dC0);
  return found;
}

/** In the shape that the case has for it, [] or [1]. */
const shapedLoss = (one: Case, value: number): Tensor => ({ shape: expectedLoss(one)?.shape ?? [], values: Float64Array.of(value) });

const single = ({ values }: Tensor): Float32Array => Float32Array.from(values);

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

async function tensor(array: GpuArray): Promise<Tensor> {
  return { shape: array.shape, values: Float64Array.from(await array.read()) };
}

function encodeAll(results: Results): RawResults {
  const { grads, ...tensors } = results;
  const each = (group: Readonly<Record<string, Tensor>>): Record<string, EncodedTensor> =>
    Object.fromEntries(Object.entries(group).map(([name, value]) => [name, encode(value)]));
  return { ...each(tensors), ...(grads && { grads: each(grads) }) };
}
