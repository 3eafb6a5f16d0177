// Spelling → phonemes: the dictionary, its batches and the error rates.
import { expect, test } from 'playwright/test';
import { parsePronunciations } from '../../examples/data/pronunciations.ts';
import { pronunciationText } from '../../examples/data/sources.mjs';
import { prepareSpelling, spellingBatch, spellingPairs } from '../../examples/data/spelling.ts';
import { IGNORED } from '../../examples/data/teacher_forcing.ts';
import { editDistance, errorRates } from '../../examples/metrics/error_rates.ts';
import { letterByLetter, unigramLoss } from '../../examples/metrics/letter_by_letter.ts';

const TOY = [
  ';;; a comment', 'ABLE  EY1 B AH0 L', 'ABLY  EY1 B L IY0', 'READ  R IY1 D', 'READ(1)  R EH1 D', "AREN'T  AA1 R AH0 N T",
  'REFUND  R IH0 F AH1 N D', 'REFUND(1)  R IH1 F AH0 N D', 'REFUND(2)  R IY1 F AH2 N D', '',
].join('\n');

test.describe('dictionary', () => {
  test('variants come together, stress goes, what only stress told apart is one', () => {
    const { entries, ...left } = parsePronunciations(TOY);
    expect(entries).toEqual([
      { word: 'ABLE', variants: [['EY', 'B', 'AH', 'L']] },
      { word: 'ABLY', variants: [['EY', 'B', 'L', 'IY']] },
      { word: 'READ', variants: [['R', 'IY', 'D'], ['R', 'EH', 'D']] },
      { word: 'REFUND', variants: [['R', 'IH', 'F', 'AH', 'N', 'D'], ['R', 'IY', 'F', 'AH', 'N', 'D']] },
    ]);
    expect(left).toEqual({ otherCharacters: 1, tooLong: 0, repeated: 1 });
  });

  test('with stress, other characters, and maxima', () => {
    const stressed = parsePronunciations(TOY, { stress: true, words: /^[A-Z']+$/ });
    expect(stressed.entries.find(({ word }) => word === 'REFUND')!.variants).toHaveLength(3);
    expect(stressed.entries.find(({ word }) => word === "AREN'T")!.variants).toEqual([['AA1', 'R', 'AH0', 'N', 'T']]);
    expect(stressed).toMatchObject({ otherCharacters: 0, repeated: 0 });
    expect(parsePronunciations(TOY, { maximumLetters: 4 })).toMatchObject({ tooLong: 3, entries: { length: 3 } });
    expect(parsePronunciations(TOY, { maximumPhonemes: 3 })).toMatchObject({ tooLong: 5, entries: { length: 1 } });
  });

  test('a line that is none is named', () => {
    expect(() => parsePronunciations('ABLE  EY1 B\nBAKER  b EY1')).toThrow('line 2 of the dictionary is "BAKER  b EY1": "b" is no phoneme');
    expect(() => parsePronunciations('ABLE')).toThrow('there are no phonemes');
    expect(() => parsePronunciations('')).toThrow('no word of the dictionary is left');
  });

  test('CMUdict: 116506 words, 124277 pronunciations, 39 phonemes, a tenth held out', () => {
    const { entries, otherCharacters, repeated } = parsePronunciations(pronunciationText());
    expect(entries).toHaveLength(116506);
    expect(spellingPairs(entries)).toHaveLength(124277);
    expect({ otherCharacters, repeated }).toEqual({ otherCharacters: 9217, repeated: 290 });
    const { training, validation, test: held, symbols } = prepareSpelling(entries);
    expect(symbols.letters.list.join('')).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    expect(symbols.phonemes.size).toBe(41);
    expect(symbols.phonemes.list.slice(39)).toEqual(['<end>', '<start>']);
    expect(training.length + validation.length + held.length).toBe(116506);
    expect(held.length / 116506).toBeCloseTo(0.1, 2);
    expect(validation.length / 116506).toBeCloseTo(0.02, 2);
    // A word with its variants is on one side.
    const known = new Set(training.map(({ word }) => word));
    expect(held.filter(({ word }) => known.has(word))).toEqual([]);
    expect(held.some(({ variants }) => variants.length > 1)).toBe(true);
  });
});

test('batches: letters and lengths, start symbol and phonemes, phonemes and end symbol', () => {
  const { entries } = parsePronunciations(TOY);
  const symbols = prepareSpelling(Array.from({ length: 60 }, (_, i) => ({ ...entries[i % 4]!, word: `${entries[i % 4]!.word}${'A'.repeat(i)}` }))).symbols;
  const pairs = spellingPairs(entries).filter(({ word }) => word === 'READ' || word === 'ABLE');
  expect(pairs.map(({ word }) => word)).toEqual(['ABLE', 'READ', 'READ']);
  const { batchSize, encoder, decoder } = spellingBatch(pairs, symbols, { sourceTimeSteps: 5 });
  const letters = (text: string) => [...symbols.letters.encode(text)];
  expect(batchSize).toBe(3);
  expect(encoder.timeSteps).toBe(5);
  expect([...encoder.letters]).toEqual([...letters('ARRBEELAAEDD'), 0, 0, 0]);
  expect([...encoder.lengths]).toEqual([4, 4, 4]);
  const p = (text: string) => [...symbols.phonemes.encode(text.split(' '))];
  expect(decoder.timeSteps).toBe(5);
  expect([...decoder.inputs]).toEqual([...p('<start> <start> <start> EY R R B IY EH AH D D L'), 0, 0]);
  expect([...decoder.targets]).toEqual([...p('EY R R B IY EH AH D D L <end> <end> <end>'), IGNORED, IGNORED]);
  expect([...decoder.mask]).toEqual([...Array(13).fill(1), 0, 0]);
  expect(spellingBatch(pairs, symbols, { timeSteps: 9 }).decoder.timeSteps).toBe(9);
});

test.describe('error rates', () => {
  test('edit distance: known cases, symmetry, the triangle', () => {
    const d = (a: string, b: string) => editDistance([...a], [...b]);
    expect(d('kitten', 'sitting')).toBe(3);
    expect(d('', 'abc')).toBe(3);
    expect(d('abc', '')).toBe(3);
    expect(d('abc', 'abc')).toBe(0);
    expect(d('abcd', 'bcda')).toBe(2);
    expect(d('aaa', 'aa')).toBe(1);
    const words = ['', 'a', 'ab', 'ba', 'abba', 'baab', 'aabb', 'bbbbb'];
    for (const a of words) for (const b of words) for (const c of words) {
      expect(d(a, b)).toBe(d(b, a));
      expect(d(a, c)).toBeLessThanOrEqual(d(a, b) + d(b, c));
    }
  });

  test('each word counts against its nearest variant', () => {
    const words = [
      { output: ['R', 'EH', 'D'], references: [['R', 'IY', 'D'], ['R', 'EH', 'D']] }, // right by its second variant
      { output: ['EY', 'B', 'L'], references: [['EY', 'B', 'AH', 'L']] }, // one missing of 4
      { output: [], references: [['K', 'AE', 'T']] }, // all missing of 3
    ];
    expect(errorRates(words)).toEqual({ phoneme: 4 / 10, word: 2 / 3 });
    // One wrong of 2 or of 4: the longer variant is the nearer one.
    expect(errorRates([{ output: ['A', 'B', 'C'], references: [['A', 'B'], ['A', 'B', 'C', 'D']] }])).toEqual({ phoneme: 1 / 4, word: 1 });
    expect(errorRates([{ output: ['A', 'A', 'A'], references: [['B']] }]).phoneme).toBe(3);
  });

  test('nothing to measure by is refused', () => {
    expect(() => errorRates([])).toThrow('there are no words');
    expect(() => errorRates([{ output: ['A'], references: [] }])).toThrow('word 0 has no reference');
    expect(() => errorRates([{ output: ['A'], references: [['A'], []] }])).toThrow('word 0 has an empty reference');
  });
});

test('without a network: letters by their most frequent phoneme, and the entropy of the phonemes', () => {
  const words = ([['ABA', 'X B X'], ['AB', 'Y B'], ['BA', 'B X'], ['AC', 'X'], ['B', 'B B']] as const).map(([word, said]) => ({ word, phonemes: said.split(' ') }));
  const say = letterByLetter(words);
  // A is X three times and Y once; C stands in no word with as many phonemes as letters, and B's two are not counted.
  expect(say('CAB')).toEqual(['X', 'B']);
  expect(say('')).toEqual([]);
  expect(() => letterByLetter(words.slice(3))).toThrow('no word has as many phonemes as letters');
  // Two words of one phoneme each: two kinds of phoneme once, the end twice.
  expect(unigramLoss([{ word: 'A', phonemes: ['X'] }, { word: 'B', phonemes: ['Y'] }])).toBeCloseTo(1.5 * Math.LN2, 12);
  expect(() => unigramLoss([])).toThrow('there are no words');
});
