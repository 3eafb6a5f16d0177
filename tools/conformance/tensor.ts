// Tensors of the case files: {shape, dtype, data: base64 of little-endian numbers}.

export interface EncodedTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float64' | 'int32';
  readonly data: string;
}

/** Row-major values; float64 holds every type of the files exactly. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** A case, or a part of it, that is not as the format says. */
export class MalformedCase extends Error {
  override readonly name = 'MalformedCase';
}

const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

export const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((size, k) => size === b[k]);

/** Whether two shapes differ by extents of 1 alone, as a single step with its time axis and without. */
export function alikeShape(a: readonly number[], b: readonly number[]): boolean {
  const bare = (shape: readonly number[]): number[] => shape.filter((size) => size !== 1);
  return sameShape(bare(a), bare(b));
}

/**
 * A tensor of the file; a number or nested lists of numbers are one too.
 * @throws MalformedCase unless `given` is a tensor whose data has the size of its shape
 */
export function decode(name: string, given: unknown): Tensor {
  if (typeof given === 'number' || typeof given === 'boolean' || Array.isArray(given)) return plain(name, given);
  const { shape, dtype, data } = (given ?? {}) as Partial<EncodedTensor>;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new MalformedCase(`${name} has shape ${JSON.stringify(shape)}; it must be a list of sizes`);
  }
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPES, dtype)) {
    throw new MalformedCase(`${name} has dtype ${JSON.stringify(dtype)}; it must be one of ${Object.keys(TYPES).join(', ')}`);
  }
  const bytes = bytesOf(name, data);
  const Type = TYPES[dtype];
  const expected = elements(shape) * Type.BYTES_PER_ELEMENT;
  if (bytes.length !== expected) throw new MalformedCase(`${name} has ${bytes.length} bytes of data; shape [${shape}] of ${dtype} needs ${expected}`);
  return { shape, values: Float64Array.from(new Type(bytes.buffer)) };
}

/** [[1, 2], [3, 4]] → [2,2] */
function plain(name: string, given: unknown): Tensor {
  const shape: number[] = [];
  for (let level = given; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: unknown[] = Array.isArray(given) ? given.flat(Infinity) : [given];
  if (flat.length !== elements(shape) || !flat.every((value) => typeof value === 'number' || typeof value === 'boolean')) {
    throw new MalformedCase(`${name} is a list; it must be numbers, all rows of the same size`);
  }
  return { shape, values: Float64Array.from(flat, Number) };
}

function bytesOf(name: string, data: unknown): Uint8Array<ArrayBuffer> {
  if (typeof data !== 'string') throw new MalformedCase(`${name} has no data; it must be a base64 string`);
  try {
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    throw new MalformedCase(`the data of ${name} is not base64`);
  }
}

/** As little-endian float32. */
export function encode({ shape, values }: Tensor): EncodedTensor {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  let text = '';
  for (let from = 0; from < bytes.length; from += 4096) text += String.fromCharCode(...bytes.subarray(from, from + 4096));
  return { shape, dtype: 'float32', data: btoa(text) };
}

/** Like `decode`, and of the given shape, extents of 1 aside. */
export function decodeShaped(name: string, given: unknown, shape: readonly number[]): Tensor {
  const tensor = decode(name, given);
  if (!alikeShape(tensor.shape, shape)) throw new MalformedCase(`${name} has shape [${tensor.shape}]; the options make it [${shape}]`);
  return { shape, values: tensor.values };
}

/** The same values in the shape of `expected` where the two differ by extents of 1 alone. */
export function inShapeOf(tensor: Tensor, expected: Tensor): Tensor {
  return alikeShape(tensor.shape, expected.shape) ? { ...tensor, shape: expected.shape } : tensor;
}
