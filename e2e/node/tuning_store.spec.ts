// What anybody may have written into the store of tuned tiles: what is no tile that its op can have is nothing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'playwright/test';
import { Tuning } from '../../src/gpu/tuned_tiles.ts';
import { DIRECT_TILES, matmulCandidates, matmulTile, opKey, opOfKey, recurrentCandidates, recurrentTile, type MatmulOp, type Op, type RecurrentOp } from '../../src/gpu/tiles.ts';
import { openTuningStore } from '../../src/gpu/tuning_store.ts';

const product: MatmulOp = { kind: 'matmul', form: 'tn', M: 1024, N: 256, K: 2048 };
const recurrence: RecurrentOp = { kind: 'backward', cell: 'lstm', timeSteps: 64, batchSize: 32, hiddenSize: 128, directions: 1 };
const machine = 'machine';
let folder = '';
/** The name under which this version keeps its tiles. */
let version = '';
test.beforeAll(async () => {
  const store = { load: () => Promise.resolve({}), save: (choices: object) => Promise.resolve(void (version = Object.keys(choices)[0]!)) };
  await new Tuning('cached', store, null).remember(product, DIRECT_TILES.matmul);
  folder = mkdtempSync(path.join(tmpdir(), 'tuning-'));
});
test.afterAll(() => rmSync(folder, { recursive: true }));

const file = (): string => path.join(folder, 'tuning.json');

/** The tiles known from a file of that text. */
async function known(text: string): Promise<Map<string, unknown>> {
  writeFileSync(file(), text);
  const tuning = new Tuning('cached', openTuningStore(machine, file()), null);
  await tuning.load(DIRECT_TILES);
  const { matmul, recurrent } = tuning.tiles;
  // What a plan asks of them.
  const tiles = { ...DIRECT_TILES, tuned: tuning.tiles };
  for (const op of [product, { ...product, form: 'nt' as const }]) expect(matmulCandidates(DIRECT_TILES, op)).toContainEqual(matmulTile(tiles, op));
  expect(recurrentCandidates(DIRECT_TILES, recurrence)).toContainEqual(recurrentTile(tiles, recurrence));
  return new Map<string, unknown>([...matmul, ...recurrent]);
}

const kept = (choices: unknown): string => JSON.stringify({ [machine]: { [version]: choices } });

test('every candidate of an op comes back from the store', async () => {
  const choices = (op: Op, candidates: readonly unknown[]): [string, unknown][] => candidates.map((tile) => [opKey(op), tile]);
  for (const [key, tile] of [...choices(product, matmulCandidates(DIRECT_TILES, product)), ...choices(recurrence, recurrentCandidates(DIRECT_TILES, recurrence))]) {
    expect([...(await known(kept({ [key]: tile })))]).toEqual([[key, tile]]);
  }
});

test('a file that is no store is an empty one, and is written over', async () => {
  const texts = ['null', '[]', '[{}]', '3', '"text"', 'true', '', '{', '\0', JSON.stringify({ [machine]: null }), JSON.stringify({ [machine]: [1] }), JSON.stringify({ [machine]: 'v3' }),
    kept(null), kept([]), kept('tiles'), kept(7), kept([[opKey(product), DIRECT_TILES.matmul]])];
  for (const text of texts) {
    expect([...(await known(text))], text).toEqual([]);
    await openTuningStore(machine, file()).save({ a: 1 });
    expect((JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>)[machine], text).toEqual(expect.objectContaining({ a: 1 }));
  }
});

test('a tile that the op has not among its candidates is no tile', async () => {
  const { matmul, backward } = DIRECT_TILES;
  const products = [null, 0, '', [], {}, [matmul], { ...matmul, rowQuads: 0 }, { ...matmul, rowQuads: 1000 }, { ...matmul, rowQuads: '2' }, { ...matmul, quads: true }, { ...matmul, quads: null },
    { ...matmul, slices: 3 }, { ...matmul, shared: true, slices: 8 }, { ...matmul, specializeAbove: null }, { ...matmul, more: 1 }, { rowQuads: 2 }, backward];
  for (const tile of products) expect([...(await known(kept({ [opKey(product)]: tile })))], JSON.stringify(tile)).toEqual([]);
  const recurrences = [null, {}, { ...backward, mode: 'sideways' }, { ...backward, workgroup: 7 }, { ...backward, units: -1 }, matmul];
  for (const tile of recurrences) expect([...(await known(kept({ [opKey(recurrence)]: tile })))], JSON.stringify(tile)).toEqual([]);
  const keys = ['', 'matmul.xx 1x1x1', 'matmul.nn 1x1', 'matmul.nn 1x1x1e9', 'lstm.sideways T=1 N=1 H=1 D=1', 'lstm.forward T=1 N=1 H=1 D=3', 'lstm.forward', '__proto__'];
  for (const key of keys) expect([...(await known(kept({ [key]: matmul })))], key).toEqual([]);
  // One that is garbage spoils no other.
  expect([...(await known(kept({ [opKey(product)]: matmul, [opKey(recurrence)]: null })))]).toEqual([[opKey(product), matmul]]);
});

test('any JSON in the store is no error', async () => {
  const tile = fc.oneof(fc.jsonValue(), fc.record({ rowQuads: fc.jsonValue(), columnQuads: fc.jsonValue(), quads: fc.boolean(), mode: fc.jsonValue() }));
  const choices = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(opKey(product), opKey(recurrence), 'matmul.', 'x'), tile));
  const store = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constant(machine), fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('v1', version), choices))));
  await fc.assert(fc.asyncProperty(store, async (value) => {
    writeFileSync(file(), JSON.stringify(value));
    const tuning = new Tuning('cached', openTuningStore(machine, file()), null);
    await tuning.load(DIRECT_TILES);
    if (tuning.tiles.matmul.size + tuning.tiles.recurrent.size > 0) throw new Error('a tile was taken');
  }), { seed: 7, numRuns: 300 });
});

test('a name of an op says which it is', () => {
  const ops: Op[] = [product, { ...product, form: 'nn', M: 1 }, recurrence, { ...recurrence, kind: 'forward', cell: 'gru_reset_before', directions: 2 }];
  for (const op of ops) expect(opOfKey(opKey(op))).toEqual(op);
});
