// The copy task (many-to-many, long memory): S symbols are shown, and repeated after a delay. After Hochreiter & Schmidhuber 1997.
import { adam, createLinear, createLoss, createOptimizer, type Gpu } from '../src/index.ts';
import { copyBaseline, copyBatch } from './data/copy_task.ts';
import { oneHot } from './data/one_hot.ts';
import { defineExample, list, number, train, whole, type Row } from './example.ts';
import { createNetwork, NETWORK_NAMES, type NetworkName } from './long_memory.ts';

/** Batches of the final figures: no training step draws from this seed. */
const TEST_BATCHES = 10;

export const copying = defineExample({
  name: 'copying',
  about: 'the copy task: which cells repeat symbols that they saw a while ago',
  options: {
    cells: list(NETWORK_NAMES, 'networks to train'),
    symbols: whole(3, 'S: symbols to repeat, each one of 8'),
    delay: whole(10, 'D: steps from the last symbol to the signal to repeat them'),
    steps: whole(2000, 'training steps of each'),
    batch: whole(50, 'N: sequences of a step'),
    hidden: whole(48, 'H: hidden units'),
    rate: number(5e-3, "Adam's learning rate"),
    clip: number(1, 'largest gradient norm; 0: no clipping'),
    seed: whole(1, 'of the weights and the sequences', 0),
  },
  async* run(gpu, { cells, ...options }) {
    const baseline = copyBaseline({ delay: options.delay, length: options.symbols }).perSymbol;
    const table = [['', 'nats a symbol', 'symbols right'], ['without memory', baseline.toFixed(3), '12.5 %']];
    const figures: Record<string, number> = { baseline };
    for (const name of cells) {
      const { nats, right } = yield* trainCell(gpu, name as NetworkName, options);
      table.push([name, nats.toFixed(3), `${(100 * right).toFixed(1)} %`]);
      figures[name] = nats;
      figures[`${name} right`] = right;
    }
    return { table, figures };
  },
});

interface Sizes {
  readonly symbols: number;
  readonly delay: number;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly rate: number;
  readonly clip: number;
  readonly seed: number;
}

/** @returns nats and share right of the repeated symbols, over sequences not trained on */
async function* trainCell(
  gpu: Gpu, name: NetworkName, { symbols, delay, steps, batch, hidden, rate, clip, seed }: Sizes,
): AsyncGenerator<Row, { nats: number; right: number }, void> {
  const draw = (from: number, index: number) => copyBatch({ length: symbols, delay, batchSize: batch, seed: from, index });
  const { timeSteps: T, vocabulary: V } = draw(seed, 0);
  const rows = T * batch;
  const recurrent = await createNetwork(gpu, name, { length: T, inputSize: V, hiddenSize: hidden, seed });
  // The signal is never an answer.
  const head = createLinear(gpu, { inputSize: hidden, outputSize: V - 1, seed: seed + 1 });
  const loss = createLoss(gpu, { loss: 'cross_entropy', timeSteps: T, batchSize: batch, features: V - 1, weighted: true });
  const optimizer = createOptimizer(gpu, [recurrent, head], adam({ learningRate: rate }), { gradientClip: clip });
  const [plan, logits] = [recurrent.plan({ timeSteps: T, batchSize: batch, training: true }), head.plan({ rows })];
  const forward = (from: number, index: number) => {
    const drawn = draw(from, index);
    plan.forward({ input: oneHot(drawn.inputs, V) });
    logits.forward(plan.output);
    // The blanks are not asked for: they would only hide how little is remembered.
    loss.run({ values: logits.output, targets: drawn.targets, weights: drawn.mask });
    return drawn;
  };
  try {
    let mean = Math.log(8);
    const submit = (step: number): void => {
      forward(seed, step);
      logits.backward(loss.gradient);
      plan.backward({ dOutput: logits.dInput });
    };
    for await (const { step, loss: nats } of train(steps, { loss, optimizer, submit })) {
      mean += (nats - mean) / Math.min(step, 50);
      yield { part: name, step, steps, figures: { 'nats a symbol of 50 steps': mean } };
    }
    let [nats, right, asked] = [0, 0, 0];
    for (let index = 0; index < TEST_BATCHES; index++) {
      const { targets, mask } = forward(seed + 1, index);
      nats += (await loss.read()).loss / TEST_BATCHES;
      const answers = mostProbable(await logits.output.read(), V - 1);
      targets.forEach((target, i) => {
        asked += mask[i]!;
        right += Number(mask[i] === 1 && answers[i] === target);
      });
    }
    return { nats, right: right / asked };
  } finally {
    for (const each of [optimizer, loss, head, recurrent]) each.destroy();
  }
}

/** [rows] the column of each row's largest value. @param values [rows,columns] */
function mostProbable(values: Float32Array, columns: number): Uint32Array {
  return Uint32Array.from({ length: values.length / columns }, (_, row) => {
    const own = values.subarray(row * columns, (row + 1) * columns);
    return own.indexOf(Math.max(...own));
  });
}
