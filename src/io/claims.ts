// What a file says of itself, read so that a wrong word is told, and whether its numbers are finite.
import { clip } from '../checks/shown.ts';
import { parseJson } from './json.ts';
import { SafetensorsError, type NamedTensor } from './safetensors.ts';

/** Characters of what was found wrong with a claim. */
const REASON = 320;

/** What an entry of a file's metadata is read as. @throws SafetensorsError where `read` throws, or there is no such entry, or it is no JSON */
export function claimed<R>(name: string, text: string | undefined, read: (value: unknown) => R): R {
  try {
    if (text === undefined) throw new TypeError('it is missing');
    return read(parseJson(text));
  } catch (error) {
    const reason = clip(error instanceof Error ? error.message : String(error), REASON);
    throw new SafetensorsError(`"${name}" in the file's metadata is not as this package writes it: ${reason}`, { cause: error });
  }
}

/** @throws RangeError for tensors to be written that are not all finite; `when` says of what moment they are */
export function requireFinite(tensors: readonly NamedTensor[], when: string): void {
  for (const { name, data } of tensors) {
    const found = notFinite(name, data as Float32Array);
    if (found) throw new RangeError(`${found}${when}: training has diverged, and no file is written of it. Go on from an earlier checkpoint, with a lower learning rate or a clipped gradient`);
  }
}

/** What of an array is not finite, in words, from element `from` on; null where all is. */
export function notFinite(name: string, data: Float32Array, from = 0): string | null {
  for (let i = from; i < data.length; i++) {
    if (!Number.isFinite(data[i])) return `${name} is not finite: element ${i} of ${data.length} is ${data[i]}`;
  }
  return null;
}
