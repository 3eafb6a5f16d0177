// Texts of documents, and windows that go farther back than they are new.
import { expect, test } from 'playwright/test';
import { IGNORED } from '../../src/reference/softmax_cross_entropy.ts';
import { createBatches, NO_TARGET, type Batch, type BatchOptions } from '../../src/text/batches.ts';
import { characters } from '../../src/text/characters.ts';
import { split } from '../../src/text/split.ts';

const count = (length: number) => Uint32Array.from({ length }, (_, i) => i);

/** Column n of [.., N]. */
const row = (array: Uint32Array, n: number, batch: number): number[] => [...array].filter((_, i) => i % batch === n);

/** What row n of a window reads: its old characters, its new ones, and their targets, without padding. */
function reading({ inputs, targets, lengths, offsets }: Batch, n: number): { old: number[]; fresh: number[]; targets: number[] } {
  const N = lengths.length;
  const read = row(inputs, n, N).slice(0, lengths[n]);
  return { old: read.slice(0, offsets[n]), fresh: read.slice(offsets[n]), targets: row(targets, n, N).filter((t) => t !== NO_TARGET) };
}

test('a target that is none is the one that the losses ignore', () => {
  expect(NO_TARGET).toBe(IGNORED);
});

test.describe('characters of documents', () => {
  test('one after the other, with the place where each begins; symbols of all of them', () => {
    const { tokens, documents, vocabulary, counts } = characters(['ab', 'c', 'ba']);
    expect(vocabulary.symbols).toEqual(['a', 'b', 'c']);
    expect([...tokens]).toEqual([0, 1, 2, 1, 0]);
    expect([...documents!]).toEqual([0, 2, 3]);
    expect([...counts]).toEqual([2, 2, 1]);
  });

  test('a list of one text is one document, a text alone is none', () => {
    expect([...characters(['ab']).documents!]).toEqual([0]);
    expect('documents' in characters('ab')).toBe(false);
  });

  test('no character is composed over a border', () => {
    expect(characters(['e', '\u0301']).tokens).toHaveLength(2);
    expect(characters('e\u0301').tokens).toHaveLength(1);
  });

  test('refuses an empty document and an empty list', () => {
    expect(() => characters(['a', '', 'b'])).toThrow('document 1 is empty: leave it out');
    expect(() => characters([])).toThrow(/the text is empty/);
    expect(() => characters([''])).toThrow(/the text is empty/);
    expect(() => characters(['a', 3 as unknown as string])).toThrow(TypeError);
  });
});

test.describe('batches of documents', () => {
  test('each to the row that is free first; the rest of a window stays empty', () => {
    // Documents of 5, 1, 3 and 8 characters: 4, 0, 2 and 7 have one after them.
    const batches = createBatches(count(17), { batchSize: 2, timeSteps: 3, documents: Uint32Array.of(0, 5, 6, 9) });
    expect(batches).toMatchObject({ windowsPerEpoch: 4, charactersPerEpoch: 13 });
    const windows = [0, 1, 2, 3].map((step) => batches.at(step));
    expect(windows.map((w) => reading(w, 0))).toEqual([
      { old: [], fresh: [0, 1, 2], targets: [1, 2, 3] },
      { old: [], fresh: [3], targets: [4] },
      { old: [], fresh: [], targets: [] },
      { old: [], fresh: [], targets: [] },
    ]);
    expect(windows.map((w) => reading(w, 1).fresh)).toEqual([[6, 7], [9, 10, 11], [12, 13, 14], [15]]);
    expect(windows.map(({ begins }) => [...begins])).toEqual([[1, 1], [0, 1], [0, 0], [0, 0]]);
    expect(windows.map(({ counted }) => counted)).toEqual([5, 4, 3, 1]);
    expect([...windows[0]!.targets]).toEqual([1, 7, 2, 8, 3, NO_TARGET]);
    expect([...windows[0]!.inputs]).toEqual([0, 6, 1, 7, 2, 0]);
    expect([...batches.at(4).begins], 'the next epoch').toEqual([1, 1]);
  });

  for (const [N, T, B] of [[1, 4, 4], [3, 5, 5], [4, 3, 8], [2, 1, 6], [5, 7, 9], [9, 2, 2]] as const) {
    test(`N=${N}, T=${T}, B=${B}: an epoch predicts each character but the first of each document, once, from that document alone`, () => {
      const starts = Uint32Array.of(0, 9, 10, 12, 31, 33, 40, 64);
      const length = 70;
      const batches = createBatches(count(length), { batchSize: N, timeSteps: T, backTimeSteps: B, documents: starts });
      const documentOf = (character: number): number => starts.findLastIndex((first) => first <= character);
      const predicted: number[] = [];
      for (let step = 0; step < batches.windowsPerEpoch; step++) {
        const batch = batches.at(step);
        let counted = 0;
        for (let n = 0; n < N; n++) {
          const { old, fresh, targets } = reading(batch, n);
          counted += fresh.length;
          predicted.push(...targets);
          expect(targets).toEqual(fresh.map((x) => x + 1));
          if (fresh.length === 0) {
            expect([batch.lengths[n], batch.begins[n], batch.kept[n]]).toEqual([0, 0, 0]);
            continue;
          }
          const first = starts[documentOf(fresh[0]!)]!;
          expect(batch.begins[n]).toBe(Number(fresh[0] === first));
          for (const each of [...old, ...fresh, ...targets]) expect(documentOf(each)).toBe(documentOf(fresh[0]!));
          const from = Math.max(first, fresh[0]! + T - B);
          expect([...old, ...fresh]).toEqual(Array.from({ length: old.length + fresh.length }, (_, i) => from + i));
        }
        expect(batch.counted).toBe(counted);
      }
      expect(predicted).toHaveLength(batches.charactersPerEpoch);
      expect(predicted.sort((a, b) => a - b)).toEqual([...count(length)].filter((x) => !starts.includes(x)));
    });
  }

  test('refuses documents that are none', () => {
    const of = (...documents: number[]) => () => createBatches(count(20), { batchSize: 2, timeSteps: 3, documents: Uint32Array.from(documents) });
    expect(of(1, 5)).toThrow('documents[0] is 1; the first document must begin at 0');
    expect(of()).toThrow('documents[0] is undefined; the first document must begin at 0');
    expect(of(0, 7, 7)).toThrow('documents[1] is 7 and documents[2] is 7; each document must begin before the next');
    expect(of(0, 20)).toThrow('documents[1] is 20 and the text ends at 20');
    expect(() => createBatches(count(3), { batchSize: 1, timeSteps: 1, documents: count(3) })).toThrow(/no document has two characters/);
    const list = [0, 5] as unknown as Uint32Array;
    expect(() => createBatches(count(20), { batchSize: 2, timeSteps: 3, documents: list })).toThrow(TypeError);
  });
});

test.describe('windows that go farther back', () => {
  test('N=2, T=2, B=5: shorter at the beginning, then the last three before the new ones', () => {
    const batches = createBatches(count(25), { batchSize: 2, timeSteps: 2, backTimeSteps: 5 });
    const windows = [0, 1, 2, 3].map((step) => batches.at(step));
    expect(windows.map((w) => reading(w, 1))).toEqual([
      { old: [], fresh: [12, 13], targets: [13, 14] },
      { old: [12, 13], fresh: [14, 15], targets: [15, 16] },
      { old: [13, 14, 15], fresh: [16, 17], targets: [17, 18] },
      { old: [15, 16, 17], fresh: [18, 19], targets: [19, 20] },
    ]);
    expect(windows.map(({ kept }) => [...kept])).toEqual([[0, 0], [1, 1], [2, 2], [2, 2]]);
    expect(windows.map(({ begins }) => [...begins])).toEqual([[1, 1], [0, 0], [0, 0], [0, 0]]);
  });

  const sizes: BatchOptions[] = [{ batchSize: 2, timeSteps: 3, backTimeSteps: 3 }, { batchSize: 3, timeSteps: 4, backTimeSteps: 7 }, { batchSize: 1, timeSteps: 2, backTimeSteps: 9 }, { batchSize: 2, timeSteps: 5, backTimeSteps: 10 }];
  for (const { batchSize, timeSteps, backTimeSteps } of sizes) {
    test(`N=${batchSize}, T=${timeSteps}, B=${backTimeSteps}: the state that is kept is that before the next window's first character`, () => {
      const batches = createBatches(count(120), { batchSize, timeSteps, backTimeSteps });
      for (let step = 0; step + 1 < batches.windowsPerEpoch; step++) {
        const [now, next] = [batches.at(step), batches.at(step + 1)];
        expect(now.counted).toBe(batchSize * timeSteps);
        for (let n = 0; n < batchSize; n++) {
          expect(row(next.inputs, n, batchSize)[0]).toBe(row(now.inputs, n, batchSize)[0]! + now.kept[n]!);
          expect(now.kept[n]).toBeLessThanOrEqual(timeSteps);
        }
      }
      const plain = createBatches(count(120), { batchSize, timeSteps });
      for (let step = 0; step < plain.windowsPerEpoch; step++) expect(batches.at(step).targets).toEqual(plain.at(step).targets);
    });
  }

  test('refuses to go back over less than the window', () => {
    expect(() => createBatches(count(99), { batchSize: 2, timeSteps: 8, backTimeSteps: 7 })).toThrow('backTimeSteps is 7, below timeSteps, 8');
  });
});

test.describe('split of documents', () => {
  const documents = Uint32Array.of(0, 4, 6, 15);
  test('at the border nearest to the share, each side a text of its own', () => {
    const { training, validation } = split({ tokens: count(20), documents }, { validation: 0.3 });
    expect([...training.tokens]).toEqual([...count(15)]);
    expect([...training.documents!]).toEqual([0, 4, 6]);
    expect([...validation.tokens]).toEqual([15, 16, 17, 18, 19]);
    expect([...validation.documents!]).toEqual([0]);
    const larger = split({ tokens: count(20), documents }, { validation: 0.6 });
    expect([...larger.training.documents!]).toEqual([0, 4]);
    expect([...larger.validation.documents!]).toEqual([0, 9]);
  });

  test('both sides keep the vocabulary, so that a model of another one refuses either', () => {
    for (const corpus of [characters(['to be\n', 'or not\n', 'to be\n']), characters('to be or not to be')]) {
      const { training, validation } = split(corpus, { validation: 0.3 });
      expect([training.vocabulary, validation.vocabulary]).toEqual([corpus.vocabulary, corpus.vocabulary]);
    }
    expect(split({ tokens: count(20) }, { validation: 0.3 })).toEqual({ training: { tokens: expect.anything() }, validation: { tokens: expect.anything() } });
  });

  test('no side is empty, and a text without documents is split by characters', () => {
    expect([...split({ tokens: count(20), documents }, { validation: 0.99 }).training.documents!]).toEqual([0]);
    expect([...split({ tokens: count(20), documents }, { validation: 0.01 }).validation.documents!]).toEqual([0]);
    const { training, validation } = split({ tokens: count(20) }, { validation: 0.1 });
    expect([training.tokens.length, validation.tokens.length, 'documents' in training]).toEqual([18, 2, false]);
    expect(() => split({ tokens: count(20), documents: Uint32Array.of(0) }, { validation: 0.5 })).toThrow(/a text of one document cannot be split/);
  });
});
