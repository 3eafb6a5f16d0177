// Files with a checksum: what it is, where it lies, and what an error says.
import { crc32 as known } from 'node:zlib';
import { expect, test } from 'playwright/test';
import { crc32 } from '../../src/io/checksum.ts';
import { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor } from '../../src/io/safetensors.ts';
import { readSealed, writeSealed } from '../../src/io/sealed.ts';

const tensors: NamedTensor[] = [{ name: '7', shape: [2], data: Float32Array.of(1, 2) }];

test('the checksum is CRC-32, of any length and in any parts', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926); // the check value of the standard
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 31 + 7) & 255);
  for (let length = 0; length < 40; length++) {
    expect(crc32(bytes.subarray(0, length))).toBe(known(bytes.subarray(0, length)));
    expect(crc32(bytes.subarray(length), crc32(bytes.subarray(0, length)))).toBe(known(bytes));
  }
});

test('any program reads a sealed file: its checksum is the first entry of the metadata, of all bytes with the digits 0', () => {
  const file = writeSealed(tensors, { note: 'n', checksum: 'of another file' });
  const { metadata, tensors: read } = readSafetensors(file);
  expect(Object.keys(metadata)).toEqual(['checksum', 'note']);
  expect(metadata.checksum).toMatch(/^[0-9a-f]{8}$/);
  expect(read.get('7')!.data).toEqual(tensors[0]!.data);
  const zeroed = writeSafetensors(tensors, { checksum: '00000000', note: 'n' });
  expect(parseInt(metadata.checksum!, 16)).toBe(known(zeroed));
  expect(readSealed(file)).toEqual({ tensors: read, metadata });
});

test('what is not sealed, or no longer whole, is refused with what to do', () => {
  const file = writeSealed(tensors, {});
  expect(() => readSealed(writeSafetensors(tensors, { format: 'pt' }))).toThrow(/no checksum in its first place.*Write it anew with save\(\)/);
  expect(() => readSealed(writeSafetensors(tensors, { a: '', checksum: '01234567' }))).toThrow(/no checksum in its first place/);
  expect(() => readSealed(Uint8Array.of(1, 2, 3))).toThrow(/the file has 3 bytes/);
  expect(() => readSealed(file.subarray(0, file.length - 1))).toThrow(/damaged or cut off.*Copy or download it again/);
  const digits = file.findIndex((_, i) => i > 30 && /[a-f]/.test(String.fromCharCode(file[i]!)) && /^[0-9a-f]{8}"/.test(new TextDecoder().decode(file.subarray(i, i + 9))));
  const capital = file.slice();
  if (digits >= 0) capital[digits]! ^= 0x20;
  else capital[40]! ^= 1;
  expect(() => readSealed(capital)).toThrow(SafetensorsError);
});
