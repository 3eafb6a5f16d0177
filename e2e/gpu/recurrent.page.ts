import { createRecurrent, openDevice, type CellName } from '../../src/index.ts';
import { cells } from '../../src/reference/cells.ts';
import { recurrentBackward, recurrentForward } from '../../src/reference/recurrent.ts';
import { recurrentCases, relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

export interface RecurrentCase {
  readonly cell: CellName;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly steps: number;
  readonly batch: number;
  readonly bias: boolean;
}

/** Relative L2 error against the float64 reference of every output and every gradient. */
export async function compare(given: RecurrentCase): Promise<Record<string, number>> {
  const { cell, inputSize, hiddenSize, layers, steps, batch, bias } = given;
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { cell, inputSize, hiddenSize, layers, bias, seed: 5 });
  const plan = network.plan({ steps, batch, training: true });
  const state = layers * batch * hiddenSize;
  const input = randomArray(steps * batch * inputSize, 1);
  const [h0, c0, dHn, dCn] = [2, 3, 4, 5].map((seed) => randomArray(state, seed)) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const dOutput = randomArray(steps * batch * hiddenSize, 6);

  plan.forward({ input, h0, c0 });
  const outputs = { output: await plan.output.read(), hn: await plan.hn.read(), cn: await plan.cn.read() };
  plan.backward({ dOutput, dHn, dCn });
  const actual: Record<string, Float32Array> = { ...outputs, dInput: await plan.dInput.read(), dH0: await plan.dH0.read(), dC0: await plan.dC0.read() };
  for (const [name, array] of Object.entries(network.gradients)) actual[name] = await array.read();

  const wide = (x: Float32Array): Float64Array => Float64Array.from(x);
  const parameters: Record<string, Float64Array> = {};
  for (const [name, array] of Object.entries(network.parameters)) parameters[name] = wide(await array.read());
  const forward = recurrentForward({ cell: cells[cell], inputSize, hiddenSize, layers, steps, batch, bias }, parameters, wide(input), { h0: wide(h0), c0: wide(c0) });
  const backward = recurrentBackward(forward, { dOutput: wide(dOutput), dHn: wide(dHn), dCn: wide(dCn) });
  const { output, hn, cn } = forward;
  const { dInput, dH0, dC0, gradients } = backward;
  const expected: Record<string, Float64Array> = { output, hn, cn, dInput, dH0, dC0, ...gradients };
  return Object.fromEntries(Object.entries(expected).map(([name, values]) => [name, relativeL2(actual[name]!, values)]));
}

/** Relative L2 error against PyTorch of every result and gradient, by case; cases that the engine does not run yet are listed apart. */
export async function golden(file: unknown): Promise<{ errors: Record<string, Record<string, number>>; left: string[] }> {
  const gpu = await openDevice();
  const errors: Record<string, Record<string, number>> = {};
  const left: string[] = [];
  for (const given of recurrentCases(file)) {
    const { name, cell, inputSize, hiddenSize, layers, steps, batch, bias, direction, lengths } = given;
    if (direction !== 'forward' || lengths) {
      left.push(name);
      continue;
    }
    const network = createRecurrent(gpu, { cell: cell as CellName, inputSize, hiddenSize, layers, bias });
    for (const [key, values] of Object.entries(given.parameters)) network.parameters[key]!.write(Float32Array.from(values));
    const plan = network.plan({ steps, batch, training: true });
    const narrow = (key: string): Float32Array | undefined => given.given[key] && Float32Array.from(given.given[key]);
    const optional = (keys: string[]) => Object.fromEntries(keys.flatMap((key) => (narrow(key) ? [[key, narrow(key)!]] : [])));
    plan.forward({ input: narrow('input')!, ...optional(['h0', 'c0']) });
    const actual: Record<string, Float32Array> = { output: await plan.output.read(), hn: await plan.hn.read(), cn: await plan.cn.read() };
    plan.backward(optional(['dOutput', 'dHn', 'dCn']));
    Object.assign(actual, { dInput: await plan.dInput.read(), dH0: await plan.dH0.read(), dC0: await plan.dC0.read() });
    for (const [key, array] of Object.entries(network.gradients)) actual[key] = await array.read();
    const expected = { ...given.results, ...given.gradients, ...given.parameterGradients };
    errors[name] = Object.fromEntries(Object.entries(expected).map(([key, values]) => [key, relativeL2(actual[key]!, values)]));
    network.destroy();
  }
  return { errors, left };
}
