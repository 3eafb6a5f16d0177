// A text to each next character of it (many-to-many, aligned): a character model on Moby-Dick, beside n-grams.
import { adam } from '../src/index.ts';
import { createLanguageModel, createTrainer, evaluate } from '../src/language.ts';
import { characters as readCharacters, split } from '../src/text.ts';
import { choice, defineExample, number, whole } from './example.ts';
import { NgramModel } from './metrics/witten_bell.ts';

/** n of the baselines. */
const ORDERS = [1, 2, 3, 4];

export const characters = defineExample({
  name: 'characters',
  about: 'Moby-Dick to each next character (many-to-many, aligned), beside character n-grams',
  options: {
    cell: choice(['lstm', 'gru', 'rnn_tanh'], 'of the layers'),
    steps: whole(1000, 'training steps'),
    batch: whole(32, 'N: streams of the text'),
    window: whole(64, 'T: characters that BPTT goes back'),
    hidden: whole(128, 'H: hidden units of each layer'),
    layers: whole(1, 'L: layers'),
    embed: whole(32, 'size of the character embedding'),
    rate: number(5e-3, "Adam's learning rate"),
    clip: number(5, 'largest gradient norm; 0: no clipping'),
    every: whole(200, 'steps from one validation to the next'),
    sample: whole(300, 'characters to generate'),
    seed: whole(1, 'of the weights and the sample', 0),
  },
  async* run(gpu, { cell, steps, batch, window, hidden, layers, embed, rate, clip, every, sample, seed }) {
    const { default: book } = await import('virtual:moby-dick');
    const text = readCharacters(book);
    const { training, validation: held } = split(text.tokens, { validation: 0.05 });
    const model = createLanguageModel(gpu, {
      vocabulary: text.vocabulary, embedding: { size: embed }, seed,
      layers: Array.from({ length: layers }, () => ({ cell: cell as 'lstm' | 'gru' | 'rnn_tanh', hiddenSize: hidden })),
    });
    const trainer = createTrainer(model, { optimizer: adam({ learningRate: rate }), batchSize: batch, timeSteps: window, gradientClip: clip });
    let mean = Math.log(text.vocabulary.size);
    for await (const { step, loss, validation } of trainer.run({ tokens: training }, { steps, validate: { text: { tokens: held }, every, windows: 8 } })) {
      mean += (loss - mean) / Math.min(step, 50);
      const figures = { 'bits a character of 50 steps': mean / Math.LN2, ...(validation && { 'of held-out text': validation.bits }) };
      yield { step, steps, figures, keep: validation !== undefined };
    }
    const { bits } = await evaluate(model, { tokens: held }, { batchSize: batch, timeSteps: window });
    const counted = ORDERS.map((order) => {
      const ngrams = new NgramModel(order, text.vocabulary.size);
      ngrams.count(training);
      return { order, bits: ngrams.surprise(held) / held.length / Math.LN2 };
    });
    let generated = 'Call me ';
    for await (const piece of model.generate(generated, { length: sample, temperature: 0.7, seed })) generated += piece;
    const row = (name: string, value: number): string[] => [name, value.toFixed(3)];
    return {
      table: [
        ['', 'bits a character of held-out text'],
        row(`uniform over ${text.vocabulary.size} characters`, Math.log2(text.vocabulary.size)),
        ...counted.map(({ order, bits: own }) => row(order === 1 ? 'unigram' : `${order}-gram`, own)),
        row(`${cell}, ${steps} steps`, bits),
      ],
      lines: ['', generated],
      figures: { test: bits, ...Object.fromEntries(counted.map(({ order, bits: own }) => [`${order}-gram`, own])) },
    };
  },
});
