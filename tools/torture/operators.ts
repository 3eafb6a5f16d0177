// Operators in use, small: all that can be read of them, and kernels that have not been compiled before.
import {
  adam, createAttention, createLinear, createLoss, createRecurrent, createOptimizer, type CellName, type Gpu,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { randomUniform } from '../../src/layers/random.ts';
import type { Chance } from './chance.ts';
import { textOf } from './runs.ts';

export interface Sizes {
  readonly cell: CellName;
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly input: number;
  readonly hiddenSize: number;
}

/** Numbers in ±1, the same for the same count and seed. */
export const numbers = (count: number, seed: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, (_, i) => 2 * randomUniform(seed, 77, i) - 1);

/** A network, attention over its input, a head, a loss and an optimizer, planned together, and a stream. */
export function operators(gpu: Gpu, { cell, timeSteps, batchSize, input, hiddenSize }: Sizes) {
  const network = createRecurrent(gpu, { cell, inputSize: input, hiddenSize, seed: 7 });
  const attention = createAttention(gpu, { score: 'general', decoderSize: hiddenSize, encoderSize: hiddenSize, seed: 8 });
  const head = createLinear(gpu, { inputSize: hiddenSize, outputSize: 3, seed: 9 });
  const [plan, looking, rows] = [network.plan({ timeSteps, batchSize, training: true }), attention.plan({ timeSteps, sourceTimeSteps: timeSteps, batchSize, training: true }), head.plan({ rows: timeSteps * batchSize })];
  const loss = createLoss(gpu, { loss: 'mean_squared_error', timeSteps, batchSize, features: 3 });
  const optimizer = createOptimizer(gpu, [network, attention, head], adam({ learningRate: 1e-3 }), { gradientClip: 1 });
  const stream = network.stream({ batchSize });
  const [x, targets, frame] = [numbers(timeSteps * batchSize * input, 1), numbers(timeSteps * batchSize * 3, 2), numbers(batchSize * input, 3)];
  return {
    /** One pass, whose gradients are kept, so that the next one gives the same. */
    pass(): void {
      network.zeroGradients();
      plan.forward({ input: x });
      looking.forward({ decoder: plan.output, encoder: plan.output });
      rows.forward(looking.output);
      loss.run({ values: rows.output, targets });
      rows.backward(loss.gradient);
      looking.backward(rows.dInput);
      plan.backward({ dOutput: looking.dDecoder });
      stream.reset();
      stream.step(frame);
    },
    step: () => optimizer.step(),
    /** Everything that is read asynchronously, in flight at once. */
    reads: (): Promise<unknown>[] => [
      plan.output.read(), plan.hn.read(), plan.dInput.read(), looking.weights.read(), rows.output.read(), stream.h.read(), loss.read().then(({ loss: mean }) => mean),
      network.gradients.weight_hh_l0?.read() ?? network.parameters.weight_ih_l0!.read(), stream.snapshot().then(({ h }) => h),
    ],
    destroy(): void {
      for (const object of [plan, looking, rows, loss, optimizer, stream, network, attention, head]) object.destroy();
    },
  };
}

const line = 'to be or not to be, that is the question. ';

/** A model, a trainer and a generation of a shape that was not there before, used once. */
export async function manyKernels(gpu: Gpu, chance: Chance): Promise<void> {
  const text = characters(line.repeat(4));
  const cell = chance.pick(['lstm', 'gru', 'rnn_tanh', 'min_gru', 'ind_rnn', 'peephole_lstm'] as const);
  const layers = [{ cell, hiddenSize: chance.whole(2, 24), activations: { candidate: chance.pick(['tanh', 'relu'] as const) } }];
  const model = createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: chance.pick(['one-hot', { size: chance.whole(2, 12) }] as const), layers, seed: 1 });
  const trainer = createTrainer(model, { optimizer: adam(), batchSize: chance.whole(1, 5), timeSteps: chance.whole(2, 9), gradientClip: 1 });
  try {
    const all = await Promise.allSettled([
      (async () => { for await (const _ of trainer.run(text, { steps: 2 })); })(),
      textOf(model.generate('to', { length: 18 })),
      trainer.evaluate(text, { windows: 1 }),
    ]);
    const failed = all.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    trainer.destroy();
    model.destroy();
  }
}
