// The safetensors file format: an 8-byte header length, a JSON header, then the tensors' bytes, row-major and little-endian.
// Typed arrays are copied as they lie in memory, which is little-endian wherever WebGPU runs.
import { checkOptions, isPlain } from '../checks/options.ts';
import { clip, shown } from '../checks/shown.ts';
import { text } from '../checks/values.ts';
import { isRecord, parseJson, quote } from './json.ts';

/** dtypes that are read. F16 and BF16 are widened to Float32Array (exactly); BOOL is a Uint8Array of 0 and 1. */
export type DType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'U64' | 'I32' | 'U32' | 'I16' | 'U16' | 'I8' | 'U8' | 'BOOL';

export type TensorData =
  | Float64Array | Float32Array | BigInt64Array | BigUint64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** A tensor to write; its dtype follows from its array (Float32Array: F32, Uint32Array: U32, …). */
export interface NamedTensor {
  readonly name: string;
  /** [] is a scalar: one element. */
  readonly shape: readonly number[];
  /** Row-major, as many elements as the shape's product. */
  readonly data: TensorData;
}

export interface Tensor {
  /** As stored in the file: a `DType`, or another of the format's, such as F8_E4M3. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** @throws SafetensorsError for a dtype that is no `DType`: such a tensor can be listed, not read. */
  readonly data: TensorData;
}

export interface SafetensorsFile {
  /** In the order of their bytes. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The format's own limit on the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;
/** The format names its dtypes so; those that there will be, too. */
const DTYPE = /^[A-Z][A-Z0-9_]{1,15}$/;

const BYTES: Readonly<Record<string, number>> = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, U64: 8, I32: 4, U32: 4, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1,
} satisfies Record<DType, number>;

/** Thrown for bytes that are no valid safetensors file; the message says what is wrong where. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

/**
 * A file of the given tensors. They lie in the order given, but wider elements first, so that each is aligned to its element.
 * @throws TypeError or RangeError where a tensor's name, shape or data do not fit together, or metadata is not text.
 */
export function writeSafetensors(tensors: readonly NamedTensor[], metadata: Record<string, string> = {}): Uint8Array<ArrayBuffer> {
  if (!Array.isArray(tensors)) throw new TypeError(`the tensors must be a list of { name, shape, data }; ${shown(tensors)} was given`);
  tensors.forEach((tensor: NamedTensor, i) => checkTensor(tensor, i));
  if (!isPlain(metadata)) throw new TypeError(`the metadata must be an object of strings; ${shown(metadata)} was given`);
  const ordered = [...tensors].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const entries: [string, unknown][] = [];
  const names = new Set<string>();
  if (Object.keys(metadata).length > 0) entries.push(['__metadata__', checkedMetadata(metadata)]);
  let end = 0;
  for (const { name, shape, data } of ordered) {
    if (name === '__metadata__') throw new RangeError(`a tensor cannot be named ${quote(name)}`);
    if (names.has(name)) throw new RangeError(`two tensors are named ${quote(name)}; names must differ`);
    names.add(name);
    const size = elements(shape);
    if (size !== data.length) {
      throw new RangeError(`tensor ${quote(name)} has ${data.length} elements, but its shape [${clip(String(shape))}] needs ${size}`);
    }
    entries.push([name, { dtype: dtypeOf(name, data), shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  // In the order given: an object would put names that are numbers first.
  const json = new TextEncoder().encode(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new RangeError(`the header would be ${headerBytes} bytes; the format allows ${MAX_HEADER_BYTES}. Write fewer tensors or less metadata`);
  }
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerBytes);
  let offset = 8 + headerBytes;
  for (const { data } of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

function checkTensor(tensor: NamedTensor, i: number): void {
  checkOptions(tensor, 'a tensor', {
    name: text,
    shape: (shape) => {
      if (Array.isArray(shape) && shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) return;
      const given = Array.isArray(shape) ? `[${clip(String(shape.map(shown)))}]` : shown(shape);
      throw new RangeError(`tensor ${quote(tensor.name)} must have a shape of whole numbers from 0; ${given} was given`);
    },
    data: (data) => dtypeOf(tensor.name, data),
  }, ['name', 'shape', 'data'], `tensors[${i}].`);
}

/**
 * Read a whole file; the tensors are copies, independent of `bytes`.
 * @throws SafetensorsError for a truncated or malformed file. A tensor of a dtype that is not read throws when its data is asked for.
 */
export function readSafetensors(bytes: Uint8Array | ArrayBuffer): SafetensorsFile {
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer)) throw new TypeError(`bytes must be a Uint8Array or an ArrayBuffer of a file; ${shown(bytes)} was given`);
  const file = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const { header, dataStart } = readHeader(file);
  const dataBytes = file.length - dataStart;
  // Null is what the format's own reader takes for none.
  const metadata = header.__metadata__ ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new SafetensorsError('__metadata__ in the header must map names to strings');
  }
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) if (name !== '__metadata__') entries.push(readEntry(name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, dataBytes);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, isRead(dtype) ? { dtype, shape, data: typed(dtype, copyOf(file, dataStart + begin, dataStart + end)) } : unreadable(name, dtype, shape));
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

/** A copy starts its own buffer, so any element type is aligned. (slice would not copy a Node Buffer.) */
function copyOf(file: Uint8Array, begin: number, end: number): ArrayBuffer {
  const copy = new Uint8Array(end - begin);
  copy.set(file.subarray(begin, end));
  return copy.buffer;
}

function unreadable(name: string, dtype: string, shape: readonly number[]): Tensor {
  return {
    dtype,
    shape,
    get data(): never {
      throw new SafetensorsError(`tensor ${quote(name)} has dtype ${quote(dtype)}; this reader knows ${Object.keys(BYTES).join(', ')}. Convert it to one of them`);
    },
  };
}

function isRead(dtype: string): dtype is DType {
  return Object.hasOwn(BYTES, dtype);
}

function readHeader(file: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (file.length < 8) {
    throw new SafetensorsError(`the file has ${file.length} bytes; a safetensors file starts with 8 bytes of header length. It is truncated, or another kind of file`);
  }
  const length = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new SafetensorsError(`the header claims ${length} bytes; the format allows ${MAX_HEADER_BYTES}. This is probably not a safetensors file`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > file.length) {
    throw new SafetensorsError(`the header claims ${length} bytes but only ${file.length - 8} follow: the file is truncated`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.subarray(8, dataStart));
  } catch {
    throw new SafetensorsError('the header is not UTF-8 text, as the format asks for. The file is damaged, or this is not a safetensors file');
  }
  let header: unknown;
  try {
    header = parseJson(text);
  } catch (error) {
    throw new SafetensorsError(`the header is not JSON as the format asks for (${clip((error as Error).message)}). This is probably not a safetensors file`);
  }
  if (!isRecord(header)) throw new SafetensorsError('the header must be a JSON object of tensors');
  if (file[8] !== 0x7b) throw new SafetensorsError('the header must begin with {: spaces may only follow it');
  return { header, dataStart };
}

function readEntry(name: string, value: unknown): Entry {
  if (!isRecord(value)) throw new SafetensorsError(`tensor ${quote(name)} must be { dtype, shape, data_offsets }, got ${quote(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !DTYPE.test(dtype)) {
    throw new SafetensorsError(`tensor ${quote(name)} has dtype ${quote(dtype)}; this reader knows ${Object.keys(BYTES).join(', ')}`);
  }
  if (!isCounts(shape)) throw new SafetensorsError(`tensor ${quote(name)} has shape ${quote(shape)}; extents must be whole numbers from 0`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw new SafetensorsError(`tensor ${quote(name)} has data_offsets ${quote(offsets)}; they must be [begin, end] with begin ≤ end`);
  }
  const [begin, end] = offsets as [number, number];
  const needed = isRead(dtype) ? elements(shape) * BYTES[dtype]! : end - begin;
  if (needed !== end - begin) {
    throw new SafetensorsError(`tensor ${quote(name)} holds ${end - begin} bytes, but ${dtype} [${clip(String(shape))}] needs ${needed}`);
  }
  return { name, dtype, shape, begin, end };
}

/** The tensors must tile the data exactly: hidden bytes between or behind them are refused, as the format says. */
function checkLayout(entries: readonly Entry[], dataBytes: number): void {
  let end = 0;
  for (const entry of entries) {
    if (entry.end > dataBytes) {
      throw new SafetensorsError(`tensor ${quote(entry.name)} ends at byte ${entry.end} of the data, but there are only ${dataBytes}: the file is truncated`);
    }
    if (entry.begin < end) throw new SafetensorsError(`tensor ${quote(entry.name)} starts at byte ${entry.begin}, inside the tensor before it, which ends at ${end}`);
    if (entry.begin > end) throw new SafetensorsError(`bytes ${end} to ${entry.begin}, before tensor ${quote(entry.name)}, belong to no tensor`);
    end = entry.end;
  }
  if (end < dataBytes) throw new SafetensorsError(`the last ${dataBytes - end} bytes of the file belong to no tensor`);
}

function typed(dtype: DType, buffer: ArrayBuffer): TensorData {
  switch (dtype) {
    case 'F64': return new Float64Array(buffer);
    case 'F32': return new Float32Array(buffer);
    case 'F16': return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'BF16': return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'I64': return new BigInt64Array(buffer);
    case 'U64': return new BigUint64Array(buffer);
    case 'I32': return new Int32Array(buffer);
    case 'U32': return new Uint32Array(buffer);
    case 'I16': return new Int16Array(buffer);
    case 'U16': return new Uint16Array(buffer);
    case 'I8': return new Int8Array(buffer);
    case 'U8':
    case 'BOOL': return new Uint8Array(buffer);
  }
}

/** IEEE binary16 bits → their value: 1 sign, 5 exponent, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function dtypeOf(name: string, data: TensorData): DType {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof BigUint64Array) return 'U64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Uint16Array) return 'U16';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof Uint8Array) return 'U8';
  throw new TypeError(`tensor ${quote(name)} must be a typed array such as Float32Array, got ${Object.prototype.toString.call(data)}`);
}

function checkedMetadata(metadata: Record<string, string>): Record<string, string> {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw new TypeError(`metadata ${quote(key)} must be a string, got ${typeof value}; use JSON.stringify`);
  }
  return metadata;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
