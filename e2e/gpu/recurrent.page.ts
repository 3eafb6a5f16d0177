import { createRecurrent, openDevice, type Gpu, type Precision, type RecurrentOptions } from '../../src/index.ts';
import { makeCell, type CellName as ReferenceName } from '../../src/reference/cells.ts';
import { recurrentBackward, recurrentForward } from '../../src/reference/recurrent.ts';
import { engineCell } from '../cell_options.ts';
import { recurrentCases, relativeL2, type RecurrentCase as GoldenCase } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

export interface RecurrentCase extends RecurrentOptions {
  readonly numLayers: number;
  readonly timeSteps: number;
  readonly batchSize: number;
  /** [N]; past them the input and dOutput are NaN. */
  readonly lengths?: readonly number[];
  readonly checkpointEvery?: number;
  /** The input is uniform in ± so much; 1 where not given. */
  readonly inputScale?: number;
  /** Also move the reference's biases by so much, up and down, for `sensitivity`. */
  readonly perturb?: number;
}

/** Errors by array, and what a check of padding found. */
export interface Comparison {
  /** Relative L2 error against the float64 reference. */
  readonly errors: Record<string, number>;
  /** Output or input gradients that are not 0 past a row's length. */
  readonly padding: number;
  /** Most relative L2 that any array of the reference changes by when its biases are moved: large where a ReLU is close to its kink. */
  readonly sensitivity: number;
}

type Values = Float32Array<ArrayBuffer>;

/** [T,N,C] from [N,T,C], or the other way round with the extents exchanged. */
function swap(values: ArrayLike<number>, a: number, b: number, c: number): Values {
  const swapped = new Float32Array(a * b * c);
  for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) swapped[(j * a + i) * c + k] = values[(i * b + j) * c + k]!;
  return swapped;
}

/** One network, forward and BPTT, beside the reference. */
export async function compare(gpu: Gpu, given: RecurrentCase): Promise<Comparison> {
  const { timeSteps, batchSize, lengths, checkpointEvery, inputScale = 1, perturb = 0, ...options } = given;
  const { numLayers, inputSize, hiddenSize, direction = 'forward', merge = 'concat', batchFirst = false, bias = true, projSize } = options;
  const network = createRecurrent(gpu, { seed: 5, ...options });
  const plan = network.plan({ timeSteps, batchSize, training: true, ragged: lengths !== undefined, ...(checkpointEvery && { checkpointEvery }) });
  const D = direction === 'bidirectional' ? 2 : 1;
  const features = projSize ?? hiddenSize;
  const columns = (merge === 'concat' ? D : 1) * features;
  const rows = numLayers * D * batchSize;
  const input = randomArray(timeSteps * batchSize * inputSize, 1, inputScale);
  const [h0, c0, dHn, dCn] = [features, hiddenSize, features, hiddenSize].map((width, k) => randomArray(rows * width, 2 + k)) as [Values, Values, Values, Values];
  const dOutput = randomArray(timeSteps * batchSize * columns, 6);
  const isPadding = (i: number, features: number): boolean => lengths !== undefined && Math.floor(i / features / batchSize) >= lengths[Math.floor(i / features) % batchSize]!;
  const withNaN = (values: Values, features: number): Values => values.map((x, i) => (isPadding(i, features) ? NaN : x));
  const outward = (values: Values, features: number): Values => (batchFirst ? swap(withNaN(values, features), timeSteps, batchSize, features) : withNaN(values, features));
  const inward = (values: Float32Array, features: number): Float32Array => (batchFirst ? swap(values, batchSize, timeSteps, features) : values);

  plan.forward({ input: outward(input, inputSize), h0, c0, ...(lengths && { lengths }) });
  plan.backward({ dOutput: outward(dOutput, columns), dHn, dCn });
  // A read waits for the GPU: all at once, and all parameters as one.
  const { flat, flatGradient } = network.weights;
  const arrays = [plan.output, plan.hn, plan.cn, plan.dInput, plan.dH0, plan.dC0];
  const [output, hn, cn, dInput, dH0, dC0, weights, gradients] = await Promise.all([...arrays.map((array) => array.read()), gpu.read(flat), gpu.read(flatGradient)]) as
    [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const named = (all: Float32Array): [string, Float32Array][] => Object.entries(network.parameters).map(([name, { slice, byteLength }]) =>
    [name, all.subarray(slice.offset, slice.offset + byteLength / 4)]);
  const actual: Record<string, Float32Array> = {
    output: inward(output, columns), hn, cn, dInput: inward(dInput, inputSize), dH0, dC0, ...Object.fromEntries(named(gradients)),
  };
  const wide = (x: Float32Array): Float64Array => Float64Array.from(x);
  const parameters = Object.fromEntries(named(weights).map(([name, values]) => [name, wide(values)]));
  network.destroy();
  const cell = referenceCell(given);
  const hasC = cell.states === 2;
  const reference = (given: Record<string, Float64Array>): Record<string, Float64Array> => {
    const forward = recurrentForward({ cell, inputSize, hiddenSize, projSize, numLayers, timeSteps, batchSize, bias, direction, merge, lengths }, given, wide(input), {
      h0: wide(h0),
      ...(hasC && { c0: wide(c0) }),
    });
    const backward = recurrentBackward(forward, { dOutput: wide(dOutput), dHn: wide(dHn), ...(hasC && { dCn: wide(dCn) }) });
    return { output: forward.output, hn: forward.hn, dInput: backward.dInput, dH0: backward.dH0, ...backward.gradients, ...(hasC && { cn: forward.cn, dC0: backward.dC0 }) };
  };
  const expected = reference(parameters);
  const moved = (by: number): number[] => {
    const changed = reference(Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, name.startsWith('bias_ih') ? values.map((x) => x + by) : values])));
    return Object.entries(expected).map(([name, values]) => relativeL2(changed[name]!, values));
  };
  const sensitivity = perturb ? Math.max(...moved(perturb), ...moved(-perturb)) : 0;
  const padding = actual.output!.filter((x, i) => isPadding(i, columns) && x !== 0).length + actual.dInput!.filter((x, i) => isPadding(i, inputSize) && x !== 0).length;
  return { errors: Object.fromEntries(Object.entries(expected).map(([name, values]) => [name, relativeL2(actual[name]!, values)])), padding, sensitivity };
}

/** Many networks one after another, on one device, so that each kernel is compiled once. */
export async function compareAll(cases: readonly RecurrentCase[]): Promise<Comparison[]> {
  const gpu = await openDevice();
  const results: Comparison[] = [];
  for (const given of cases) results.push(await compare(gpu, given));
  return results;
}

function referenceCell({ cell, activations, clipGates, layerNorm, peepholeOutput, resetAfter }: RecurrentCase) {
  const isReset = cell === 'gru_reset_before' || resetAfter === false;
  const options = { ...(activations && { activations }), ...(layerNorm && { layerNorm }), ...(clipGates && { clipGates }), ...(peepholeOutput && { peepholeOutput }), ...(isReset && { resetAfter: false }) };
  return makeCell(cell === 'gru_reset_before' ? 'gru' : (cell as ReferenceName), options);
}

/** The options by which the engine draws the masks of a golden case itself. */
function maskOptions({ regularisers }: GoldenCase): Partial<RecurrentOptions> {
  if (!regularisers) return {};
  const { seed, chance, of } = regularisers;
  const at = (name: (typeof of)[number]): number => (of.includes(name) ? chance : 0);
  return { seed, dropout: at('dropout'), recurrentDropout: at('recurrent_dropout'), zoneout: { h: at('zoneout_h'), c: at('zoneout_c') } };
}

/** Relative L2 error against PyTorch of every result and gradient, by case as `cell, name`. */
export const golden = (file: unknown): Promise<Record<string, Record<string, number>>> => goldenIn({ file, precision: 'f32' });

/** The same in a precision; in f16 without the cases whose gates are clipped. */
export async function goldenIn({ file, precision }: { file: unknown; precision: Precision }): Promise<Record<string, Record<string, number>>> {
  const gpu = await openDevice();
  const errors: Record<string, Record<string, number>> = {};
  for (const given of recurrentCases(file)) {
    if (precision === 'f16' && given.cellOptions?.clipGates) continue;
    const { cell, cellOptions = {}, inputSize, hiddenSize, projSize = 0, numLayers, timeSteps, batchSize, bias, direction, merge = 'concat', lengths } = given;
    const name = `${cell}, ${given.name}`;
    const network = createRecurrent(gpu, { ...engineCell(cell, cellOptions), ...maskOptions(given), inputSize, hiddenSize, projSize, numLayers, bias, direction, merge, precision });
    for (const [key, values] of Object.entries(given.parameters)) network.parameters[key]!.write(Float32Array.from(values));
    // Without training there are no gradients, and zoneout keeps its expectation.
    const training = !given.regularisers?.evaluation;
    const plan = network.plan({ timeSteps, batchSize, training, ragged: lengths !== null });
    const narrow = (key: string): Float32Array | undefined => given.given[key] && Float32Array.from(given.given[key]);
    const optional = (keys: string[]) => Object.fromEntries(keys.flatMap((key) => (narrow(key) ? [[key, narrow(key)!]] : [])));
    plan.forward({ input: narrow('input')!, ...optional(['h0', 'c0']), ...(lengths && { lengths }) });
    const actual: Record<string, Float32Array> = { output: await plan.output.read(), hn: await plan.hn.read(), cn: await plan.cn.read() };
    if (training) {
      plan.backward(optional(['dOutput', 'dHn', 'dCn']));
      Object.assign(actual, { dInput: await plan.dInput.read(), dH0: await plan.dH0.read(), dC0: await plan.dC0.read() });
      for (const [key, array] of Object.entries(network.gradients)) actual[key] = await array.read();
    }
    const expected = { ...given.results, ...(training && { ...given.gradients, ...given.parameterGradients }) };
    errors[name] = Object.fromEntries(Object.entries(expected).map(([key, values]) => [key, relativeL2(actual[key]!, values)]));
    network.destroy();
  }
  return errors;
}
