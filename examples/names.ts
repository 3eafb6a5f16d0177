// A name to its gender (many-to-one): a bidirectional LSTM over names of different lengths, beside naive Bayes on trigrams.
import { adamw, cosine, createLinear, createLoss, createRecurrent, createUpdate, type Gpu } from '../src/index.ts';
import { BestWeights } from './best_weights.ts';
import { endlessBatches } from './data/epoch.ts';
import { CLASSES, nameBatch, prepareNames, type LabelledName, type NameData } from './data/names.ts';
import { oneHot } from './data/one_hot.ts';
import { defineExample, number, train, whole } from './example.ts';
import { accuracy, chooseNaiveBayes, majorityAccuracy } from './metrics/naive_bayes.ts';

/** Names that are classified at once, where nothing is learnt. */
const MEASURED = 200;

export const names = defineExample({
  name: 'names',
  about: 'a first name to its gender (many-to-one): a bidirectional LSTM with lengths, beside naive Bayes on character trigrams',
  options: {
    steps: whole(600, 'training steps'),
    batch: whole(64, 'N: names of a step'),
    hidden: whole(48, 'H: hidden units of each direction'),
    layers: whole(1, 'L: layers'),
    dropout: number(0, 'share of the units dropped between layers'),
    recurrentDropout: number(0, 'share of the units of h that the recurrent product leaves out'),
    rate: number(1e-2, "AdamW's learning rate at first; it falls to 0 along a cosine"),
    decay: number(1e-2, "AdamW's weight decay"),
    every: whole(50, 'steps from one validation to the next'),
    seed: whole(1, 'of the split, the weights and the order', 0),
  },
  async* run(gpu, { steps, batch, rate, decay, every, seed, ...sizes }) {
    const { default: lists } = await import('virtual:first-names');
    const data = prepareNames(lists);
    const classifier = createClassifier(gpu, data, { batch, seed, ...sizes });
    const update = createUpdate(gpu, classifier.operators, { optimizer: adamw({ rate: cosine({ rate, steps }), weightDecay: decay }), clip: 1 });
    const best = new BestWeights(classifier.operators);
    const next = endlessBatches(data.training, ({ name }) => name.length, { batch, seed });
    const submit = (): void => classifier.learn(next());
    let mean = Math.log(CLASSES.length);
    for await (const { step, loss } of train(steps, { loss: classifier.loss, update, submit })) {
      mean += (loss - mean) / Math.min(step, every);
      const figures = { [`loss of ${every} steps`]: mean };
      if (step % every !== 0 && step !== steps) {
        yield { step, steps, figures };
        continue;
      }
      const validation = await classifier.accuracy(data.validation);
      await best.offer(step, validation);
      yield { step, steps, figures: { ...figures, 'validation accuracy': validation }, keep: true };
    }
    best.restore();
    const reached = await classifier.accuracy(data.test);
    const bayes = chooseNaiveBayes(data.training, data.validation, CLASSES.length, [0.1, 0.3, 1, 3]);
    const baseline = accuracy(data.test, (name) => bayes.model.predict(name));
    const majority = (part: readonly LabelledName[]): number => majorityAccuracy(data.training, part, CLASSES.length);
    const cells = (name: string, ...shares: number[]): string[] => [name, ...shares.map((share) => `${(100 * share).toFixed(1)} %`)];
    return {
      table: [
        ['accuracy', 'validation', 'test'],
        cells('always the larger class', majority(data.validation), majority(data.test)),
        cells(`trigram naive Bayes, k = ${bayes.model.smoothing}`, bayes.validationAccuracy, baseline),
        cells(`bidirectional LSTM, step ${best.step}`, best.score, reached),
      ],
      lines: [`${data.training.length} names to learn from, ${data.validation.length} to choose k and the step by, ${data.test.length} to test on`],
      figures: { majority: majority(data.test), naiveBayes: baseline, validation: best.score, test: reached },
    };
  },
});

interface Sizes {
  readonly batch: number;
  readonly hidden: number;
  readonly layers: number;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number;
}

/** One-hot characters [T,N,V] → final states of every layer and direction [L·2,N,H], side by side → a logit a class [N,2]. */
function createClassifier(gpu: Gpu, { symbols, longest }: NameData, { batch, hidden, layers, dropout, recurrentDropout, seed }: Sizes) {
  const recurrent = createRecurrent(gpu, {
    cell: 'lstm', inputSize: symbols.size, hiddenSize: hidden, layers, direction: 'bidirectional', forgetBias: 1, dropout, recurrentDropout, seed,
  });
  const parts = layers * 2;
  const head = createLinear(gpu, { inputSize: parts * hidden, outputSize: CLASSES.length, seed: seed + 1 });
  const loss = createLoss(gpu, { loss: 'cross_entropy', steps: 1, batch, features: CLASSES.length });
  const planned = (rows: number, training: boolean) => ({
    rows, states: recurrent.plan({ steps: longest, batch: rows, training, ragged: true }), head: head.plan({ rows, parts }),
  });
  const [learning, measuring] = [planned(batch, true), planned(MEASURED, false)];
  const forward = ({ states, head }: typeof learning, names: readonly LabelledName[]) => {
    const { tokens, lengths, labels } = nameBatch(names, symbols, { steps: longest });
    states.forward({ input: oneHot(tokens, symbols.size), lengths });
    head.forward(states.hn);
    return labels;
  };
  return {
    operators: [recurrent, head],
    loss,
    /** Forward, loss and backward over `batch` names. */
    learn(names: readonly LabelledName[]): void {
      const labels = forward(learning, names);
      loss.run({ values: learning.head.output, targets: labels });
      learning.head.backward(loss.gradient);
      learning.states.backward({ dHn: learning.head.dInput });
    },
    async accuracy(names: readonly LabelledName[]): Promise<number> {
      let right = 0;
      for (let first = 0; first < names.length; first += MEASURED) {
        const some = names.slice(first, first + MEASURED);
        // A plan has a fixed N; the rows that fill it up are not looked at.
        forward(measuring, [...some, ...Array<LabelledName>(MEASURED - some.length).fill(some[0]!)]);
        const logits = await measuring.head.output.read();
        right += some.filter(({ label }, n) => Number(logits[2 * n + 1]! > logits[2 * n]!) === label).length;
      }
      return right / names.length;
    },
  };
}
