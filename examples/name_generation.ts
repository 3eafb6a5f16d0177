// A class to a name (one-to-many): the class makes the initial state, and the network spells from there.
import { adamw, cosine, createLinear, createLoss, createRecurrent, createOptimizer, IGNORE_INDEX, type Gpu } from '../src/index.ts';
import { BestWeights } from './best_weights.ts';
import { endlessBatches } from './data/epoch.ts';
import { END, generatedName, generationBatch, generationSymbols } from './data/name_generation.ts';
import { CLASSES, prepareNames, type LabelledName, type NameData } from './data/names.ts';
import { oneHot } from './data/one_hot.ts';
import { createRandom } from './data/random.ts';
import { defineExample, number, train, whole } from './example.ts';
import { novelty } from './metrics/generated_names.ts';
import { chooseNaiveBayes } from './metrics/naive_bayes.ts';
import { NgramModel } from './metrics/witten_bell.ts';

/** Names that are measured at once, where nothing is learnt. */
const MEASURED = 200;
/** n of the baselines that validation chooses from. */
const ORDERS = [1, 2, 3, 4, 5];
/** Generated names that are printed, of each class. */
const SHOWN = 12;

export const nameGeneration = defineExample({
  name: 'name-generation',
  about: 'a gender to new first names (one-to-many): the class makes the initial state, beside n-grams of each class',
  options: {
    steps: whole(800, 'training steps'),
    batch: whole(64, 'N: names of a step'),
    hidden: whole(96, 'H: hidden units'),
    recurrentDropout: number(0.25, 'share of the units of h that the recurrent product leaves out'),
    rate: number(1e-2, "AdamW's learning rate at first; it falls to 0 along a cosine"),
    decay: number(1e-2, "AdamW's weight decay"),
    every: whole(50, 'steps from one validation to the next'),
    temperature: number(1, 'of the generated names; above 1 bolder, below 1 safer'),
    samples: whole(200, 'names to generate of each class'),
    seed: whole(1, 'of the weights, the order and the names', 0),
  },
  async* run(gpu, { steps, batch, rate, decay, every, temperature, samples, seed, ...sizes }) {
    const { default: lists } = await import('virtual:first-names');
    const data = prepareNames(lists);
    const speller = createSpeller(gpu, data, { batch, seed, ...sizes });
    const optimizer = createOptimizer(gpu, speller.operators, adamw({ learningRate: cosine({ learningRate: rate, steps }), weightDecay: decay }), { gradientClip: 1 });
    const best = new BestWeights(speller.operators);
    const next = endlessBatches(data.training, ({ name }) => name.length, { batchSize: batch, seed });
    let mean = Math.log(data.symbols.size);
    for await (const { step, loss } of train(steps, { loss: speller.loss, optimizer, submit: () => speller.learn(next()) })) {
      mean += (loss - mean) / Math.min(step, every);
      const figures = { [`bits a symbol of ${every} steps`]: mean / Math.LN2 };
      if (step % every !== 0 && step !== steps) {
        yield { step, steps, figures };
        continue;
      }
      const nats = await speller.surprise(data.validation);
      await best.offer(step, -nats);
      yield { step, steps, figures: { ...figures, 'validation bits': nats / Math.LN2 }, keep: true };
    }
    best.restore();
    const ngrams = ORDERS.map((order) => classNgrams(data, order));
    const baseline = ngrams.reduce((least, each) => (each.validation < least.validation ? each : least));
    // What it loses by being told the other class is what it makes of the class.
    const swapped = data.test.map(({ name, label }) => ({ name, label: 1 - label }));
    const nats = {
      unigram: ngrams[0]!.test, baseline: baseline.test, validation: -best.score, test: await speller.surprise(data.test), otherClass: await speller.surprise(swapped),
    };
    const bits = (nats: number): string => (nats / Math.LN2).toFixed(3);
    const generated = await speller.generate(CLASSES.flatMap((_, label) => Array<number>(samples).fill(label)), { temperature, seed });
    const told = novelty(generated.map(({ name }) => name), data.training.map(({ name }) => name));
    const judge = chooseNaiveBayes(data.training, data.validation, CLASSES.length, [0.1, 0.3, 1, 3]).model;
    const ofClass = generated.filter(({ name, label }) => judge.predict(name) === label).length / generated.length;
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    return {
      table: [
        ['bits a symbol, a name\'s end included', 'validation', 'test'],
        ...ngrams.map(({ order, validation, test }) => [`${order}-gram of each class`, bits(validation), bits(test)]),
        [`GRU, step ${best.step}`, bits(nats.validation), bits(nats.test)],
        ['the same, told the other gender', '', bits(nats.otherClass)],
      ],
      lines: [
        `Of ${generated.length} generated names ${percent(told.new)} are not in the training names and ${percent(told.distinct)} are different from one another;`,
        `naive Bayes on trigrams takes ${percent(ofClass)} for the gender that was asked for.`,
        ...CLASSES.map((name, label) => `${name}: ${generated.filter((each) => each.label === label).slice(0, SHOWN).map((each) => each.name).join(', ')}`),
      ],
      figures: { ...Object.fromEntries(Object.entries(nats).map(([name, value]) => [name, value / Math.LN2])), new: told.new, distinct: told.distinct, ofClass },
    };
  },
});

interface Sizes {
  readonly batch: number;
  readonly hidden: number;
  readonly recurrentDropout: number;
  readonly seed: number;
}

/**
 * The class, one-hot [N,2] → linear → the initial state [1,N,H] of a GRU over the characters [T,N,V], which reads nothing at its first
 * step → linear → logits of the next character, or of the name's end [T,N,V].
 */
function createSpeller(gpu: Gpu, { symbols: characters, longest }: NameData, { batch, hidden, recurrentDropout, seed }: Sizes) {
  const symbols = generationSymbols(characters);
  // The start symbols of the classes come last; without them the class is known from the state alone.
  const V = characters.size + 1;
  const T = longest + 1;
  const initial = createLinear(gpu, { inputSize: CLASSES.length, outputSize: hidden, seed: seed + 2 });
  const recurrent = createRecurrent(gpu, { cell: 'gru', inputSize: V, hiddenSize: hidden, recurrentDropout, seed });
  const head = createLinear(gpu, { inputSize: hidden, outputSize: V, seed: seed + 1 });
  const planned = (rows: number, training: boolean) => ({
    initial: initial.plan({ rows }),
    states: recurrent.plan({ timeSteps: T, batchSize: rows, training, ragged: true }),
    head: head.plan({ rows: T * rows }),
    loss: createLoss(gpu, { loss: 'cross_entropy', timeSteps: T, batchSize: rows, features: V }),
  });
  const [learning, measuring] = [planned(batch, true), planned(MEASURED, false)];
  const forward = ({ initial, states, head, loss }: typeof learning, names: readonly LabelledName[], rows = names.length): void => {
    const { inputs, targets, lengths, labels } = generationBatch(names, symbols, { timeSteps: T });
    initial.forward(oneHot(labels, CLASSES.length));
    states.forward({ input: oneHot(inputs, V), h0: initial.output, lengths });
    head.forward(states.output);
    // Rows that only fill up the plan's N do not count.
    loss.run({ values: head.output, targets: targets.map((target, i) => (i % names.length < rows ? target : IGNORE_INDEX)) });
  };
  return {
    operators: [initial, recurrent, head],
    loss: learning.loss,
    /** Forward, loss and backward over `batch` names. */
    learn(names: readonly LabelledName[]): void {
      forward(learning, names);
      learning.head.backward(learning.loss.gradient);
      learning.states.backward({ dOutput: learning.head.dInput });
      learning.initial.backward(learning.states.dH0);
    },
    /** Mean nats a symbol. */
    async surprise(names: readonly LabelledName[]): Promise<number> {
      let [nats, count] = [0, 0];
      for (let first = 0; first < names.length; first += MEASURED) {
        const some = names.slice(first, first + MEASURED);
        forward(measuring, [...some, ...Array<LabelledName>(MEASURED - some.length).fill(some[0]!)], some.length);
        const { loss, weight } = await measuring.loss.read();
        nats += loss * weight;
        count += weight;
      }
      return nats / count;
    },
    /** A name for each label, drawn character by character. */
    async generate(labels: readonly number[], { temperature, seed }: { temperature: number; seed: number }): Promise<LabelledName[]> {
      const N = labels.length;
      const random = createRandom(seed, 1);
      const [states, start, logits] = [recurrent.stream({ batchSize: N }), initial.plan({ rows: N }), head.plan({ rows: N })];
      start.forward(oneHot(labels, CLASSES.length));
      states.h.write(await start.output.read());
      const spelled: number[][] = labels.map(() => []);
      let last = Array<number>(N).fill(V);
      for (let t = 0; t < T; t++) {
        states.step(oneHot(last, V));
        logits.forward(states.output);
        const values = await logits.output.read();
        last = spelled.map((own, n) => {
          const token = draw(values.subarray(n * V, (n + 1) * V), temperature, random.uniform());
          own.push(token);
          return token;
        });
      }
      return spelled.map((tokens, n) => ({ name: generatedName(tokens, symbols), label: labels[n]! }));
    },
  };
}

/** A token by the softmax of logits / temperature; 0 takes the likeliest. @param place in [0, 1) */
function draw(logits: Float32Array, temperature: number, place: number): number {
  const most = Math.max(...logits);
  if (temperature === 0) return logits.indexOf(most);
  const weights = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  let left = place * weights.reduce((sum, weight) => sum + weight, 0);
  const token = weights.findIndex((weight) => (left -= weight) < 0);
  return token < 0 ? weights.length - 1 : token;
}

/** An n-gram model a class, and the mean nats a symbol of held-out names under their own class's. */
function classNgrams({ training, validation, test, symbols }: NameData, order: number) {
  const tokens = generationSymbols(symbols);
  const end = tokens.token(END);
  // A start symbol before the name, so that its beginning is a context.
  const spelled = ({ name, label }: LabelledName): number[] => [tokens.size - CLASSES.length + label, ...tokens.encode(name), end];
  const models = CLASSES.map(() => new NgramModel(order, tokens.size));
  for (const each of training) models[each.label]!.count(spelled(each));
  const surprise = (names: readonly LabelledName[]): number => {
    const symbolsOf = names.reduce((sum, { name }) => sum + name.length + 1, 0);
    return names.reduce((nats, each) => nats + models[each.label]!.surprise(spelled(each), 1), 0) / symbolsOf;
  };
  return { order, validation: surprise(validation), test: surprise(test) };
}
