// How parameters begin.
import { createAttention, createLinear, createRecurrent, openDevice, type Gpu, type GpuArray } from '../../src/index.ts';
import { createLanguageModel } from '../../src/language.ts';
import { characters } from '../../src/text.ts';

type Begun = { readonly parameters: Readonly<Record<string, GpuArray>> };

const { vocabulary } = characters('to be or not to be');

/** Objects of a seed; two layers and two directions have parameters of equal shapes. */
const makers: Record<string, (gpu: Gpu, seed: number) => Begun> = {
  recurrent: (gpu, seed) => createRecurrent(gpu, { cell: 'peephole_lstm', inputSize: 8, hiddenSize: 4, numLayers: 2, direction: 'bidirectional', seed }),
  model: (gpu, seed) => createLanguageModel(gpu, { vocabulary, embedding: { size: 6 }, layers: [{ cell: 'gru', hiddenSize: 6 }, { cell: 'gru', hiddenSize: 6 }], seed }),
  linear: (gpu, seed) => createLinear(gpu, { inputSize: 6, outputSize: 5, seed }),
  'attention, dot': (gpu, seed) => createAttention(gpu, { score: 'dot', decoderSize: 6, encoderSize: 6, seed }),
  'attention, general': (gpu, seed) => createAttention(gpu, { score: 'general', decoderSize: 6, encoderSize: 4, seed }),
};

async function valuesOf({ parameters }: Begun): Promise<Record<string, number[]>> {
  const values = await Promise.all(Object.entries(parameters).map(async ([name, array]) => [name, Array.from(await array.read())] as [string, number[]]));
  return Object.fromEntries(values);
}

/** The parameters of every maker by seed 1, by seed 1 again, and by seed 2. */
export async function bySeed(): Promise<Record<string, [Record<string, number[]>, Record<string, number[]>, Record<string, number[]>]>> {
  const gpu = await openDevice();
  const results: Awaited<ReturnType<typeof bySeed>> = {};
  for (const [name, make] of Object.entries(makers)) results[name] = [await valuesOf(make(gpu, 1)), await valuesOf(make(gpu, 1)), await valuesOf(make(gpu, 2))];
  return results;
}

/** How much larger each element of bias_ih_l0 and bias_hh_l0 of an LSTM of 3 units is with that forgetBias than with 0: of an operator and of a model. */
export async function forgetBiases(forgetBias: number): Promise<{ operator: number[]; model: number[] }> {
  const gpu = await openDevice();
  const biases = async ({ parameters }: Begun): Promise<number[]> => [...(await parameters.bias_ih_l0!.read()), ...(await parameters.bias_hh_l0!.read())];
  const raised = async (make: (by: number) => Begun): Promise<number[]> => {
    const [plain, more] = [await biases(make(0)), await biases(make(forgetBias))];
    return more.map((b, i) => b - plain[i]!);
  };
  return {
    operator: await raised((by) => createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3, forgetBias: by })),
    model: await raised((by) => createLanguageModel(gpu, { vocabulary, layers: [{ cell: 'lstm', hiddenSize: 3 }], forgetBias: by })),
  };
}
