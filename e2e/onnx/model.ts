// One-node ONNX models in memory: the few messages of onnx.proto that a recurrent operator needs, in protocol-buffer wire format.

export type Attribute = number | string | readonly number[] | readonly string[];

export interface OnnxValue {
  readonly name: string;
  readonly type: 'float32' | 'int32';
  readonly shape: readonly number[];
}

/**
 * A model of opset 14 whose one node reads `inputs` ('' for one left out) and writes `outputs`, all float32.
 * A single number is an int attribute, but for those named in `floats`.
 */
export function onnxModel(
  operator: string, attributes: Readonly<Record<string, Attribute>>, inputs: readonly (OnnxValue | '')[], outputs: readonly string[],
  floats: readonly string[] = [],
): Uint8Array {
  const node = [
    ...inputs.map((input) => text(1, input === '' ? '' : input.name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => message(5, attribute(name, value, floats.includes(name)))),
  ];
  const graph = [
    message(1, node),
    text(2, operator),
    ...inputs.flatMap((input) => (input === '' ? [] : [message(11, valueInfo(input.name, input.type === 'float32' ? 1 : 6, input.shape))])),
    ...outputs.map((name) => message(12, [text(1, name), message(2, [message(1, [varint(1, 1)])])])),
  ];
  return concatenate([varint(1, 8), message(7, graph), message(8, [text(1, ''), varint(2, 14)])]);
}

/** AttributeProto, types FLOAT 1, INT 2, STRING 3, FLOATS 6, STRINGS 8. */
export function attribute(name: string, value: Attribute, float: boolean): Uint8Array[] {
  if (typeof value === 'string') return [text(1, name), text(4, value), varint(20, 3)];
  if (typeof value === 'number') return float ? [text(1, name), float32(2, value), varint(20, 1)] : [text(1, name), varint(3, value), varint(20, 2)];
  if (typeof value[0] === 'string') return [text(1, name), ...(value as readonly string[]).map((item) => text(9, item)), varint(20, 8)];
  return [text(1, name), ...(value as readonly number[]).map((item) => float32(7, item)), varint(20, 6)];
}

/** ValueInfoProto of a tensor. */
const valueInfo = (name: string, elementType: number, shape: readonly number[]): Uint8Array[] =>
  [text(1, name), message(2, [message(1, [varint(1, elementType), message(2, shape.map((extent) => message(1, [varint(1, extent)])))])])];

/** Field numbers and values are whole and not negative. */
function base128(value: number): number[] {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

export const varint = (field: number, value: number): Uint8Array => Uint8Array.from([...base128(field * 8), ...base128(value)]);

const float32 = (field: number, value: number): Uint8Array =>
  Uint8Array.from([...base128(field * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)]);

export const delimited = (field: number, bytes: Uint8Array): Uint8Array =>
  concatenate([Uint8Array.from([...base128(field * 8 + 2), ...base128(bytes.length)]), bytes]);
export const message = (field: number, parts: readonly Uint8Array[]): Uint8Array => delimited(field, concatenate(parts));
export const text = (field: number, value: string): Uint8Array => delimited(field, new TextEncoder().encode(value));

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
