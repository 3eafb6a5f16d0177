// A case of a file, checked: its options with their defaults, and what of it this runner cannot do.
import type { Activation } from '../../src/cells/activation.ts';
import { MalformedCase } from './tensor.ts';

/** A case as it stands in a file; nothing of it is known to be there. */
export interface CaseJSON {
  readonly id: string;
  readonly task?: unknown;
  readonly cell?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly gateOrder?: unknown;
  readonly weights?: Readonly<Record<string, unknown>>;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly loss?: { readonly type?: unknown } | null;
  readonly expected?: Readonly<Record<string, unknown>>;
  readonly tolerance?: Readonly<Record<string, unknown>>;
}

/** What this runner or the engine has no way to do. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

export interface Case {
  readonly id: string;
  readonly gradients: boolean;
  readonly cell: 'rnn_tanh' | 'rnn_relu' | 'lstm' | 'gru';
  /** L */ readonly layers: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  /** I */ readonly input: number;
  /** H */ readonly hidden: number;
  /** P, or 0 without a projection. */ readonly projSize: number;
  /** N */ readonly batch: number;
  /** T */ readonly time: number;
  readonly batchFirst: boolean;
  /** [N], or null: T each. */ readonly lengths: readonly number[] | null;
  readonly peephole: boolean;
  readonly peepholeOrder: string;
  readonly peepholeOutput: 'new' | 'previous';
  readonly coupled: boolean;
  readonly resetAfter: boolean;
  readonly clip: number | null;
  readonly activations: Readonly<Partial<Record<'gate' | 'candidate' | 'output', Activation>>> | null;
  readonly gateOrder: string;
  readonly loss: 'dot' | 'mse';
  readonly weights: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly tolerance: Readonly<Record<string, unknown>>;
}

const OPTIONS = new Set(['layers', 'direction', 'bidirectional', 'input', 'hidden', 'projSize', 'batch', 'time', 'batchFirst', 'bias', 'lengths', 'initialStates',
  'peephole', 'peepholeOrder', 'peepholeOutputState', 'coupledInputForget', 'resetAfter', 'clip', 'activations', 'singleStep']);
const INPUTS = new Set(['x', 'h0', 'c0', 'dOutput', 'dHn', 'dCn', 'target']);
const FIELDS = new Set(['output', 'hn', 'cn', 'loss', 'grads']);

/**
 * @throws Unsupported for a task, cell, option or field that is not of this runner
 * @throws MalformedCase for what is missing or contradicts itself
 */
export function readCase(given: CaseJSON): Case {
  const { id, task } = given;
  if (task !== 'forward' && task !== 'gradients') throw new Unsupported(`task ${JSON.stringify(task)}`);
  const cell = oneOf('cell', given.cell, ['rnn_tanh', 'rnn_relu', 'lstm', 'gru']);
  const options = section(given, 'options');
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.has(name) && value !== null && value !== false && value !== 0) throw new Unsupported(`option ${name}`);
  }
  const [weights, inputs, expected] = [section(given, 'weights'), section(given, 'inputs'), section(given, 'expected')];
  for (const name of Object.keys(inputs)) if (!INPUTS.has(name)) throw new Unsupported(`input ${name}`);
  for (const name of Object.keys(expected)) if (!FIELDS.has(name)) throw new Unsupported(`expected ${name}`);
  const coupled = flag(options, 'coupledInputForget');
  const peephole = flag(options, 'peephole') || Object.keys(weights).some((name) => name.endsWith('.P'));
  if (cell !== 'lstm' && (coupled || peephole)) throw new Unsupported(`${peephole ? 'peepholes' : 'coupledInputForget'} in the cell ${cell}`);
  const loss = oneOf('loss', given.loss?.type ?? 'dot', ['dot', 'mse']);
  if (loss === 'mse') {
    if (!inputs.target) throw new MalformedCase('inputs.target is missing; loss mse needs it');
    const more = ['dOutput', 'dHn', 'dCn'].find((name) => inputs[name]);
    if (more) throw new Unsupported(`loss mse together with ${more}`);
  }
  const [batch, time] = [size(options, 'batch'), size(options, 'time')];
  return {
    id, cell, coupled, peephole, batch, time, loss, weights, inputs, expected,
    gradients: task === 'gradients' || expected.grads !== undefined,
    layers: options.layers === undefined ? 1 : size(options, 'layers'),
    direction: directionOf(options),
    input: size(options, 'input'),
    hidden: size(options, 'hidden'),
    projSize: projection(options, cell),
    batchFirst: flag(options, 'batchFirst'),
    lengths: lengthsOf(options.lengths ?? null, batch, time),
    peepholeOrder: order('options.peepholeOrder', options.peepholeOrder ?? 'iof', coupled ? ['iof', 'io'] : ['iof']),
    peepholeOutput: oneOf('peepholeOutputState', options.peepholeOutputState ?? 'new', ['new', 'previous']),
    resetAfter: (options.resetAfter ?? true) === true,
    clip: (options.clip ?? null) as number | null,
    activations: activationsOf(options.activations ?? null),
    gateOrder: order('gateOrder', given.gateOrder, cell === 'gru' ? ['rzn'] : cell !== 'lstm' ? ['h'] : coupled ? ['ifgo', 'igo'] : ['ifgo']),
    tolerance: given.tolerance ?? {},
  };
}

type Options = Readonly<Record<string, unknown>>;

/** A part of the case, without what is null in it. */
function section(given: CaseJSON, name: 'options' | 'weights' | 'inputs' | 'expected'): Options {
  const found = given[name];
  if (typeof found !== 'object' || found === null) throw new MalformedCase(`${name} is missing`);
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
}

function size(options: Options, name: string): number {
  const value = options[name];
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new MalformedCase(`options.${name} is ${JSON.stringify(value)}; it must be a whole number of at least 1`);
  }
  return value as number;
}

function projection(options: Options, cell: Case['cell']): number {
  if ((options.projSize ?? 0) === 0) return 0;
  if (cell !== 'lstm') throw new Unsupported(`projSize in the cell ${cell}`);
  const [projSize, hidden] = [size(options, 'projSize'), size(options, 'hidden')];
  if (projSize >= hidden) throw new Unsupported(`projSize ${projSize} with hidden ${hidden}`);
  return projSize;
}

function flag(options: Options, name: string): boolean {
  const value = options[name] ?? false;
  if (typeof value !== 'boolean') throw new MalformedCase(`options.${name} is ${JSON.stringify(value)}; it must be true or false`);
  return value;
}

function oneOf<const T extends string>(name: string, value: unknown, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Unsupported(`${name} ${JSON.stringify(value)}`);
  return found;
}

/** Letters of gates in any order: those of one of `sets`. */
function order(name: string, value: unknown, sets: readonly string[]): string {
  const sorted = (letters: string): string => [...letters].sort().join('');
  if (typeof value !== 'string' || !sets.some((set) => sorted(set) === sorted(value))) {
    throw new MalformedCase(`${name} is ${JSON.stringify(value)}; it must have the letters ${sets.join(' or ')} in some order`);
  }
  return value;
}

function directionOf(options: Options): Case['direction'] {
  const both = flag(options, 'bidirectional');
  const direction = oneOf('direction', options.direction ?? (both ? 'bidirectional' : 'forward'), ['forward', 'reverse', 'bidirectional']);
  if (options.bidirectional !== undefined && both !== (direction === 'bidirectional')) {
    throw new MalformedCase(`options.direction is "${direction}" and options.bidirectional ${both}`);
  }
  return direction;
}

function lengthsOf(given: unknown, batch: number, time: number): readonly number[] | null {
  if (given === null) return null;
  const fits = (length: unknown): boolean => Number.isInteger(length) && (length as number) >= 0 && (length as number) <= time;
  if (!Array.isArray(given) || given.length !== batch || !given.every(fits)) {
    throw new MalformedCase(`options.lengths is ${JSON.stringify(given)}; it must be ${batch} whole numbers from 0 to ${time}`);
  }
  return given;
}

function activationsOf(given: unknown): Case['activations'] {
  if (given === null) return null;
  const entries = Object.entries(given as object).filter(([, value]) => value !== null);
  for (const [role, value] of entries) {
    oneOf('activation of', role, ['gate', 'candidate', 'output']);
    const name = typeof value === 'string' ? value : Object.keys(value)[0];
    if (!(typeof value === 'string' ? ['sigmoid', 'tanh', 'relu'] : ['affine', 'hardSigmoid']).includes(name!)) {
      throw new Unsupported(`activation ${JSON.stringify(value)}`);
    }
  }
  return Object.fromEntries(entries);
}
