// A case of a file, checked: its options with their defaults, and what of it this runner cannot do.
import { readArchitecture, type Architecture } from './architecture.ts';
import { decode, elements, MalformedCase } from './tensor.ts';
import { flag, objectOf, oneOf, size, Unsupported, type Options } from './words.ts';

/** A case as it stands in a file; nothing of it is known to be there. */
export interface CaseJSON {
  readonly id: string;
  readonly task?: unknown;
  readonly cell?: unknown;
  readonly model?: unknown;
  readonly options?: unknown;
  readonly gateOrder?: unknown;
  readonly weights?: unknown;
  readonly inputs?: unknown;
  readonly loss?: unknown;
  readonly expected?: unknown;
  readonly tolerance?: unknown;
}

/** What a case of any task is compared with. */
export interface Expectation {
  readonly id: string;
  readonly expected: Options;
  readonly tolerance: Options;
}

/** A case of the tasks forward and gradients. */
export interface Case extends Expectation {
  readonly network: Architecture;
  readonly gradients: boolean;
  /** N */ readonly batch: number;
  /** T */ readonly time: number;
  readonly batchFirst: boolean;
  /** [N], or null: T each. */ readonly lengths: readonly number[] | null;
  readonly loss: 'dot' | 'mse';
  readonly inputs: Options;
}

const FIELDS = new Set(['output', 'hn', 'cn', 'loss', 'grads']);

/** The task of a case; where it does not say, what it expects does. */
export function taskOf(given: CaseJSON): 'forward' | 'gradients' | 'training' {
  if (given.task !== undefined && given.task !== null) return oneOf('task', given.task, ['forward', 'gradients', 'training']);
  return objectOf(given.model) ? 'training' : objectOf(given.expected)?.grads !== undefined ? 'gradients' : 'forward';
}

/**
 * @throws Unsupported for a cell, option or field that is not of this runner
 * @throws MalformedCase for what is missing or contradicts itself
 */
export function readCase(given: CaseJSON): Case {
  const { id, cell } = given;
  const options = objectOf(given.options) ?? {};
  const [weights, inputs, expected] = [section(given, 'weights'), section(given, 'inputs'), section(given, 'expected')];
  for (const [name, value] of Object.entries(expected)) {
    if (!FIELDS.has(name) && isTensor(value)) throw new Unsupported(`expected ${name}`);
  }
  const network = readArchitecture({ cell, gateOrder: given.gateOrder ?? options.gateOrder, options, weights });
  const batchFirst = flag(options, 'batchFirst');
  const shape = (inputs.x as { shape?: readonly number[] } | undefined)?.shape ?? [];
  const [time, batch] = shape.length === 2 ? [1, shape[0]] : batchFirst ? [shape[1], shape[0]] : [shape[0], shape[1]];
  const [N, T] = [size(options, 'batch', batch), size(options, 'time', time)];
  const loss = lossOf(given.loss, inputs);
  if (loss === 'mse' && !inputs.target) throw new MalformedCase('inputs.target is missing; loss mse needs it');
  return {
    id, network, batchFirst, loss, inputs, expected,
    gradients: taskOf(given) === 'gradients' || expected.grads !== undefined,
    batch: N,
    time: T,
    lengths: lengthsOf(options.lengths ?? inputs.lengths, N, T),
    tolerance: objectOf(given.tolerance) ?? {},
  };
}

/** A part of the case, without what is null in it. */
export function section(given: CaseJSON, name: 'weights' | 'inputs' | 'expected'): Options {
  const found = objectOf(given[name]);
  if (!found) throw new MalformedCase(`${name} is missing`);
  return found;
}

export function isTensor(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'shape' in value && 'data' in value;
}

/** {type: 'mse'} or 'mse'; where the case does not say, mse if a target is its only cotangent. */
function lossOf(given: unknown, inputs: Options): Case['loss'] {
  const type = typeof given === 'string' ? given : objectOf(given)?.type;
  return oneOf('loss', type ?? (inputs.target && !inputs.dOutput ? 'mse' : 'dot'), ['dot', 'mse']);
}

/** A list or a tensor. */
export function lengthsOf(given: unknown, batch: number, time: number): readonly number[] | null {
  if (given === undefined) return null;
  const { shape, values } = decode('lengths', given);
  const fits = (length: number): boolean => Number.isInteger(length) && length >= 0 && length <= time;
  if (elements(shape) !== batch || !values.every(fits)) {
    throw new MalformedCase(`options.lengths is [${values.join(',')}]; it must be ${batch} whole numbers from 0 to ${time}`);
  }
  return [...values];
}
