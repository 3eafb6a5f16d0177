// Spelling → phonemes (many-to-many, encoder and decoder) on CMUdict: teacher forcing, attention, greedy and beam search.
import { adam, cosine, createOptimizer, type Loss } from '../src/index.ts';
import { epochBatches } from './data/epoch.ts';
import { parsePronunciations, type Pronunciation } from './data/pronunciations.ts';
import { createRandom } from './data/random.ts';
import { prepareSpelling, spellingPairs } from './data/spelling.ts';
import { choice, defineExample, number, train, whole } from './example.ts';
import { EncoderDecoder } from './g2p/encoder_decoder.ts';
import { batchAndWindow, heldOutLoss, transcribe } from './g2p/held_out.ts';
import { errorRates } from './metrics/error_rates.ts';
import { letterByLetter, unigramLoss } from './metrics/letter_by_letter.ts';

/** How often the held-out loss is taken during a run. */
const MEASUREMENTS = 10;
const SAMPLES = 6;

export const g2p = defineExample({
  name: 'g2p',
  about: 'spelling to phonemes: encoder and decoder with attention, greedy and beam search, on CMUdict',
  options: {
    attention: choice(['general', 'dot', 'none'], "Luong's attention"),
    cell: choice(['lstm', 'gru'], 'of both networks'),
    encoder: choice(['bidirectional', 'forward'], 'how the letters are read'),
    layers: whole(1, "the encoder's; the decoder has as many for each direction"),
    hidden: whole(256, 'H: hidden units of a layer and direction'),
    steps: whole(20000, 'training steps'),
    batch: whole(64, 'N: words of a step'),
    rate: number(2e-3, "Adam's learning rate, down to a tenth of it along a cosine"),
    clip: number(1, 'largest gradient norm; 0: no clipping'),
    letters: whole(20, 'longer words are left out', 2),
    evaluate: whole(2000, 'held-out words to measure on; 0: all', 0),
    beam: whole(5, 'hypotheses of the beam search'),
    seed: whole(1, 'of the weights, the split and the batches', 0),
  },
  async* run(gpu, { steps, batch, rate, clip, letters, evaluate, beam, seed, layers, hidden, ...structure }) {
    const { entries } = parsePronunciations((await import('virtual:pronunciations')).default, { maximumLetters: letters });
    const { training, validation, test, symbols } = prepareSpelling(entries, { seed });
    const pairs = spellingPairs(training);
    const longest = Math.max(...pairs.map(({ phonemes }) => phonemes.length));
    const some = (words: readonly Pronunciation[]): readonly Pronunciation[] => createRandom(seed).shuffled(words).slice(0, evaluate || words.length);
    const [watched, held] = [some(validation), some(test)];
    const network = new EncoderDecoder(gpu, { ...structure, numLayers: layers, hiddenSize: hidden, inputs: symbols.letters.size, symbols: symbols.phonemes.size, seed });
    const optimizer = createOptimizer(gpu, network.operators, adam({ learningRate: cosine({ learningRate: rate, minimum: rate / 10, steps }) }), { gradientClip: clip });
    const lengths = pairs.map(({ word }) => word.length);
    let order: number[][] = [];
    let epoch = 0;
    try {
      let mean = unigramLoss(pairs);
      const unigram = mean;
      let last: Loss | null = null;
      const submit = (): void => {
        if (order.length === 0) order = epochBatches(lengths, { batchSize: batch, seed, epoch: epoch++, bucketed: true });
        const { batch: arrays, window } = batchAndWindow(network, order.pop()!.map((i) => pairs[i]!), symbols, 'training');
        window.forward(arrays);
        window.backward();
        last = window.loss;
      };
      for await (const { step, loss } of train(steps, { loss: () => last!, optimizer, submit })) {
        mean += (loss - mean) / Math.min(step, 100);
        const figures = { 'nats a phoneme, mean of 100 steps': mean };
        const measured = step % Math.ceil(steps / MEASUREMENTS) === 0 || step === steps;
        if (!measured) yield { step, steps, figures };
        else yield { step, steps, figures: { ...figures, 'held-out': await heldOutLoss(network, watched, symbols, batch) }, keep: true };
      }
      const baseline = letterByLetter(pairs);
      const loss = await heldOutLoss(network, held, symbols, batch);
      const greedy = await transcribe(network, held, symbols, { batchSize: batch, width: 1, longest });
      const searched = await transcribe(network, held, symbols, { batchSize: batch, width: beam, longest });
      const rates = {
        'letter by letter': errorRates(held.map(({ word, variants }) => ({ output: baseline(word), references: variants }))),
        greedy: errorRates(greedy),
        [`beam of ${beam}`]: errorRates(searched),
      };
      return {
        table: [
          ['', 'phoneme error rate', 'word error rate'],
          ...Object.entries(rates).map(([name, { phoneme, word }]) => [name, percent(phoneme), percent(word)]),
        ],
        lines: [
          `${held.length} held-out words: ${loss.toFixed(3)} nats a phoneme; ${unigram.toFixed(3)} by the phonemes' frequencies alone`,
          ...createRandom(seed).shuffled(searched).slice(0, SAMPLES).map(({ word, output, references }) =>
            `${word}: ${output.join(' ')}${references.some((right) => right.join(' ') === output.join(' ')) ? '' : `   (${references.map((right) => right.join(' ')).join('; ')})`}`),
        ],
        figures: {
          unigram, loss, words: held.length,
          phonemeBaseline: rates['letter by letter']!.phoneme, phonemeGreedy: rates.greedy!.phoneme, wordGreedy: rates.greedy!.word,
          phonemeBeam: errorRates(searched).phoneme, wordBeam: errorRates(searched).word,
        },
      };
    } finally {
      optimizer.destroy();
      network.destroy();
    }
  },
});

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
