// Operators in use, small: all that can be read of them, and kernels that have not been compiled before.
import {
  adam, characters, createAttention, createLinear, createLoss, createModel, createRecurrent, createTrainer, createUpdate, type CellName, type Gpu,
} from '../../src/index.ts';
import { randomUniform } from '../../src/layers/random.ts';
import type { Chance } from './chance.ts';
import { textOf } from './runs.ts';

export interface Sizes {
  readonly cell: CellName;
  readonly steps: number;
  readonly batch: number;
  readonly input: number;
  readonly hidden: number;
}

/** Numbers in ±1, the same for the same count and seed. */
export const numbers = (count: number, seed: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, (_, i) => 2 * randomUniform(seed, 77, i) - 1);

/** A network, attention over its input, a head, a loss and an update, planned together, and a stream. */
export function operators(gpu: Gpu, { cell, steps, batch, input, hidden }: Sizes) {
  const network = createRecurrent(gpu, { cell, inputSize: input, hiddenSize: hidden, seed: 7 });
  const attention = createAttention(gpu, { score: 'general', decoderSize: hidden, encoderSize: hidden, seed: 8 });
  const head = createLinear(gpu, { inputSize: hidden, outputSize: 3, seed: 9 });
  const [plan, looking, rows] = [network.plan({ steps, batch, training: true }), attention.plan({ steps, sourceSteps: steps, batch, training: true }), head.plan({ rows: steps * batch })];
  const loss = createLoss(gpu, { loss: 'mean_squared_error', steps, batch, features: 3 });
  const update = createUpdate(gpu, [network, attention, head], { optimizer: adam({ rate: 1e-3 }), clip: 1 });
  const stream = network.stream({ batch });
  const [x, targets, frame] = [numbers(steps * batch * input, 1), numbers(steps * batch * 3, 2), numbers(batch * input, 3)];
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
    step: () => update.step(),
    /** Everything that is read asynchronously, in flight at once. */
    reads: (): Promise<unknown>[] => [
      plan.output.read(), plan.hn.read(), plan.dInput.read(), looking.weights.read(), rows.output.read(), stream.h.read(), loss.read().then(({ loss: mean }) => mean),
      network.gradients.weight_hh_l0?.read() ?? network.parameters.weight_ih_l0!.read(), stream.snapshot().then(({ h }) => h),
    ],
    destroy(): void {
      for (const object of [plan, looking, rows, loss, update, stream, network, attention, head]) object.destroy();
    },
  };
}

const line = 'to be or not to be, that is the question. ';

/** A model, a trainer and a generation of a shape that was not there before, used once. */
export async function manyKernels(gpu: Gpu, chance: Chance): Promise<void> {
  const text = characters(line.repeat(4));
  const cell = chance.pick(['lstm', 'gru', 'rnn_tanh', 'min_gru', 'ind_rnn', 'peephole_lstm'] as const);
  const layers = [{ cell, hidden: chance.whole(2, 24), activations: { candidate: chance.pick(['tanh', 'relu'] as const) } }];
  const model = createModel(gpu, { vocabulary: text.vocabulary, embed: chance.pick(['one-hot', chance.whole(2, 12)] as const), layers, seed: 1 });
  const trainer = createTrainer(model, { optimizer: adam(), batch: chance.whole(1, 5), window: chance.whole(2, 9), clip: 1 });
  try {
    const all = await Promise.allSettled([
      (async () => { for await (const _ of trainer.run(text, { steps: 2 })); })(),
      textOf(model.generate('to', { length: 18 })),
      trainer.evaluate(text, { steps: 1 }),
    ]);
    const failed = all.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    trainer.destroy();
    model.destroy();
  }
}
