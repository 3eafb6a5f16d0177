// Characters, vocabularies and the streaming decoder.
import { expect, test } from 'playwright/test';
import { characters } from '../../src/text/characters.ts';
import { createDecoder } from '../../src/text/decoder.ts';
import { UNKNOWN, Vocabulary } from '../../src/text/vocabulary.ts';

test.describe('characters', () => {
  test('numbers code points in code point order, astral ones whole', () => {
    const { vocabulary, tokens, counts } = characters('b😀a😀\n');
    expect(vocabulary.symbols).toEqual(['\n', 'a', 'b', '😀']);
    expect([...tokens]).toEqual([2, 3, 1, 3, 0]);
    expect([...counts]).toEqual([1, 1, 1, 2]);
    expect(vocabulary.decode(tokens)).toBe('b😀a😀\n');
  });

  test('sorts by code point where UTF-16 order differs', () => {
    // U+FF21 is above the surrogates in UTF-16 units and below U+10000 as a code point.
    expect(characters('\u{10000}\uFF21').vocabulary.symbols).toEqual(['\uFF21', '\u{10000}']);
  });

  test('half a surrogate pair is U+FFFD, never a symbol of its own', () => {
    const { vocabulary, tokens } = characters('a\uD83Db\uDE00');
    expect(vocabulary.symbols).toEqual(['a', 'b', UNKNOWN]);
    expect([...tokens]).toEqual([0, 2, 1, 2]);
  });

  test('Hangul: one token a syllable in NFC, one a jamo in NFD', () => {
    const nfc = characters('한글');
    const nfd = characters('한글', { normalize: 'NFD' });
    expect(nfc.tokens).toHaveLength(2);
    expect(nfd.tokens).toHaveLength(6);
    expect(nfd.vocabulary.symbols.every((s) => s >= '\u1100' && s <= '\u11FF')).toBe(true);
    expect(nfd.vocabulary.decode(nfd.tokens)).toBe('한글');
    expect(characters('한글'.normalize('NFD')).vocabulary.symbols).toEqual(nfc.vocabulary.symbols);
  });

  test("'none' leaves the text as it is", () => {
    const { vocabulary, tokens } = characters('e\u0301\u00e9', { normalize: 'none' });
    expect(vocabulary.size).toBe(3);
    expect(vocabulary.decode(tokens)).toBe('e\u0301\u00e9');
  });

  // A syllable, a letter with its accent in one code point and in two, a ligature, a letter of full width.
  const written = '한é\u0065\u0301ﬁＡ';
  for (const [normalize, symbols, read] of [
    ['none', ['e', '\u00e9', '\u0301', '한', 'ﬁ', 'Ａ'], written],
    ['NFC', ['\u00e9', '한', 'ﬁ', 'Ａ'], '한ééﬁＡ'],
    ['NFD', ['e', '\u0301', '\u1112', '\u1161', '\u11ab', 'ﬁ', 'Ａ'], '한ééﬁＡ'],
    ['NFKC', ['A', 'f', 'i', '\u00e9', '한'], '한ééfiA'],
    ['NFKD', ['A', 'e', 'f', 'i', '\u0301', '\u1112', '\u1161', '\u11ab'], '한ééfiA'],
  ] as const) {
    test(`${normalize}: its symbols, and a text that is read as it was written, whole or in pieces`, () => {
      const { vocabulary, tokens } = characters(written, { normalize });
      expect(vocabulary.symbols).toEqual(symbols);
      expect(vocabulary.decode(tokens)).toBe(read);
      const decoder = createDecoder(vocabulary);
      const pieces = [...tokens].map((token) => decoder.push([token]));
      expect([...pieces, decoder.end()].join('')).toBe(read);
      // No piece ends inside a character.
      if (normalize !== 'none') for (const piece of pieces) expect(piece).toBe(piece.normalize('NFC'));
    });
  }

  test('unigram entropy: uniform, skewed and constant', () => {
    expect(characters('abcd').unigramEntropy).toBeCloseTo(Math.log(4), 14);
    expect(characters('aaab').unigramEntropy).toBeCloseTo(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)), 14);
    expect(characters('aaaa').unigramEntropy).toBe(0);
  });

  test('symbols below minimumCount become U+FFFD', () => {
    const { vocabulary, tokens, counts } = characters('aaabbc', { minimumCount: 2 });
    expect(vocabulary.symbols).toEqual(['a', 'b', UNKNOWN]);
    expect([...tokens]).toEqual([0, 0, 0, 1, 1, 2]);
    expect([...counts]).toEqual([3, 2, 1]);
  });

  test('maximumSize keeps the most frequent, ties to the lower code point, U+FFFD counted', () => {
    expect(characters('ccbbad', { maximumSize: 3 }).vocabulary.symbols).toEqual(['b', 'c', UNKNOWN]);
    expect(characters('ccbad', { maximumSize: 3 }).vocabulary.symbols).toEqual(['a', 'c', UNKNOWN]);
    expect(characters('abcd', { maximumSize: 4 }).vocabulary.symbols).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a given vocabulary encodes another text with its own normal form', () => {
    const { vocabulary } = characters('한글', { normalize: 'NFD' });
    expect(characters('글', { vocabulary }).tokens).toHaveLength(3);
    expect(() => characters('노', { vocabulary })).toThrow(/no .*U\+1102/);
    expect(() => characters('글', { vocabulary, normalize: 'NFC' })).toThrow(/normalize is NFC but the given vocabulary is NFD/);
    expect(() => characters('글', { vocabulary, maximumSize: 9 })).toThrow(/leave them out/);
  });

  test('refuses what cannot be: empty text, no string, wrong options', () => {
    expect(() => characters('')).toThrow(/the text is empty/);
    expect(() => characters(undefined as unknown as string)).toThrow(/the text must be a string, or a list of strings; undefined was given/);
    expect(() => characters('a', { normalize: 'nfc' as 'NFC' })).toThrow(/normalize must be one of "NFC", .*; "nfc" was given/);
    for (const minimumCount of [0, 1.5, NaN]) expect(() => characters('a', { minimumCount })).toThrow(/minimumCount must be a whole number of at least 1/);
    for (const maximumSize of [1, 2.5, NaN]) expect(() => characters('a', { maximumSize })).toThrow(/maximumSize .*must be a whole number of at least 2/);
  });
});

test.describe('vocabulary', () => {
  test('an unknown character is named with its code point, its position and what to do', () => {
    const vocabulary = new Vocabulary('abc 😀');
    expect(() => vocabulary.encode('ab 😀caé!')).toThrow(RangeError);
    expect(() => vocabulary.encode('ab 😀caé!')).toThrow(/no 'é' \(U\+00E9\), found at position 6, after "ab 😀ca"\. .*\{ unknown: 'drop' \}/);
    expect(() => vocabulary.encode('\n')).toThrow(/no "\\n" \(U\+000A\), found at the very start/);
  });

  test('unknown characters can be dropped, or mapped where there is U+FFFD', () => {
    const plain = new Vocabulary('abc');
    expect([...plain.encode('a!b?', { unknown: 'drop' })]).toEqual([0, 1]);
    expect(() => plain.encode('a!', { unknown: 'map' })).toThrow(/has no U\+FFFD/);
    const mapping = new Vocabulary(['a', UNKNOWN]);
    expect(mapping.unknown).toBe(1);
    expect([...mapping.encode('a!')]).toEqual([0, 1]);
    expect(() => mapping.encode('a!', { unknown: 'error' })).toThrow(/U\+0021/);
    expect(() => mapping.encode('a', { unknown: 'skip' as 'drop' })).toThrow(/unknown must be one of "error", "drop", "map"; "skip" was given/);
  });

  test('JSON keeps symbols and normal form', () => {
    const { vocabulary } = characters('한글 \u{1F600}"\\\u2028', { normalize: 'NFD' });
    const back = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    expect(back.symbols).toEqual(vocabulary.symbols);
    expect(back.normalize).toBe('NFD');
    expect([...back.encode('한')]).toEqual([...vocabulary.encode('한')]);
  });

  test('a broken stored vocabulary is refused', () => {
    for (const value of [null, 3, {}, { symbols: 'abc', normalize: 'NFC' }, { symbols: ['a'] }]) {
      expect(() => Vocabulary.fromJSON(value)).toThrow(/stored vocabulary must be/);
    }
    expect(() => Vocabulary.fromJSON({ symbols: ['a', 'a'], normalize: 'NFC' })).toThrow(/'a' \(U\+0061\) is given twice/);
    expect(() => Vocabulary.fromJSON({ symbols: ['ab'], normalize: 'NFC' })).toThrow(/not one whole code point/);
    expect(() => Vocabulary.fromJSON({ symbols: ['\uD83D'], normalize: 'NFC' })).toThrow(/not one whole code point/);
    expect(() => Vocabulary.fromJSON({ symbols: [], normalize: 'NFC' })).toThrow(/at least one symbol/);
    expect(() => Vocabulary.fromJSON({ symbols: ['a'], normalize: 'NFX' })).toThrow(/normalize must be one of .*; "NFX" was given/);
  });

  test('a token outside the vocabulary is refused', () => {
    expect(() => new Vocabulary('ab').decode([0, 2])).toThrow(/token 2 is outside the vocabulary; tokens go from 0 to 1/);
  });
});

test.describe('decoder', () => {
  test('holds a syllable back until nothing can join it', () => {
    const { vocabulary } = characters('한글 가', { normalize: 'NFD' });
    const decoder = createDecoder(vocabulary);
    const pieces = [...vocabulary.encode('한 가글')].map((token) => decoder.push([token]));
    expect(pieces).toEqual(['', '', '', '한', ' ', '', '가', '', '']);
    expect(decoder.end()).toBe('글');
    expect(decoder.end()).toBe('');
  });

  test('after its end it is as a new one, whatever it held', () => {
    const { vocabulary, tokens } = characters('한글', { normalize: 'NFD' });
    const decoder = createDecoder(vocabulary);
    const all = (): string => [...tokens].map((token) => decoder.push([token])).join('') + decoder.end();
    decoder.push(tokens.subarray(0, 2));
    expect(decoder.end()).toBe('하');
    expect(decoder.end()).toBe('');
    expect([all(), all()]).toEqual(['한글', '한글']);
  });

  test('a composed vocabulary holds nothing back', () => {
    const { vocabulary, tokens } = characters('한글');
    const decoder = createDecoder(vocabulary);
    expect([...tokens].map((token) => decoder.push([token]))).toEqual(['한', '글']);
    expect(decoder.end()).toBe('');
  });

  test('any stream of jamo, marks and letters: the pieces joined are the decoded whole', () => {
    // Marks of several combining classes, a vowel and a final that composes, spacing marks that compose, filler and old jamo.
    const symbols = [...'ae \u0301\u0323\u0307\u0345\u1100\u1112\u1161\u1175\u11A8\u11AB\u115F\u1160\u09C7\u09BE\u0B47\u0B56\u{110A5}\u{110BA}'];
    const vocabulary = new Vocabulary(symbols, 'NFD');
    let seed = 1;
    const random = (n: number) => Math.floor(((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32) * n);
    let held = 0;
    for (let round = 0; round < 2000; round++) {
      const tokens = Array.from({ length: 1 + random(12) }, () => random(vocabulary.size));
      const decoder = createDecoder(vocabulary);
      const pieces: string[] = [];
      for (let i = 0; i < tokens.length; ) {
        const count = 1 + random(3);
        pieces.push(decoder.push(tokens.slice(i, i + count)));
        i += count;
      }
      held += pieces.join('').length < vocabulary.decode(tokens).length ? 1 : 0;
      pieces.push(decoder.end());
      expect(pieces.join(''), JSON.stringify(vocabulary.join(tokens))).toBe(vocabulary.decode(tokens));
    }
    expect(held).toBeGreaterThan(1900);
  });
});
