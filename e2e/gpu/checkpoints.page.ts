import { createRecurrent, openDevice, type RecurrentOptions } from '../../src/index.ts';
import { randomArray } from './random_arrays.ts';

export interface CheckpointCase extends RecurrentOptions {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly lengths?: readonly number[];
  readonly every: readonly number[];
}

/** Arrays of both passes that differ in any bit from the plan that keeps every step, by `every`; and how much was compared. */
export async function differences(cases: readonly CheckpointCase[]): Promise<{ differing: string[]; compared: number }> {
  const gpu = await openDevice();
  const differing: string[] = [];
  let compared = 0;
  for (const { timeSteps, batchSize, lengths, every, ...options } of cases) {
    const { inputSize, hiddenSize, projSize, numLayers = 1 } = options;
    const features = projSize ?? hiddenSize;
    const run = async (checkpointEvery?: number): Promise<Record<string, Float32Array>> => {
      // A network each: the counter of random numbers begins anew.
      const network = createRecurrent(gpu, { seed: 3, ...options });
      const plan = network.plan({ timeSteps, batchSize, training: true, ragged: lengths !== undefined, ...(checkpointEvery && { checkpointEvery }) });
      const padded = (values: Float32Array<ArrayBuffer>, width: number) =>
        values.map((x, i) => (lengths && Math.floor(i / width / batchSize) >= lengths[Math.floor(i / width) % batchSize]! ? NaN : x));
      const state = (width: number, seed: number) => randomArray(numLayers * batchSize * width, seed);
      const results: Record<string, Float32Array> = {};
      // Two passes, so that gradients go on from what they hold and masks are drawn anew.
      for (const pass of [1, 2]) {
        const input = padded(randomArray(timeSteps * batchSize * inputSize, pass), inputSize);
        plan.forward({ input, h0: state(features, 2), c0: state(hiddenSize, 3), ...(lengths && { lengths }) });
        for (const name of ['output', 'hn', 'cn'] as const) results[`${name} ${pass}`] = await plan[name].read();
        plan.backward({ dOutput: padded(randomArray(timeSteps * batchSize * features, 4), features), dHn: state(features, 5), dCn: state(hiddenSize, 6) });
        for (const name of ['dInput', 'dH0', 'dC0'] as const) results[`${name} ${pass}`] = await plan[name].read();
      }
      for (const [name, array] of Object.entries(network.gradients)) results[name] = await array.read();
      network.destroy();
      return results;
    };
    const whole = await run();
    for (const k of every) {
      for (const [name, values] of Object.entries(await run(k))) {
        compared += values.length;
        const different = values.filter((x, i) => !Object.is(x, whole[name]![i])).length;
        if (different > 0) differing.push(`${options.cell} every ${k}: ${name}, ${different} of ${values.length}`);
      }
    }
  }
  return { differing, compared };
}

/** Bytes of plans over T steps. */
export async function memory({ steps, every }: { steps: number; every: number }): Promise<{ whole: number; checkpointed: number; linear: number }> {
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 4, hiddenSize: 64, numLayers: 2 });
  const plan = (checkpointEvery?: number) => network.plan({ timeSteps: steps, batchSize: 4, training: true, ...(checkpointEvery && { checkpointEvery }) });
  const [whole, checkpointed] = [plan(), plan(every)];
  // What the application gives and takes has every step in any plan.
  const { input, output, dInput } = whole; // and dOutput, as large as the output
  const outward = [input, output, dInput, output].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { whole: whole.memory.totalBytes, checkpointed: checkpointed.memory.totalBytes, linear: outward };
}
