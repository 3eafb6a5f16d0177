// Random and mutated safetensors files: they are read, or refused by the documented error in no time; what was written is what is read.
import fc from 'fast-check';
import { expect, test } from 'playwright/test';
import { readSealed, writeSealed } from '../../src/io/sealed.ts';
import { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor } from '../../src/io/safetensors.ts';

/** The same files every time. */
const SEED = 20_260_728;
/** Of one small file, on a machine that has other things to do. */
const MILLISECONDS = 1000;

/** What becomes of a file. @throws for another error than the documented one, or a slow one; `expect` itself would be slow in so many files. */
function outcome(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): 'read' | 'refused' {
  const begun = performance.now();
  try {
    read(bytes);
    return 'read';
  } catch (error) {
    if (!(error instanceof SafetensorsError) || error.message.length > 500) throw error;
    return 'refused';
  } finally {
    const taken = performance.now() - begun;
    if (taken > MILLISECONDS) throw new Error(`a file of ${bytes.length} bytes took ${taken} ms`);
  }
}

/** Both as text that says everything: types, bits, order. */
function same(found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${a} was found, ${b} was expected`);
}

function withHeader(header: string, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const arrays = [
  fc.float32Array({ maxLength: 6 }), fc.float64Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), fc.int8Array({ maxLength: 6 }), fc.uint16Array({ maxLength: 6 }),
  fc.int16Array({ maxLength: 6 }), fc.uint32Array({ maxLength: 6 }), fc.int32Array({ maxLength: 6 }), fc.bigInt64Array({ maxLength: 6 }), fc.bigUint64Array({ maxLength: 6 }),
] as fc.Arbitrary<NamedTensor['data']>[];
const anyName = fc.string({ unit: 'binary', maxLength: 6 }).filter((name) => name !== '__metadata__');
const anyTensors: fc.Arbitrary<NamedTensor[]> = fc.uniqueArray(
  fc.record({ name: anyName, data: fc.oneof(...arrays), ones: fc.nat(3) }).map(({ name, data, ones }) => ({ name, data, shape: [...new Array<number>(ones).fill(1), data.length] })),
  { selector: ({ name }) => name, maxLength: 5 },
);
const anyMetadata = fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 5 }), { maxKeys: 4 });
const bytesOf = ({ buffer, byteOffset, byteLength }: NamedTensor['data']): number[] => [...new Uint8Array(buffer, byteOffset, byteLength)];

for (const [kind, write, read] of [['a file', writeSafetensors, readSafetensors], ['a sealed file', writeSealed, readSealed]] as const) {
  test(`${kind} of any tensors and metadata comes back as it was, to the bit`, () => {
    fc.assert(fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
      const { tensors: found, metadata: said } = read(write(tensors, metadata));
      const entries = (of: Record<string, string>) => Object.entries(of).filter(([key]) => key !== 'checksum' || kind === 'a file').sort();
      same(entries(said), entries(metadata));
      const about = (name: string, shape: readonly number[], data: NamedTensor['data']) => [name, shape, data.constructor.name, bytesOf(data)];
      same([...found].map(([name, { shape, data }]) => about(name, shape, data)).sort(), tensors.map(({ name, shape, data }) => about(name, shape, data)).sort());
    }), { seed: SEED, numRuns: 300 });
  });
}

test('bytes of any kind are read or refused', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void outcome(readSafetensors, bytes)), { seed: SEED, numRuns: 1000 });
});

test('a header of any JSON is read or refused', () => {
  const extent = fc.oneof(fc.nat(8), fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, null, '4'));
  const tensor = fc.record({
    dtype: fc.oneof(fc.constantFrom('U8', 'F32', 'F8_E4M3', 'BOOL', 'toString', '__proto__'), fc.jsonValue()),
    shape: fc.oneof(fc.array(extent, { maxLength: 3 }), fc.jsonValue()),
    data_offsets: fc.oneof(fc.array(extent, { maxLength: 3 }), fc.jsonValue()),
  }, { requiredKeys: [] });
  const header = fc.oneof(fc.jsonValue(), fc.dictionary(fc.oneof(anyName, fc.constant('__metadata__')), fc.oneof(tensor, fc.jsonValue()), { maxKeys: 4 }));
  fc.assert(fc.property(header, fc.uint8Array({ maxLength: 16 }), (value, data) => void outcome(readSafetensors, withHeader(JSON.stringify(value), data))), { seed: SEED, numRuns: 1500 });
});

test('pieces of JSON in any order are read or refused', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '"a"', '"__metadata__"', '\\', '\\u00', '0', '-1', '1e999', 'null', '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}', ' ', '[[[[[[[[[[[[[[[[', '{"a":{"a":{"a":');
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => void outcome(readSafetensors, withHeader(pieces.join(''), Uint8Array.of(1)))), { seed: SEED, numRuns: 1500 });
});

const small: NamedTensor[] = [
  { name: 'weight', shape: [2, 3], data: Float32Array.of(1, -2, 3, 0.5, 0, 7) }, { name: 'bias', shape: [2], data: Float32Array.of(0.25, 1e-9) }, { name: 'none', shape: [0], data: new Uint8Array(0) },
];
const sealed = writeSealed(small, { format: 'test 1', note: 'a "note" 한' });

test('a file with bytes changed, put in and left out is read or refused; a sealed one is refused', () => {
  const change = fc.record({ at: fc.nat(sealed.length - 1), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
    const bytes = [...sealed];
    for (const { at, remove, insert } of changes) bytes.splice(at, remove, ...insert);
    const changed = Uint8Array.from(bytes);
    outcome(readSafetensors, changed);
    const unchanged = changed.length === sealed.length && changed.every((byte, i) => byte === sealed[i]);
    same(outcome(readSealed, changed), unchanged ? 'read' : 'refused');
  }), { seed: SEED, numRuns: 1500 });
});

test('a file cut off at any length is refused', () => {
  const written = writeSafetensors(small, { note: 'text' });
  for (const [read, bytes] of [[readSafetensors, written], [readSealed, sealed]] as const) {
    for (let length = 0; length < bytes.length; length++) same([length, outcome(read, bytes.subarray(0, length))], [length, 'refused']);
  }
});

test('every flipped bit of a sealed file is found', () => {
  let found = 0;
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = sealed.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    if (outcome(readSealed, flipped) === 'refused') found++;
  }
  expect(found).toBe(sealed.length * 8);
});
