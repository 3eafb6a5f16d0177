// A case of a file, checked: its options with their defaults, and what of it this runner cannot do.
import { NETWORK_OPTIONS, readArchitecture, type Architecture } from './architecture.ts';
import { describes, refuseUnknown } from './fields.ts';
import { toleranceOf } from './score.ts';
import { decode, elements, MalformedCase } from './tensor.ts';
import { agreed, flag, objectAt, objectOf, oneOf, size, Unsupported, type Options } from './words.ts';

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

/** What a case of any task is made of. */
export const CASE_FIELDS = ['id', 'task', 'cell', 'options', 'gateOrder', 'weights', 'inputs', 'loss', 'expected', 'tolerance'] as const;

/** The options that describe what goes through the network, beside those of the network itself. */
const PASS_OPTIONS = ['batch', 'time', 'batchFirst', 'lengths', 'initialStates', 'singleStep'] as const;

const INPUTS = ['x', 'lengths', 'h0', 'dOutput', 'dHn', 'target'];
const CELL_STATE_INPUTS = ['c0', 'dCn'];

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
  const options = objectAt('options', given.options);
  const [weights, inputs, expected] = [section(given, 'weights'), section(given, 'inputs'), section(given, 'expected')];
  refuseUnknown('', { ...given }, CASE_FIELDS);
  refuseUnknown('options', options, [...NETWORK_OPTIONS, ...PASS_OPTIONS]);
  for (const [name, value] of Object.entries(expected)) {
    if (!FIELDS.has(name) && (!describes(name) || isTensor(value))) throw new Unsupported(`expected ${name}`);
  }
  const gateOrder = agreed([{ path: 'gateOrder', value: given.gateOrder }, { path: 'options.gateOrder', value: options.gateOrder }]);
  const network = readArchitecture({ cell, gateOrder, options, weights });
  const batchFirst = flag(options, 'batchFirst');
  const shape = (inputs.x as { shape?: readonly number[] } | undefined)?.shape ?? [];
  const [time, batch] = shape.length === 2 ? [1, shape[0]] : batchFirst ? [shape[1], shape[0]] : [shape[0], shape[1]];
  const [N, T] = [size(options, 'batch', batch), size(options, 'time', time)];
  objectAt('expected.grads', expected.grads);
  const gradients = taskOf(given) === 'gradients' || expected.grads !== undefined;
  const loss = lossOf(given.loss, inputs);
  checkInputs({ inputs, options, loss, time: T, cell: network.cell, backward: gradients || expected.loss !== undefined });
  return {
    id, network, batchFirst, loss, inputs, expected, gradients,
    batch: N,
    time: T,
    lengths: lengthsIn(options, inputs, N, T),
    tolerance: toleranceOf(given.tolerance),
  };
}

/** @throws Unsupported for an input that the case's cell has no use for @throws MalformedCase where one is missing or contradicts the options */
function checkInputs(given: { inputs: Options; options: Options; loss: Case['loss']; time: number; cell: string; backward: boolean }): void {
  const { inputs, options, loss, time, cell, backward } = given;
  for (const name of Object.keys(inputs)) {
    const ofCellState = CELL_STATE_INPUTS.includes(name);
    if (!INPUTS.includes(name) && !ofCellState) throw new Unsupported(`input ${name}`);
    if (ofCellState && cell !== 'lstm') throw new Unsupported(`input ${name} of the cell ${cell}`);
  }
  if (loss === 'mse' && !inputs.target) throw new MalformedCase('inputs.target is missing; loss mse needs it');
  if (loss === 'dot' && inputs.target && backward) throw new MalformedCase('inputs.target is given, but the loss is dot, which has none; leave it out, or say mse');
  const state = inputs.h0 ? 'h0' : inputs.c0 ? 'c0' : null;
  if (options.initialStates !== undefined && flag(options, 'initialStates') !== (state !== null)) {
    const found = state === null ? 'neither inputs.h0 nor inputs.c0 is given; give one of them' : `inputs.${state} is given; leave one out`;
    throw new MalformedCase(`options.initialStates is ${JSON.stringify(options.initialStates)}, but ${found}`);
  }
  if (flag(options, 'singleStep') && time !== 1) throw new MalformedCase(`options.singleStep is true, but there are ${time} steps`);
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
  const fields = typeof given === 'string' ? { type: given } : given === undefined || given === null ? {} : objectOf(given);
  if (!fields) throw new Unsupported(`loss ${JSON.stringify(given)}`);
  refuseUnknown('loss', fields, ['type']);
  return oneOf('loss', (fields as Options).type ?? (inputs.target && !inputs.dOutput ? 'mse' : 'dot'), ['dot', 'mse']);
}

/** Of the options or the inputs. */
function lengthsIn(options: Options, inputs: Options, batch: number, time: number): readonly number[] | null {
  const places = [['options.lengths', options.lengths], ['inputs.lengths', inputs.lengths]] as const;
  return (agreed(places.map(([path, given]) => ({ path, value: lengthsOf(given, batch, time) }))) ?? null) as readonly number[] | null;
}

/** A list or a tensor. */
function lengthsOf(given: unknown, batch: number, time: number): readonly number[] | null {
  if (given === undefined) return null;
  const { shape, values } = decode('lengths', given);
  const fits = (length: number): boolean => Number.isInteger(length) && length >= 0 && length <= time;
  if (elements(shape) !== batch || !values.every(fits)) {
    throw new MalformedCase(`options.lengths is [${values.join(',')}]; it must be ${batch} whole numbers from 0 to ${time}`);
  }
  return [...values];
}
