// A name to its gender (many-to-one): bidirectional LSTMs over names of different lengths, beside naive Bayes on trigrams.
import { adamw, cosine, createLinear, createLoss, createRecurrent, createOptimizer, type Gpu } from '../src/index.ts';
import { endlessBatches } from './data/epoch.ts';
import { CLASSES, nameBatch, prepareNames, type LabelledName, type NameData } from './data/names.ts';
import { oneHot } from './data/one_hot.ts';
import { createRandom, type Random } from './data/random.ts';
import { defineExample, number, train, whole, type Row } from './example.ts';
import { accuracy, chooseNaiveBayes, majorityAccuracy } from './metrics/naive_bayes.ts';

/** Names that are classified at once, where nothing is learnt. */
const MEASURED = 200;

export const names = defineExample({
  name: 'names',
  about: 'a first name to its gender (many-to-one): bidirectional LSTMs with lengths, beside naive Bayes on character trigrams',
  options: {
    members: whole(3, 'networks, of different first weights, whose answers are averaged'),
    steps: whole(2400, 'training steps of each'),
    batch: whole(64, 'N: names of a step'),
    hidden: whole(64, 'H: hidden units of each direction'),
    inputDropout: number(0.15, 'share of the characters that are not shown'),
    recurrentDropout: number(0.3, 'share of the units of h that the recurrent product leaves out'),
    rate: number(1e-2, "AdamW's learning rate at first; it falls to 0 along a cosine"),
    decay: number(5e-2, "AdamW's weight decay"),
    every: whole(200, 'steps from one validation to the next'),
    seed: whole(1, 'of the weights, the order and the dropout', 0),
  },
  async* run(gpu, { members, ...options }) {
    const { default: lists } = await import('virtual:first-names');
    const data = prepareNames(lists);
    const votes = { validation: new Votes(data.validation), test: new Votes(data.test) };
    const alone: { validation: number; test: number }[] = [];
    for (let member = 0; member < members; member++) {
      const classifier = createClassifier(gpu, data, { ...options, seed: options.seed + 1000 * member });
      yield* trainMember(gpu, classifier, data, { ...options, part: members > 1 ? `network ${member + 1}` : '' });
      const answers = { validation: await classifier.answers(data.validation), test: await classifier.answers(data.test) };
      alone.push({ validation: votes.validation.add(answers.validation), test: votes.test.add(answers.test) });
      classifier.destroy();
    }
    const bayes = chooseNaiveBayes(data.training, data.validation, CLASSES.length, [0.1, 0.3, 1, 3]);
    const baseline = accuracy(data.test, (name) => bayes.model.predict(name));
    const majority = (part: readonly LabelledName[]): number => majorityAccuracy(data.training, part, CLASSES.length);
    const row = (name: string, ...shares: number[]): string[] => [name, ...shares.map((share) => `${(100 * share).toFixed(1)} %`)];
    const together = { validation: votes.validation.accuracy, test: votes.test.accuracy };
    return {
      table: [
        ['accuracy', 'validation', 'test'],
        row('always the larger class', majority(data.validation), majority(data.test)),
        row(`trigram naive Bayes, k = ${bayes.model.smoothing}`, bayes.validationAccuracy, baseline),
        ...alone.map(({ validation, test }, member) => row(`bidirectional LSTM ${member + 1}`, validation, test)),
        ...(members > 1 ? [row(`the ${members} LSTMs together`, together.validation, together.test)] : []),
      ],
      lines: [`${data.training.length} names to learn from, ${data.validation.length} to choose settings by, ${data.test.length} to test on`],
      figures: { majority: majority(data.test), naiveBayes: baseline, validation: together.validation, test: together.test },
    };
  },
});

interface Sizes {
  readonly batch: number;
  readonly hidden: number;
  readonly inputDropout: number;
  readonly recurrentDropout: number;
  readonly seed: number;
}

interface Training {
  readonly part: string;
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  readonly every: number;
  readonly seed: number;
}

type Classifier = ReturnType<typeof createClassifier>;

async function* trainMember(
  gpu: Gpu, classifier: Classifier, { training, validation }: NameData, { part, steps, batch, rate, decay, every, seed }: Training,
): AsyncGenerator<Row, void, void> {
  const optimizer = createOptimizer(gpu, classifier.operators, adamw({ learningRate: cosine({ learningRate: rate, steps }), weightDecay: decay }), { gradientClip: 1 });
  const next = endlessBatches(training, ({ name }) => name.length, { batchSize: batch, seed });
  try {
    let mean = Math.log(CLASSES.length);
    for await (const { step, loss } of train(steps, { loss: classifier.loss, optimizer, submit: () => classifier.learn(next()) })) {
      mean += (loss - mean) / Math.min(step, every);
      const figures = { [`loss of ${every} steps`]: mean };
      const measured = step % every === 0 || step === steps;
      const reached = measured && { 'validation accuracy': new Votes(validation).add(await classifier.answers(validation)) };
      yield { ...(part && { part }), step, steps, figures: { ...figures, ...reached }, keep: measured };
    }
  } finally {
    optimizer.destroy();
  }
}

/** Several networks' answers about the same names: the mean of their log-odds decides. */
class Votes {
  readonly #names: readonly LabelledName[];
  readonly #sums: Float64Array;

  constructor(names: readonly LabelledName[]) {
    this.#names = names;
    this.#sums = new Float64Array(names.length);
  }

  /** @param logOdds [count] of class 1, from one network. @returns the share that this network alone answers rightly */
  add(logOdds: readonly number[]): number {
    logOdds.forEach((odds, i) => (this.#sums[i]! += odds));
    return this.#share(logOdds);
  }

  /** The share that all of them together answer rightly. */
  get accuracy(): number {
    return this.#share(this.#sums);
  }

  #share(logOdds: ArrayLike<number>): number {
    return this.#names.filter(({ label }, i) => Number(logOdds[i]! > 0) === label).length / this.#names.length;
  }
}

/** One-hot characters [T,N,V] → final states of both directions [2,N,H], side by side → a logit a class [N,2]. */
function createClassifier(gpu: Gpu, { symbols, longest }: NameData, { batch, hidden, inputDropout, recurrentDropout, seed }: Sizes) {
  const recurrent = createRecurrent(gpu, {
    cell: 'lstm', inputSize: symbols.size, hiddenSize: hidden, direction: 'bidirectional', forgetBias: 1, recurrentDropout, seed,
  });
  const head = createLinear(gpu, { inputSize: 2 * hidden, outputSize: CLASSES.length, seed: seed + 1 });
  const loss = createLoss(gpu, { loss: 'cross_entropy', timeSteps: 1, batchSize: batch, features: CLASSES.length });
  const planned = (rows: number, training: boolean) => ({
    states: recurrent.plan({ timeSteps: longest, batchSize: rows, training, ragged: true }), head: head.plan({ rows, parts: 2 }),
  });
  const [learning, measuring] = [planned(batch, true), planned(MEASURED, false)];
  const hide = createRandom(seed, 0xffffffff);
  const forward = ({ states, head }: typeof learning, names: readonly LabelledName[], hidden: { share: number; random: Random } | null) => {
    const { tokens, lengths, labels } = nameBatch(names, symbols, { timeSteps: longest });
    // A token that is no symbol's is read as zeros.
    const shown = hidden ? tokens.map((token) => (hidden.random.uniform() < hidden.share ? symbols.size : token)) : tokens;
    states.forward({ input: oneHot(shown, symbols.size), lengths });
    head.forward(states.hn);
    return labels;
  };
  return {
    operators: [recurrent, head],
    loss,
    /** Forward, loss and backward over `batch` names. */
    learn(names: readonly LabelledName[]): void {
      const labels = forward(learning, names, { share: inputDropout, random: hide });
      loss.run({ values: learning.head.output, targets: labels });
      learning.head.backward(loss.gradient);
      learning.states.backward({ dHn: learning.head.dInput });
    },
    /** [count] the log-odds of class 1. */
    async answers(names: readonly LabelledName[]): Promise<number[]> {
      const odds: number[] = [];
      for (let first = 0; first < names.length; first += MEASURED) {
        const some = names.slice(first, first + MEASURED);
        // A plan has a fixed N; the rows that fill it up are not looked at.
        forward(measuring, [...some, ...Array<LabelledName>(MEASURED - some.length).fill(some[0]!)], null);
        const logits = await measuring.head.output.read();
        odds.push(...some.map((_, n) => logits[2 * n + 1]! - logits[2 * n]!));
      }
      return odds;
    },
    destroy(): void {
      for (const each of [loss, head, recurrent]) each.destroy();
    },
  };
}
