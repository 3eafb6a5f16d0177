// The adding problem (many-to-one, long memory): which cells carry a number over T steps. After Le, Jaitly & Hinton 2015 (arXiv:1504.00941).
import { adam, createLinear, createLoss, createOptimizer, type Gpu } from '../src/index.ts';
import { ADDING_BASELINE, addingBatch } from './data/adding_problem.ts';
import { defineExample, list, number, train, whole, type Row } from './example.ts';
import { createNetwork, NETWORK_NAMES, type NetworkName } from './long_memory.ts';

/** Batches of the final error: no training step draws from this seed. */
const TEST_BATCHES = 20;

export const adding = defineExample({
  name: 'adding',
  about: 'the adding problem: which cells carry a number over T steps, LSTM, GRU, IRNN and tanh RNN',
  options: {
    cells: list(NETWORK_NAMES, 'networks to train'),
    length: whole(100, 'T: numbers of a sequence', 2),
    steps: whole(2000, 'training steps of each'),
    batch: whole(50, 'N: sequences of a step'),
    hidden: whole(32, 'H: hidden units'),
    rate: number(5e-3, "Adam's learning rate"),
    clip: number(1, 'largest gradient norm; 0: no clipping'),
    seed: whole(1, 'of the weights and the sequences', 0),
  },
  async* run(gpu, { cells, ...options }) {
    const errors: Record<string, number> = {};
    for (const name of cells) errors[name] = yield* trainCell(gpu, name as NetworkName, options);
    return {
      table: [
        ['', 'mean squared error'],
        ['always 1', ADDING_BASELINE.toFixed(4)],
        ...Object.entries(errors).map(([name, error]) => [name, error.toFixed(4)]),
      ],
      figures: { baseline: ADDING_BASELINE, ...errors },
    };
  },
});

interface Sizes {
  readonly length: number;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly rate: number;
  readonly clip: number;
  readonly seed: number;
}

/** @returns the mean squared error over sequences not trained on */
async function* trainCell(gpu: Gpu, name: NetworkName, { length, steps, batch, hidden, rate, clip, seed }: Sizes): AsyncGenerator<Row, number, void> {
  const recurrent = await createNetwork(gpu, name, { length, inputSize: 2, hiddenSize: hidden, seed });
  const head = createLinear(gpu, { inputSize: hidden, outputSize: 1, seed: seed + 1 });
  const loss = createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 1, batchSize: batch, features: 1 });
  const optimizer = createOptimizer(gpu, [recurrent, head], adam({ learningRate: rate }), { gradientClip: clip });
  const plan = recurrent.plan({ timeSteps: length, batchSize: batch, training: true });
  const rows = head.plan({ rows: batch });
  const measure = (index: number, from: number): void => {
    const { inputs, targets } = addingBatch({ timeSteps: length, batchSize: batch, seed: from, index });
    plan.forward({ input: inputs });
    rows.forward(plan.hn);
    loss.run({ values: rows.output, targets });
  };
  try {
    let mean = ADDING_BASELINE;
    const submit = (step: number): void => {
      measure(step, seed);
      rows.backward(loss.gradient);
      plan.backward({ dHn: rows.dInput });
    };
    for await (const { step, loss: error } of train(steps, { loss, optimizer, submit })) {
      mean += (error - mean) / Math.min(step, 100);
      yield { part: name, step, steps, figures: { 'mean squared error of 100 steps': mean } };
    }
    let sum = 0;
    for (let index = 0; index < TEST_BATCHES; index++) {
      measure(index, seed + 1);
      sum += (await loss.read()).loss;
    }
    return sum / TEST_BATCHES;
  } finally {
    for (const each of [optimizer, loss, head, recurrent]) each.destroy();
  }
}
