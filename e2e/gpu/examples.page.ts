import { addingBatch } from '../../examples/data/adding_problem.ts';
import { BestWeights } from '../../examples/best_weights.ts';
import { withDefaults, type OptionValues, type Result, type Row } from '../../examples/example.ts';
import { examples } from '../../examples/index.ts';
import { createNetwork, NETWORK_NAMES } from '../../examples/long_memory.ts';
import { createLinear, createRecurrent, openDevice } from '../../src/index.ts';

/**
 * An example from its first step to its result, with some options changed. `firsts` are the first rows of its parts, of one without parts
 * its first row.
 */
export async function run({ name, options }: { name: string; options: OptionValues }): Promise<Result & { rows: number; firsts: Row[]; last: Row; bytesLeft: number }> {
  const example = examples.find((known) => known.name === name)!;
  const gpu = await openDevice();
  const steps = example.run(gpu, withDefaults(example, options));
  const firsts: Row[] = [];
  let last: Row | null = null;
  for (let rows = 0; ; rows++) {
    const next = await steps.next();
    if (next.done) return { ...next.value, rows, firsts, last: last!, bytesLeft: gpu.memory.report().totalBytes };
    if (next.value.part !== last?.part || rows === 0) firsts.push(next.value);
    last = next.value;
  }
}

/** A device lost between two steps: what the next step says, and whether the run has ended. */
export async function lostDevice(): Promise<{ name: string; message: string; done: boolean | undefined }> {
  const example = examples.find((known) => known.name === 'adding')!;
  const gpu = await openDevice();
  const steps = example.run(gpu, withDefaults(example, { cells: ['gru'], length: 5, batch: 2, hidden: 3, steps: 1000 }));
  await steps.next();
  gpu.device.destroy();
  const { name, message } = await steps.next().then(() => new Error('the run went on'), (error: Error) => error);
  return { name, message, done: (await steps.next()).done };
}

/** The weights of the best of three scores, after a restore. */
export async function bestWeights(): Promise<{ restored: number[]; score: number; step: number; empty: string }> {
  const gpu = await openDevice();
  const layer = createLinear(gpu, { inputSize: 2, outputSize: 1 });
  const best = new BestWeights([layer]);
  let empty = '';
  try {
    best.restore();
  } catch (error) {
    empty = (error as Error).message;
  }
  for (const [step, score] of [[1, 0.2], [2, 0.7], [3, 0.7]] as const) {
    layer.parameters.weight!.write(Float32Array.of(step, -step));
    layer.parameters.bias!.write(Float32Array.of(10 * step));
    await best.offer(step, score);
  }
  best.restore();
  const restored = [...(await layer.parameters.weight!.read()), ...(await layer.parameters.bias!.read())];
  return { restored, score: best.score, step: best.step, empty };
}

/** What `createNetwork` adds to the first biases of a layer of the same seed: the LSTM's [4*H], and the largest of each other network. */
export async function initialBiases({ length, hidden }: { length: number; hidden: number }): Promise<{ added: number[]; others: Record<string, number> }> {
  const gpu = await openDevice();
  const cells = { lstm: { cell: 'lstm' }, gru: { cell: 'gru' }, irnn: { cell: 'rnn_relu', recurrentInit: 'identity' }, rnn_tanh: { cell: 'rnn_tanh' } } as const;
  const sizes = { inputSize: 2, hiddenSize: hidden, seed: 5 };
  const added: Record<string, number[]> = {};
  for (const name of NETWORK_NAMES) {
    const plain = await createRecurrent(gpu, { ...cells[name], ...sizes }).parameters.bias_ih_l0!.read();
    const own = await (await createNetwork(gpu, name, { length, ...sizes })).parameters.bias_ih_l0!.read();
    added[name] = Array.from(own, (bias, i) => bias - plain[i]!);
  }
  const { lstm, ...rest } = added;
  return { added: lstm!, others: Object.fromEntries(Object.entries(rest).map(([name, biases]) => [name, Math.max(...biases.map(Math.abs))])) };
}

/** Mean squared error of always answering 1, over the sequences that the example draws. */
export function measuredBaseline({ length }: { length: number }): number {
  const { targets } = addingBatch({ timeSteps: length, batchSize: 4000, seed: 2, index: 0 });
  return targets.reduce((sum, target) => sum + (target - 1) ** 2, 0) / targets.length;
}
