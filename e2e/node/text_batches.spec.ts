// Streams, windows, the split, and the rows of the embedding gradient.
import { expect, test } from 'playwright/test';
import { allocateBatch, createBatches } from '../../src/text/batches.ts';
import { split } from '../../src/text/split.ts';
import { positionsByToken } from '../../src/layers/token_positions.ts';

const count = (length: number) => Uint32Array.from({ length }, (_, i) => i);

test.describe('createBatches', () => {
  test('N=2, T=3 of 14 tokens: two windows, streams side by side, targets one ahead', () => {
    const batches = createBatches(count(14), { batchSize: 2, timeSteps: 3 });
    expect(batches).toMatchObject({ batchSize: 2, timeSteps: 3, windowsPerEpoch: 2, charactersPerEpoch: 12 });
    const first = batches.at(0);
    expect([...first.inputs]).toEqual([0, 6, 1, 7, 2, 8]);
    expect([...first.targets]).toEqual([1, 7, 2, 8, 3, 9]);
    expect(first).toMatchObject({ begins: Uint32Array.of(1, 1), lengths: Uint32Array.of(3, 3), offsets: new Uint32Array(2), kept: Uint32Array.of(3, 3), counted: 6, epoch: 0, windowInEpoch: 0 });
    const second = batches.at(1);
    expect([...second.inputs]).toEqual([3, 9, 4, 10, 5, 11]);
    expect([...second.targets]).toEqual([4, 10, 5, 11, 6, 12]);
    expect(second).toMatchObject({ begins: Uint32Array.of(0, 0), epoch: 0, windowInEpoch: 1 });
    expect(batches.at(2)).toMatchObject({ inputs: first.inputs, begins: Uint32Array.of(1, 1), epoch: 1, windowInEpoch: 0 });
  });

  for (const [N, T, length] of [[1, 1, 2], [1, 7, 50], [3, 5, 61], [5, 4, 21], [7, 3, 200]] as const) {
    test(`N=${N}, T=${T}, ${length} tokens: an epoch reads each character once, in order, and leaves fewer than N·T`, () => {
      const tokens = count(length);
      const batches = createBatches(tokens, { batchSize: N, timeSteps: T });
      const streams: number[][] = Array.from({ length: N }, () => []);
      for (let step = 0; step < batches.windowsPerEpoch; step++) {
        const { inputs, targets } = batches.at(step);
        for (let i = 0; i < N * T; i++) {
          streams[i % N]!.push(inputs[i]!);
          expect(targets[i]).toBe(inputs[i]! + 1);
        }
      }
      const read = streams.flat();
      expect(read).toEqual([...tokens.subarray(0, read.length)]);
      expect(length - 1 - read.length).toBeLessThan(N * T);
    });
  }

  test('any step by itself is what it is in sequence, also into given arrays', () => {
    const batches = createBatches(count(1000), { batchSize: 4, timeSteps: 9 });
    const inSequence = Array.from({ length: 80 }, (_, step) => batches.at(step));
    const into = allocateBatch({ batchSize: 4, timeSteps: 9 });
    for (const array of Object.values(into)) array.fill(77);
    for (const step of [79, 3, 26, 27, 0, 54]) {
      const batch = batches.at(step, into);
      expect(batch.inputs).toBe(into.inputs);
      expect(batch.targets).toBe(into.targets);
      expect(batch).toEqual(inSequence[step]);
    }
  });

  test('exactly one window fits N·T + 1 characters; one fewer is refused with what would fit', () => {
    expect(createBatches(count(13), { batchSize: 3, timeSteps: 4 }).windowsPerEpoch).toBe(1);
    expect(() => createBatches(count(12), { batchSize: 3, timeSteps: 4 })).toThrow(
      'the text has 12 characters, too few for batchSize 3 × timeSteps 4: one window needs 3 · 4 + 1 = 13. ' +
        'Use a batchSize of at most 2 or timeSteps of at most 3, or a longer text',
    );
    createBatches(count(12), { batchSize: 2, timeSteps: 4 });
    createBatches(count(12), { batchSize: 3, timeSteps: 3 });
    expect(() => createBatches(count(5), { batchSize: 8, timeSteps: 4 })).toThrow(/Use a batchSize of at most 1, or a longer text$/);
    expect(() => createBatches(count(3), { batchSize: 8, timeSteps: 8 })).toThrow(/Use a longer text, or make both smaller$/);
    expect(() => createBatches(count(0), { batchSize: 1, timeSteps: 1 })).toThrow(/the text has 0 characters/);
  });

  test('refuses counts that are none, a wrong step, arrays that do not fit', () => {
    for (const bad of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => createBatches(count(99), { batchSize: bad, timeSteps: 4 })).toThrow(`batchSize must be a whole number of at least 1; ${bad} was given`);
      expect(() => createBatches(count(99), { batchSize: 4, timeSteps: bad })).toThrow(`timeSteps must be a whole number of at least 1; ${bad} was given`);
    }
    const batches = createBatches(count(99), { batchSize: 2, timeSteps: 4 });
    for (const bad of [-1, 0.5, NaN]) expect(() => batches.at(bad)).toThrow(`step must be a whole number of at least 0; ${bad} was given`);
    const into = allocateBatch({ batchSize: 2, timeSteps: 4 });
    expect(() => batches.at(0, { ...into, inputs: new Uint32Array(7) })).toThrow('inputs has 7 elements; [4,2] needs 8');
    expect(() => batches.at(0, { ...into, targets: new Uint32Array(9) })).toThrow('targets has 9 elements; [4,2] needs 8');
    expect(() => batches.at(0, { ...into, begins: new Uint32Array(1) })).toThrow('begins has 1 elements; [2] needs 2');
  });
});

test.describe('split', () => {
  test('the end of the text is for validation', () => {
    const { training, validation } = split(count(20), { validation: 0.1 });
    expect([...training]).toEqual([...count(18)]);
    expect([...validation]).toEqual([18, 19]);
  });

  test('refuses shares outside (0,1) and an empty side', () => {
    for (const share of [0, 1, -0.1, NaN]) expect(() => split(count(20), { validation: share })).toThrow(/above 0 and below 1/);
    expect(() => split(count(2), { validation: 0.1 })).toThrow(/one side would be empty/);
    expect(() => split(count(2), { validation: 0.9 })).toThrow(/one side would be empty/);
  });
});

test.describe('positionsByToken', () => {
  test('rows hold the positions of their token, rising; absent tokens have empty rows', () => {
    const { starts, positions } = positionsByToken(Uint32Array.of(2, 0, 2, 5, 0, 2), 7);
    expect([...starts]).toEqual([0, 2, 2, 5, 5, 5, 6, 6]);
    expect([...positions]).toEqual([1, 4, 0, 2, 5, 3]);
  });

  test('equals grouping by filter, in arrays that held something else', () => {
    const V = 17;
    const tokens = Uint32Array.from({ length: 301 }, (_, i) => (i * i + 3 * i) % V);
    const into = { starts: new Uint32Array(V + 1).fill(99), positions: new Uint32Array(301).fill(99) };
    const rows = positionsByToken(tokens, V, into);
    expect(rows.starts).toBe(into.starts);
    expect(rows.positions).toBe(into.positions);
    expect(rows.starts[V]).toBe(301);
    for (let v = 0; v < V; v++) {
      const expected = [...tokens.keys()].filter((i) => tokens[i] === v);
      expect([...rows.positions.subarray(rows.starts[v], rows.starts[v + 1])]).toEqual(expected);
    }
  });

  test('no tokens, and V=1', () => {
    expect(positionsByToken(new Uint32Array(0), 3)).toEqual({ starts: new Uint32Array(4), positions: new Uint32Array(0) });
    expect([...positionsByToken(new Uint32Array(3), 1).starts]).toEqual([0, 3]);
  });

  test('refuses a token of V and arrays of another length', () => {
    expect(() => positionsByToken(Uint32Array.of(0, 3), 3)).toThrow('token 3 at position 1 is outside the vocabulary; tokens go from 0 to 2');
    const [starts, positions] = [new Uint32Array(4), new Uint32Array(2)];
    expect(() => positionsByToken(new Uint32Array(2), 4, { starts, positions })).toThrow(/starts has 4 elements; \[V\+1\] needs 5/);
    expect(() => positionsByToken(new Uint32Array(3), 3, { starts, positions })).toThrow(/positions has 2 elements; it needs one a token: 3/);
  });
});
