// safetensors files that know when they are damaged: the first entry of their metadata is a checksum of every other byte.
import { crc32 } from './checksum.ts';
import { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor, type SafetensorsFile } from './safetensors.ts';

const ENTRY = 'checksum';
/** The digits' place while they are counted. */
const NO_DIGITS = '00000000';
/** What a sealed file has behind its header's length; then the digits. */
const BEGINS = new TextEncoder().encode(`{"__metadata__":{"${ENTRY}":"`);
const DIGITS_AT = 8 + BEGINS.length;

/** A safetensors file like any other, with `checksum` before the metadata given. @throws as `writeSafetensors` */
export function writeSealed(tensors: readonly NamedTensor[], { [ENTRY]: _, ...metadata }: Record<string, string>): Uint8Array<ArrayBuffer> {
  const file = writeSafetensors(tensors, { [ENTRY]: NO_DIGITS, ...metadata });
  file.set(new TextEncoder().encode(checksumOf(file)), DIGITS_AT);
  return file;
}

/**
 * Read a file that `writeSealed` wrote.
 * @throws SafetensorsError for one that is damaged, cut off, written anew by another program, or no safetensors file
 */
export function readSealed(bytes: Uint8Array): SafetensorsFile {
  if (!BEGINS.every((byte, i) => bytes[8 + i] === byte) || bytes.length < DIGITS_AT + NO_DIGITS.length) {
    readSafetensors(bytes); // says what is wrong with a file that is none
    throw new SafetensorsError(
      'the file has no checksum in its first place, so that nobody can tell whether it is whole: an earlier version or another program wrote it. ' +
        'Write it anew with save() or checkpoint(); readSafetensors reads it unchecked',
    );
  }
  const found = new TextDecoder().decode(bytes.subarray(DIGITS_AT, DIGITS_AT + NO_DIGITS.length));
  const expected = checksumOf(bytes);
  if (found !== expected) {
    throw new SafetensorsError(
      `the file is damaged or cut off: its checksum says ${JSON.stringify(found)}, its ${bytes.length} bytes give "${expected}". ` +
        'Copy or download it again, or take an earlier one; readSafetensors reads it unchecked',
    );
  }
  return readSafetensors(bytes);
}

function checksumOf(file: Uint8Array): string {
  const parts = [file.subarray(0, DIGITS_AT), new TextEncoder().encode(NO_DIGITS), file.subarray(DIGITS_AT + NO_DIGITS.length)];
  return parts.reduce((crc, part) => crc32(part, crc), 0).toString(16).padStart(NO_DIGITS.length, '0');
}
