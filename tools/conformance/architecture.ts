// A recurrent network as a case describes it: sizes, direction and cell, from its options and, where they are silent, its weights.
import { activationsOf, type Activations } from './activations.ts';
import { MalformedCase } from './tensor.ts';
import { flag, oneOf, order, size, Unsupported, type Options } from './words.ts';

export interface Architecture {
  readonly cell: 'rnn_tanh' | 'rnn_relu' | 'lstm' | 'gru';
  /** L */ readonly layers: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  /** I */ readonly input: number;
  /** H */ readonly hidden: number;
  /** P: features of h, below H; 0 without a projection. */ readonly projSize: number;
  readonly peephole: boolean;
  readonly peepholeOrder: string;
  readonly peepholeOutput: 'new' | 'previous';
  readonly coupled: boolean;
  readonly resetAfter: boolean;
  readonly clip: number | null;
  readonly activations: Activations | null;
  readonly gateOrder: string;
  /** By `l0.fwd.Wx`, as they stand in the file. */
  readonly weights: Readonly<Record<string, unknown>>;
}

/** The options that are read here, by the format's names and by others that are about. */
export const NETWORK_OPTIONS = [
  'layers', 'direction', 'bidirectional', 'input', 'hidden', 'projSize', 'proj_size', 'bias', 'peephole', 'peepholeOrder', 'peepholeOutputState',
  'coupledInputForget', 'resetAfter', 'clip', 'activations', 'gateOrder',
] as const;

/** Biases that a word of `bias` says are not there. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = { both: [], single: ['bh'], recurrent: ['bx'], none: ['bx', 'bh'] };

/** A recurrent weight's name: `l0.fwd.Wx`; `l0.fwd.Wr` [P,H] of a projection, which the format has not got. */
export const RECURRENT_NAME = /^l(\d+)\.(fwd|bwd)\.(Wx|Wh|bx|bh|P|Wr)$/;

/** F: features of h. */
export const featuresOf = ({ hidden, projSize }: Pick<Architecture, 'hidden' | 'projSize'>): number => projSize || hidden;

/**
 * @param given the cell, gate order and options of the case
 * @throws Unsupported for a cell or an option that the engine has not got
 * @throws MalformedCase for what is missing or contradicts itself
 */
export function readArchitecture(given: { cell: unknown; gateOrder: unknown; options: Options; weights: Options }): Architecture {
  const { options, weights } = given;
  const cell = oneOf('cell', given.cell, ['rnn_tanh', 'rnn_relu', 'lstm', 'gru']);
  const found = Object.keys(weights).flatMap((name) => {
    const [, layer, side] = RECURRENT_NAME.exec(name) ?? [];
    return side ? [{ name, layer: Number(layer), side }] : [];
  });
  const coupled = flag(options, 'coupledInputForget');
  agreeWithWeights(options, found.map(({ name }) => name));
  const peephole = flag(options, 'peephole') || found.some(({ name }) => name.endsWith('.P'));
  if (cell !== 'lstm' && (coupled || peephole)) throw new Unsupported(`${peephole ? 'peepholes' : 'coupledInputForget'} in the cell ${cell}`);
  const columns = (kind: string): number | undefined => {
    const first = found.find(({ name, layer }) => layer === 0 && name.endsWith(kind));
    return first && (weights[first.name] as { shape?: readonly number[] } | null)?.shape?.[1];
  };
  const rows = (kind: string): number | undefined => {
    const first = found.find(({ name, layer }) => layer === 0 && name.endsWith(kind));
    return first && (weights[first.name] as { shape?: readonly number[] } | null)?.shape?.[0];
  };
  const projSize = Number(options.projSize ?? options.proj_size ?? rows('.Wr') ?? 0);
  if (projSize > 0 && cell !== 'lstm') throw new Unsupported(`projSize in the cell ${cell}`);
  const gates = { lstm: coupled ? ['ifgo', 'igo'] : ['ifgo'], gru: ['rzn'], rnn_tanh: ['h'], rnn_relu: ['h'] }[cell];
  const spellings: Record<string, string> = cell === 'lstm' ? { c: 'g' } : cell === 'gru' ? { h: 'n' } : {};
  return {
    cell, coupled, peephole, projSize, weights,
    layers: size(options, 'layers', 1 + found.reduce((most, { layer }) => Math.max(most, layer), 0)),
    direction: directionOf(options, new Set(found.map(({ side }) => side))),
    input: size(options, 'input', columns('.Wx')),
    hidden: size(options, 'hidden', projSize > 0 ? columns('.Wr') : columns('.Wh')),
    peepholeOrder: order('options.peepholeOrder', options.peepholeOrder ?? 'iof', coupled ? ['iof', 'io'] : ['iof']),
    peepholeOutput: oneOf('peepholeOutputState', options.peepholeOutputState ?? 'new', ['new', 'previous']),
    resetAfter: flag(options, 'resetAfter', true),
    clip: clipOf(options.clip),
    activations: activationsOf(options.activations, cell),
    gateOrder: order('gateOrder', given.gateOrder ?? (gates[0] === 'h' ? 'h' : undefined), gates, spellings),
  };
}

/** @throws MalformedCase where the options say that weights are not there which are */
function agreeWithWeights(options: Options, names: readonly string[]): void {
  const bias = { true: 'both', false: 'none' }[String(options.bias)] ?? options.bias ?? 'both';
  const without = WITHOUT[oneOf('options.bias', bias, ['both', 'single', 'recurrent', 'none'])]!;
  const absent = [['bias', without], ['peephole', options.peephole === undefined || flag(options, 'peephole') ? [] : ['P']]] as const;
  for (const [option, kinds] of absent) {
    const stray = names.find((name) => kinds.includes(name.slice(name.lastIndexOf('.') + 1)));
    if (stray) throw new MalformedCase(`options.${option} is ${JSON.stringify(options[option])}, but there is a weight ${stray}; leave one out`);
  }
}

/** Of the options, by the format's words or WebNN's; of the weights where the options say nothing, or two things. */
function directionOf(options: Options, sides: ReadonlySet<string>): Architecture['direction'] {
  const word = { backward: 'reverse', both: 'bidirectional' }[options.direction as string] ?? options.direction;
  const ofWeights = sides.size === 2 ? 'bidirectional' : sides.has('bwd') ? 'reverse' : 'forward';
  const bidirectional = options.bidirectional === undefined ? undefined : flag(options, 'bidirectional');
  if (word === undefined) return bidirectional === true ? 'bidirectional' : ofWeights;
  const direction = oneOf('direction', word, ['forward', 'reverse', 'bidirectional']);
  return bidirectional === undefined || bidirectional === (direction === 'bidirectional') ? direction : ofWeights;
}

/** 0 is none, as some formats have it. */
function clipOf(given: unknown): number | null {
  if (given === undefined || given === 0) return null;
  if (typeof given !== 'number' || !(given > 0)) throw new MalformedCase(`options.clip is ${JSON.stringify(given)}; it must be a number above 0`);
  return given;
}
