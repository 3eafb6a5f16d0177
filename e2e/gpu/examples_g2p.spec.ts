// Spelling → phonemes: the gradient of the whole structure, beam search with states that stay on the GPU, and a small run that must learn.
import { expect, pageOf, test } from '../harness.ts';
import type { Structure } from './examples_g2p.page.ts';

const page = pageOf<typeof import('./examples_g2p.page.ts')>('/e2e/gpu/examples_g2p.page.ts');

const STRUCTURES: readonly Structure[] = [
  { cell: 'lstm', encoder: 'forward', attention: 'none', numLayers: 2 },
  { cell: 'gru', encoder: 'bidirectional', attention: 'none', numLayers: 1 },
  { cell: 'gru', encoder: 'bidirectional', attention: 'dot', numLayers: 1 },
  { cell: 'lstm', encoder: 'bidirectional', attention: 'general', numLayers: 1 },
];

// Without attention the encoder's gradient comes by the state edge alone.
test('loss and gradients of whole structures are the reference\'s, through the state edge and through attention', async ({ inPage }) => {
  const { errors, bytesLeft } = await inPage(page, 'gradients', STRUCTURES);
  STRUCTURES.forEach((structure, i) => {
    const { numLayers, encoder, attention } = structure;
    // Four arrays for each layer and direction of the encoder, and as many of the decoder; the loss; the head's two; the attention's.
    const arrays = 8 * numLayers * (encoder === 'forward' ? 1 : 2) + 3 + ['none', 'dot', 'general'].indexOf(attention);
    expect(Object.keys(errors[i]!)).toHaveLength(arrays);
    const what = Object.values(structure).join(' ');
    for (const [array, error] of Object.entries(errors[i]!)) expect.soft(error, `${what}: ${array}`).toBeLessThan(array === 'loss' ? 1e-5 : 1e-4);
  });
  expect(bytesLeft).toBe(0);
});

test('what beam search says of a hypothesis is what teacher forcing says', async ({ inPage }) => {
  const { reports, bytesLeft } = await inPage(page, 'searched', STRUCTURES);
  reports.forEach(({ found, forced, different }, i) => {
    const what = Object.values(STRUCTURES[i]!).join(' ');
    expect(found, what).toHaveLength(12);
    expect(different, what).toBe(12);
    found.forEach((nats, h) => expect.soft(Math.abs(nats - forced[h]!), `${what}, hypothesis ${h}: ${nats}, forced ${forced[h]}`).toBeLessThan(1e-4));
  });
  expect(bytesLeft).toBe(0);
});

test('short words are learnt, held out ones too, far better than letter by letter', async ({ inPage }) => {
  const { figures, heldOut, bytesLeft } = await inPage(page, 'learn', {
    letters: 4, hidden: 48, batch: 32, steps: 240, rate: 8e-3, evaluate: 150, beam: 3, cell: 'gru',
  });
  const { unigram, loss, phonemeBaseline, phonemeGreedy, phonemeBeam, wordGreedy } = figures as Record<string, number>;
  console.log(`held-out loss ${loss!.toFixed(3)} of ${unigram!.toFixed(3)}; phonemes ${phonemeGreedy!.toFixed(3)} greedy, ${phonemeBeam!.toFixed(3)} beam, ${phonemeBaseline!.toFixed(3)} by letters; words ${wordGreedy!.toFixed(3)}`);
  expect(heldOut).toHaveLength(10);
  for (let i = 1; i < heldOut.length; i++) expect.soft(heldOut[i], `held-out loss ${i}: it falls all the way`).toBeLessThan(heldOut[i - 1]! + 0.02);
  expect(loss).toBeLessThan(0.35 * unigram!);
  expect(phonemeGreedy).toBeLessThan(0.7 * phonemeBaseline!);
  expect(phonemeBeam).toBeLessThan(0.7 * phonemeBaseline!);
  expect(wordGreedy).toBeLessThan(0.75);
  expect(bytesLeft).toBe(0);
});
