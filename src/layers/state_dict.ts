// The parameters of a module as named tensors, as PyTorch's state_dict has them: read from a file or a list, each checked before any is taken.
import { checkOptions } from '../checks/options.ts';
import { clip, shown } from '../checks/shown.ts';
import { flag, text } from '../checks/values.ts';
import { notFinite } from '../io/claims.ts';
import { quote } from '../io/json.ts';
import type { NamedTensor, SafetensorsFile, TensorData } from '../io/safetensors.ts';
import type { ParameterSpec } from './parameters.ts';

/** Named tensors: what `readSafetensors` gives, or a list such as `state()` gives. */
export type StateSource = Pick<SafetensorsFile, 'tensors'> | readonly NamedTensor[];

export interface LoadStateOptions {
  /** What stands before the names of this module's parameters, such as `'encoder.'`; tensors of other names are left alone. Default `''`: every tensor is this module's. */
  readonly prefix?: string;
  /** Take values that are not finite, to look into a network that has diverged. Default false: they are refused. */
  readonly allowNotFinite?: boolean;
}

/** Names of an error message. */
const LISTED = 12;

const listed = (names: readonly string[]): string => `${names.slice(0, LISTED).map((name) => clip(name)).join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}` || 'no tensor';

type Found = Pick<NamedTensor, 'shape' | 'data'>;

/**
 * The values of every parameter, by name. F16, BF16 and F64 become float32.
 * @throws TypeError or RangeError where a tensor is missing, of another shape, no floating-point numbers or not finite, or where one is of no parameter
 */
export function readState(specs: readonly ParameterSpec[], state: StateSource, options: LoadStateOptions): Map<string, Float32Array> {
  checkOptions(options, 'load', { prefix: text, allowNotFinite: flag }, []);
  const { prefix = '', allowNotFinite = false } = options;
  const tensors = tensorsOf(state);
  const own = [...tensors.keys()].filter((name) => name.startsWith(prefix));
  const where = prefix === '' ? '' : ` under the prefix ${quote(prefix)}`;
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of specs) {
    const found = tensors.get(prefix + name);
    if (!found) throw new RangeError(`the state has no ${name}${where}: it has ${listed(prefix === '' || own.length > 0 ? own : [...tensors.keys()])}. Give the state of a network of the same kind, and its \`prefix\` where the names have one`);
    if (found.shape.join() !== shape.join()) throw new RangeError(`${name} is [${clip(String(found.shape))}] in the state and [${shape}] in this module: give the state of a network of the same sizes`);
    const data = floats(name, found.data);
    const wrong = allowNotFinite ? null : notFinite(name, data);
    if (wrong) throw new RangeError(`${wrong}: the network in the state has diverged. Take an earlier state; load(state, { allowNotFinite: true }) looks into this one`);
    values.set(name, data);
  }
  const others = own.filter((name) => !values.has(name.slice(prefix.length)));
  if (others.length > 0) throw new RangeError(`the state has ${listed(others)}${where}, which this module has not: it has ${specs.map(({ name }) => name).join(', ')}. Give the \`prefix\` of its own tensors, or a module of the same options`);
  return values;
}

function tensorsOf(state: StateSource): ReadonlyMap<string, Found> {
  if (Array.isArray(state)) return new Map((state as readonly NamedTensor[]).map((tensor, i) => [nameOf(tensor, i), tensor]));
  const { tensors } = Object(state) as { tensors?: unknown };
  if (!(tensors instanceof Map)) throw new TypeError(`the state must be what readSafetensors gives, or a list of { name, shape, data }; ${shown(state)} was given`);
  return tensors as ReadonlyMap<string, Found>;
}

function nameOf(tensor: NamedTensor, i: number): string {
  if (typeof Object(tensor).name !== 'string' || !Array.isArray(tensor.shape) || !ArrayBuffer.isView(tensor.data)) throw new TypeError(`state[${i}] must be { name, shape, data }; ${shown(tensor)} was given`);
  return tensor.name;
}

function floats(name: string, data: TensorData): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  throw new TypeError(`${name} is a ${data.constructor.name} in the state; a parameter is made of floating-point numbers`);
}
