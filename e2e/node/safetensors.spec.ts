// The safetensors format against a file built by hand, a round trip, and every way a file can be broken.
import { expect, test } from 'playwright/test';
import { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor } from '../../src/io/safetensors.ts';

/** A file with this header text (not padded unless the text is) and these data bytes. */
function file(header: string, data: number[] = []): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });
const fileOf = (header: Record<string, unknown>, bytes: number) => file(JSON.stringify(header), new Array(bytes).fill(0));

test.describe('writeSafetensors', () => {
  test('byte for byte: length, header padded with spaces to 8, little-endian data', () => {
    const bytes = writeSafetensors([{ name: 'w', shape: [2, 1], data: Float32Array.of(1, -2) }], { format: 'pt' });
    const header = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
    const padded = header.padEnd(88);
    expect(header).toHaveLength(87);
    expect([...bytes]).toEqual([
      88, 0, 0, 0, 0, 0, 0, 0,
      ...new TextEncoder().encode(padded),
      0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0,
    ]);
  });

  test('a header of a multiple of 8 gets no padding, no tensors give an empty object', () => {
    expect([...writeSafetensors([])]).toEqual([8, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d, 32, 32, 32, 32, 32, 32]);
    const bytes = writeSafetensors([{ name: 'abcd', shape: [0], data: new Uint8Array(0) }]);
    const text = '{"abcd":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}';
    expect(text.length % 8).toBe(0);
    expect(bytes).toHaveLength(8 + text.length);
  });

  test('round trip of every array type: values, shapes, order of bytes, alignment', () => {
    const tensors: NamedTensor[] = [
      { name: 'u8', shape: [3], data: Uint8Array.of(1, 2, 255) },
      { name: 'i8', shape: [1], data: Int8Array.of(-1) },
      { name: 'u16', shape: [1], data: Uint16Array.of(65535) },
      { name: 'i16', shape: [1], data: Int16Array.of(-5) },
      { name: 'f32', shape: [2, 2], data: Float32Array.of(1.5, -0, NaN, 3e38) },
      { name: 'u32', shape: [], data: Uint32Array.of(4294967295) },
      { name: 'i32', shape: [1, 1, 1], data: Int32Array.of(-7) },
      { name: 'f64', shape: [2], data: Float64Array.of(Math.PI, 5e-324) },
      { name: 'i64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
      { name: 'u64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      { name: 'empty', shape: [4, 0], data: new Float32Array(0) },
      { name: '한글 "__proto__"\\', shape: [1], data: Float32Array.of(9) },
      { name: '__proto__', shape: [1], data: Float32Array.of(8) },
    ];
    const { tensors: read, metadata } = readSafetensors(writeSafetensors(tensors, { note: '가 "quoted"\n', vocabulary: '["a"]' }));
    expect(metadata).toEqual({ note: '가 "quoted"\n', vocabulary: '["a"]' });
    expect(read.size).toBe(tensors.length);
    for (const { name, shape, data } of tensors) {
      const tensor = read.get(name)!;
      expect(tensor.dtype, name).toBe(name === 'empty' || name.includes('_') ? 'F32' : name.toUpperCase());
      expect(tensor.shape).toEqual(shape);
      expect(tensor.data).toEqual(data);
    }
    const widths = [...read.values()].map((tensor) => tensor.data.BYTES_PER_ELEMENT);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
  });

  test('writes a view of a larger buffer, not the buffer', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(readSafetensors(writeSafetensors([{ name: 'v', shape: [2], data }])).tensors.get('v')!.data).toEqual(Float32Array.of(2, 3));
  });

  test('keeps the order given, names that are numbers included', () => {
    const one = (name: string): NamedTensor => ({ name, shape: [1], data: Uint8Array.of(1) });
    const { tensors, metadata } = readSafetensors(writeSafetensors([one('b'), one('1'), one('0')], { b: '', a: '' }));
    expect([...tensors.keys()]).toEqual(['b', '1', '0']);
    expect(Object.keys(metadata)).toEqual(['b', 'a']);
    const text = new TextDecoder().decode(writeSafetensors([one('7')], { note: 'first' }));
    expect(text.slice(8)).toMatch(/^\{"__metadata__":\{"note":"first"\},"7":/);
  });

  test('refuses tensors that do not fit together', () => {
    const data = new Float32Array(6);
    expect(() => writeSafetensors([{ name: 'w', shape: [2, 2], data }])).toThrow('tensor "w" has 6 elements, but its shape [2,2] needs 4');
    expect(() => writeSafetensors([{ name: 'w', shape: [-2, -3], data }])).toThrow(/must have a shape of whole numbers from 0; \[-2,-3\] was given/);
    expect(() => writeSafetensors([{ name: 'w', shape: [6], data }, { name: 'w', shape: [6], data }])).toThrow(/two tensors are named "w"/);
    expect(() => writeSafetensors([{ name: '__metadata__', shape: [6], data }])).toThrow(/cannot be named/);
    expect(() => writeSafetensors([{ name: 'w', shape: [1], data: [1] as unknown as Float32Array }])).toThrow(/must be a typed array/);
    expect(() => writeSafetensors([], { layers: 2 as unknown as string })).toThrow(/metadata "layers" must be a string, got number/);
  });
});

test.describe('readSafetensors', () => {
  test('reads a file built by hand, header not padded and offsets unaligned, out of order', () => {
    const bytes = file(
      '{"b":{"dtype":"F32","shape":[1],"data_offsets":[3,7]},"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}',
      [7, 8, 9, 0x00, 0x00, 0x20, 0x41],
    );
    const { tensors, metadata } = readSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(['a', 'b']);
    expect(tensors.get('a')).toEqual({ dtype: 'U8', shape: [3], data: Uint8Array.of(7, 8, 9) });
    expect(tensors.get('b')).toEqual({ dtype: 'F32', shape: [1], data: Float32Array.of(10) });
    expect(metadata).toEqual({});
  });

  test('widens F16 and BF16 exactly, subnormals, infinities and NaN included', () => {
    const half = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x0400, 0x7c00, 0xfc00, 0x7e00, 0x3555];
    const brain = [0x3f80, 0xc040, 0x7f80, 0x0001];
    const data = [...half, ...brain].flatMap((bits) => [bits & 0xff, bits >> 8]);
    const { tensors } = readSafetensors(file(JSON.stringify({ h: entry('F16', [10], 0, 20), b: entry('BF16', [2, 2], 20, 28) }), data));
    expect(tensors.get('h')).toEqual({
      dtype: 'F16', shape: [10],
      data: Float32Array.of(1, -2, 65504, 2 ** -24, -0, 2 ** -14, Infinity, -Infinity, NaN, 0.333251953125),
    });
    expect(tensors.get('b')).toEqual({ dtype: 'BF16', shape: [2, 2], data: Float32Array.of(1, -3, Infinity, 2 ** -133) });
  });

  test('gives copies, also from a Buffer and from a view into a larger buffer', () => {
    const written = writeSafetensors([{ name: 'w', shape: [1], data: Float32Array.of(1) }]);
    const shifted = new Uint8Array(written.length + 3);
    shifted.set(written, 3);
    for (const bytes of [Buffer.from(written), shifted.subarray(3), written]) {
      const { data } = readSafetensors(bytes).tensors.get('w')!;
      bytes.fill(0);
      expect(data).toEqual(Float32Array.of(1));
      expect(data.buffer.byteLength).toBe(4);
    }
    expect(readSafetensors(writeSafetensors([]).buffer).tensors.size).toBe(0);
  });

  const two = { a: entry('U8', [4], 0, 4), b: entry('U8', [4], 4, 8) };
  const broken: Record<string, [Uint8Array, RegExp]> = {
    'no bytes': [new Uint8Array(0), /the file has 0 bytes.*truncated/],
    'half a length': [new Uint8Array(7), /the file has 7 bytes/],
    'a header length over the limit': [Uint8Array.of(0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0), /claims 100000001 bytes; the format allows 100000000/],
    'a header length of 64 bits': [new Uint8Array(16).fill(255), /claims 18446744073709551615 bytes/],
    'a header cut off': [file('{}   ').subarray(0, 12), /claims 5 bytes but only 4 follow: the file is truncated/],
    'a header that is not JSON': [file('<html>'), /not JSON/],
    'a header that is not UTF-8': [file('{"__metadata__":{"a":"?"}}').map((byte) => (byte === 0x3f ? 0xff : byte)), /header is not UTF-8 text/],
    'a header that is a list': [file('[]'), /must be a JSON object/],
    'metadata that is no text': [file('{"__metadata__":{"a":1}}'), /__metadata__ .* strings/],
    'a tensor that is no object': [file('{"a":3}'), /tensor "a" must be \{ dtype, shape, data_offsets \}, got 3/],
    'a dtype in small letters': [fileOf({ a: entry('f32', [1], 0, 4) }, 4), /tensor "a" has dtype "f32"; this reader knows F64, F32/],
    'a header behind spaces': [file('  {}'), /must begin with \{/],
    'a header behind a byte order mark': [file('\ufeff{}'), /not JSON/],
    'a name given twice': [file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), /"a" is there twice/],
    'a name given twice in two spellings': [file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061" :{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), /"a" is there twice/],
    'metadata given twice': [file('{"__metadata__":{"a":"1"},"__metadata__":{"b":"2"}}'), /"__metadata__" is there twice/],
    'an entry of the metadata given twice': [file('{"__metadata__":{"a":"1","a":"2"}}'), /"a" is there twice/],
    'a shape given twice': [file('{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}', [1]), /"shape" is there twice/],
    'a tensor of a hundred thousand lists': [file(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`), /nested deeper than 64/],
    'a shape of a hundred thousand objects': [file(`{"a":{"dtype":"U8","shape":${'{"b":'.repeat(1e5)}1${'}'.repeat(1e5)},"data_offsets":[0,1]}}`), /nested deeper than 64/],
    'a string without an end': [file('{"a\\'), /not JSON/],
    'a dtype of the prototype': [fileOf({ a: entry('toString', [4], 0, 4) }, 4), /dtype "toString"/],
    'a negative extent': [fileOf({ a: entry('U8', [-2, -2], 0, 4) }, 4), /shape \[-2,-2\]/],
    'a fractional extent': [fileOf({ a: entry('U8', [1.5], 0, 4) }, 4), /shape \[1.5\]/],
    'no shape': [fileOf({ a: { dtype: 'U8', data_offsets: [0, 4] } }, 4), /shape undefined/],
    'offsets the wrong way round': [fileOf({ a: entry('U8', [0], 4, 0) }, 4), /begin ≤ end/],
    'three offsets': [fileOf({ a: { dtype: 'U8', shape: [4], data_offsets: [0, 2, 4] } }, 4), /data_offsets \[0,2,4\]/],
    'a shape that needs more bytes': [fileOf({ a: entry('F32', [2], 0, 4) }, 4), /holds 4 bytes, but F32 \[2\] needs 8/],
    'a shape that overflows': [fileOf({ a: entry('U8', [2 ** 52, 2 ** 52], 0, 4) }, 4), /holds 4 bytes, but U8/],
    'data cut off': [fileOf(two, 7), /tensor "b" ends at byte 8 of the data, but there are only 7: the file is truncated/],
    'an overlap': [fileOf({ a: entry('U8', [5], 0, 5), b: entry('U8', [4], 4, 8) }, 8), /"b" starts at byte 4, inside the tensor before it, which ends at 5/],
    'a hole': [fileOf({ a: entry('U8', [3], 0, 3), b: entry('U8', [4], 4, 8) }, 8), /bytes 3 to 4, before tensor "b", belong to no tensor/],
    'a hole at the start': [fileOf({ b: entry('U8', [4], 4, 8) }, 8), /bytes 0 to 4, before tensor "b"/],
    'bytes behind the last tensor': [fileOf(two, 9), /the last 1 bytes of the file belong to no tensor/],
  };
  for (const [what, [bytes, message]] of Object.entries(broken)) {
    test(`refuses ${what}`, () => {
      expect(() => readSafetensors(bytes)).toThrow(SafetensorsError);
      expect(() => readSafetensors(bytes)).toThrow(message);
    });
  }

  test('lists tensors of dtypes that it does not read, reads the others, and names the dtype when such a one is asked for', () => {
    const header = { a: entry('F8_E4M3', [4], 0, 4), b: entry('U8', [2], 4, 6), c: entry('F4', [3, 2], 6, 9), d: entry('F6_OF_2031', [7], 9, 11) };
    const { tensors } = readSafetensors(fileOf(header, 11));
    expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ['a', 'F8_E4M3', [4]], ['b', 'U8', [2]], ['c', 'F4', [3, 2]], ['d', 'F6_OF_2031', [7]],
    ]);
    expect(tensors.get('b')!.data).toEqual(new Uint8Array(2));
    expect(() => tensors.get('a')!.data).toThrow(SafetensorsError);
    expect(() => tensors.get('a')!.data).toThrow(/tensor "a" has dtype "F8_E4M3"; this reader knows F64, F32.*Convert it/);
    expect(() => readSafetensors(fileOf({ a: entry('F8_E4M3', [4], 1, 5) }, 5))).toThrow(/bytes 0 to 1, before tensor "a"/);
  });

  test('takes null for no metadata, as the format\'s own reader does; a null within it is no string', () => {
    expect(readSafetensors(file('{"__metadata__":null}'))).toEqual({ tensors: new Map(), metadata: {} });
    expect(() => readSafetensors(file('{"__metadata__":{"a":null}}'))).toThrow(/must map names to strings/);
  });

  test('an error is short, however long what it quotes', () => {
    const long = 'x'.repeat(5_000_000);
    const numbers = new Array<number>(1_000_000).fill(7);
    const files = [
      fileOf({ [long]: 3 }, 0), fileOf({ a: long }, 0), fileOf({ a: [long] }, 0), fileOf({ a: entry(long, [1], 0, 1) }, 1), file(long), file(`{"${long}":1,"${long}":1}`),
      fileOf({ a: { dtype: 'U8', shape: long, data_offsets: [0, 1] } }, 1), fileOf({ a: { dtype: 'U8', shape: [1], data_offsets: long } }, 1),
      fileOf({ a: entry('U8', numbers, 0, 1) }, 1), fileOf({ a: { dtype: 'U8', shape: [1], data_offsets: numbers } }, 1),
      fileOf({ a: entry('U8', [1], 0, 1), [long]: entry('U8', [1], 0, 1) }, 1), fileOf({ [long]: entry('U8', [1], 0, 1) }, 0), fileOf({ [long]: entry('F8_E4M3', [1], 0, 1) }, 1),
    ];
    const messages = files.map((bytes) => {
      try {
        return [...readSafetensors(bytes).tensors.values()].map(({ data }) => `read ${data.length}`).join();
      } catch (error) {
        expect(error).toBeInstanceOf(SafetensorsError);
        return (error as Error).message;
      }
    });
    for (const message of messages) {
      expect(message).not.toMatch(/^read/);
      expect(message.length).toBeLessThan(500);
    }
    const data = new Float32Array(1);
    for (const write of [() => writeSafetensors([{ name: long, shape: [2], data }]), () => writeSafetensors([{ name: 'a', shape: numbers, data }]), () => writeSafetensors([], { [long]: 1 as never })]) {
      expect(write).toThrow(/^[^]{1,500}$/);
    }
  });

  test('the time to read grows with the tensors, not with their square, empty or not', () => {
    const microseconds = (count: number, size: number): number => {
      const header = Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, entry('U8', [size], i * size, (i + 1) * size)]));
      const bytes = fileOf(header, count * size);
      return Math.min(...[1, 2, 3].map(() => {
        const begun = process.cpuUsage();
        expect(readSafetensors(bytes).tensors.size).toBe(count);
        const { user, system } = process.cpuUsage(begun);
        return user + system;
      }));
    };
    // 25 times as many: 625 times the time where it grows with the square.
    for (const size of [0, 1]) expect(microseconds(100_000, size) / microseconds(4_000, size)).toBeLessThan(200);
  });

  test('accepts the files that the broken ones differ from', () => {
    expect(readSafetensors(fileOf(two, 8)).tensors.size).toBe(2);
    expect(readSafetensors(file('{}')).tensors.size).toBe(0);
  });
});
