// A training case, checked: its structure, its networks, head and tables by the names of their weights, its optimizer, and the
// arrays of every step. The format names little of `model`; what is read here, and how, `--help` says.
import { readArchitecture, RECURRENT_NAME, type Architecture } from './architecture.ts';
import { isTensor, section, type CaseJSON, type Expectation } from './case.ts';
import { Series } from './series.ts';
import { decode, MalformedCase, type Tensor } from './tensor.ts';
import { flag, lookUp, objectOf, oneOf, Unsupported, type Options } from './words.ts';

export type Structure = 'char_lm' | 'classifier' | 'seq2seq';

export interface TrainingCase extends Expectation {
  readonly structure: Structure;
  /** The encoder of seq2seq, else the only one. */
  readonly network: NetworkPart;
  /** Of seq2seq. */
  readonly decoder: NetworkPart | null;
  readonly head: { readonly weight: NamedWeight; readonly bias: NamedWeight | null };
  /** S */ readonly steps: number;
  /** By their names in the file. */ readonly inputs: Readonly<Record<string, Series>>;
  readonly reduction: 'mean' | 'sum_time_mean_batch';
  readonly stateful: boolean;
  readonly adam: { readonly rate: number; readonly beta1: number; readonly beta2: number; readonly epsilon: number };
  /** The global norm to clip at; 0 for none. */ readonly clip: number;
  /** The names of `expected` for the losses, the norms and the final weights; null for one that is not wanted. */
  readonly wanted: { readonly loss: string | null; readonly gradNorm: string | null; readonly weights: string | null };
}

export interface NamedWeight {
  readonly name: string;
  readonly tensor: Tensor;
}

/** A recurrent network of the case, the prefix of its weights' names, and the table that its tokens go through, if any. */
export interface NetworkPart {
  readonly prefix: string;
  readonly architecture: Architecture;
  /** [V,E] */ readonly table: NamedWeight | null;
}

/** Inputs of each structure, by the names that they may have; those of the format first. */
export const INPUTS = {
  char_lm: { tokens: ['tokens'], targets: ['targets'], reset: ['resetState', 'reset'] },
  classifier: { tokens: ['tokens', 'x'], lengths: ['lengths'], labels: ['labels', 'targets', 'classes'] },
  seq2seq: {
    tokens: ['encTokens', 'srcTokens', 'tokens', 'x'], lengths: ['encLengths', 'srcLengths', 'lengths'],
    decTokens: ['decTokens'], decTargets: ['decTargets', 'targets'], decMask: ['decMask', 'mask'],
  },
} as const;

/**
 * @throws Unsupported for a structure, an optimizer or an input that is not of this runner
 * @throws MalformedCase for what is missing or contradicts itself
 */
export function readTraining(given: CaseJSON): TrainingCase {
  const { id } = given;
  const model = objectOf(given.model);
  if (!model) throw new MalformedCase('model is missing; a training case is described by it');
  const [weights, rawInputs, expected] = [section(given, 'weights'), section(given, 'inputs'), section(given, 'expected')];
  const structure = structureOf(model, rawInputs);
  const { optimizer, options: inner, encoder: _, decoder: __, enc: ___, dec: ____, ...fields } = model;
  const scopes = [objectOf(optimizer), objectOf(fields), ...Object.values(fields).map(objectOf)];
  const kind = typeof optimizer === 'string' ? optimizer : lookUp([objectOf(optimizer)], ['type', 'name', 'kind']) ?? 'adam';
  oneOf('optimizer', String(kind).toLowerCase(), ['adam']);

  const wanted = wantedOf(expected);
  const tensors = Object.entries(rawInputs).map(([name, value]) => [name, decode(`inputs.${name}`, value)] as const);
  const steps = stepsOf(tensors.map(([, { shape }]) => shape[0] ?? 1), wanted.loss === null ? null : decode('expected.loss', expected[wanted.loss]), scopes);
  const batchFirst = flag(model, 'batchFirst');
  const known: readonly string[] = Object.values(INPUTS[structure]).flat();
  const stranger = tensors.find(([name]) => !known.includes(name));
  if (stranger) throw new Unsupported(`input ${stranger[0]} of ${structure}`);
  const inputs = Object.fromEntries(tensors.map(([name, tensor]) => [name, new Series(name, tensor, steps, batchFirst)]));

  const parts = partsOf(weights);
  const part = (role: 'encoder' | 'decoder'): NetworkPart => {
    const prefix = prefixOf(parts.prefixes, structure === 'seq2seq' ? role : 'only');
    const own = structure === 'seq2seq' ? objectOf(lookUp([model], role === 'encoder' ? ['encoder', 'enc'] : ['decoder', 'dec'])) : null;
    const options: Options = { ...cellOptions(objectOf(fields) ?? {}), ...objectOf(given.options), ...objectOf(inner), ...own };
    const architecture = readArchitecture({
      cell: lookUp([own, model, objectOf(inner), objectOf(given)], ['cell']),
      gateOrder: lookUp([own, model, objectOf(inner), objectOf(given)], ['gateOrder']),
      options: structure === 'seq2seq' && role === 'decoder' ? { ...options, ...decoderInput(own) } : options,
      weights: Object.fromEntries(Object.entries(weights).filter(([name]) => name.startsWith(prefix) && RECURRENT_NAME.test(name.slice(prefix.length)))
        .map(([name, value]) => [name.slice(prefix.length), value])),
    });
    return { prefix, architecture, table: tableOf(parts.tables, structure === 'seq2seq' ? role : 'only', weights) };
  };
  const betas = lookUp(scopes, ['betas']);
  const [first, second] = Array.isArray(betas) ? betas : [];
  return {
    id, structure, expected, steps, inputs, wanted,
    tolerance: objectOf(given.tolerance) ?? {},
    network: part('encoder'),
    decoder: structure === 'seq2seq' ? part('decoder') : null,
    head: headOf(parts.rest, weights),
    reduction: oneOf('reduction', lookUp(scopes, ['reduction', 'lossReduction']) ?? 'mean', ['mean', 'sum_time_mean_batch']),
    stateful: flag(model, 'stateful', structure === 'char_lm' && INPUTS.char_lm.reset.some((name) => inputs[name])),
    adam: {
      rate: number('the learning rate', lookUp(scopes, ['lr', 'rate', 'learningRate'])),
      beta1: number('b1', lookUp(scopes, ['b1', 'beta1']) ?? first ?? 0.9),
      beta2: number('b2', lookUp(scopes, ['b2', 'beta2']) ?? second ?? 0.999),
      epsilon: number('eps', lookUp(scopes, ['eps', 'epsilon']) ?? 1e-8),
    },
    clip: number('clip', lookUp(scopes, ['clip', 'clipNorm', 'maxNorm', 'gradClip']) ?? 0),
  };
}

/** By a word of the model, whatever it calls the field, or by the inputs that only one structure has. */
function structureOf(model: Options, inputs: Options): Structure {
  const plain = (word: unknown): string => (typeof word === 'string' ? word.toLowerCase().replace(/[^a-z0-9]/g, '') : '');
  const words = Object.values(model).map(plain);
  const named = (['char_lm', 'classifier', 'seq2seq'] as const).find((each) => words.includes(plain(each)));
  return named ?? ('decTokens' in inputs ? 'seq2seq' : 'labels' in inputs ? 'classifier' : 'char_lm');
}

/** Steps: of the inputs that have one array a step; of the losses where all have one for all steps. */
function stepsOf(leading: readonly number[], losses: Tensor | null, scopes: readonly (Options | null)[]): number {
  const most = Math.max(1, ...leading);
  if (most > 1) return most;
  const steps = losses ? losses.values.length : lookUp(scopes, ['steps']);
  return number('steps', steps ?? 1);
}

/** The fields of `expected` by what they hold, whatever the file calls them. */
function wantedOf(expected: Options): TrainingCase['wanted'] {
  const wanted: { loss: string | null; gradNorm: string | null; weights: string | null } = { loss: null, gradNorm: null, weights: null };
  for (const [name, value] of Object.entries(expected)) {
    if (typeof value === 'string') continue;
    const isGroup = objectOf(value) !== null && !isTensor(value);
    const field = isGroup && !/grad/i.test(name) ? 'weights' : isGroup ? null : /norm/i.test(name) ? 'gradNorm' : /loss/i.test(name) ? 'loss' : null;
    if (!field || wanted[field] !== null) throw new Unsupported(`expected ${name} of a training case`);
    wanted[field] = name;
  }
  return wanted;
}

/** The model's options as those of its recurrent networks: its `clip` is the optimizer's, and its `input`, if any, may be a vocabulary. */
function cellOptions({ clip: _, input: __, ...options }: Options): Options {
  return options;
}

/** A decoder runs forward, whatever its encoder does, unless its own options say otherwise. */
const decoderInput = (own: Options | null): Options => (own?.direction !== undefined || own?.bidirectional !== undefined ? {} : { direction: undefined, bidirectional: undefined });

interface Parts {
  /** What stands before `l0.fwd.Wx`. */ readonly prefixes: readonly string[];
  readonly tables: readonly string[];
  readonly rest: readonly string[];
}

function partsOf(weights: Options): Parts {
  const prefixes = new Set<string>();
  const [tables, rest]: [string[], string[]] = [[], []];
  for (const name of Object.keys(weights)) {
    const at = name.search(/(?<![A-Za-z0-9])l\d+\.(fwd|bwd)\.(Wx|Wh|bx|bh|P|Wr)$/);
    if (at >= 0) prefixes.add(name.slice(0, at));
    else (/emb/i.test(name) ? tables : rest).push(name);
  }
  return { prefixes: [...prefixes], tables, rest };
}

const SIDES = { encoder: /enc|src|source/i, decoder: /dec|tgt|trg|target/i, only: /^/ } as const;

function prefixOf(prefixes: readonly string[], role: keyof typeof SIDES): string {
  const found = prefixes.filter((prefix) => SIDES[role].test(prefix));
  if (found.length !== 1) {
    throw new Unsupported(`weights of ${role === 'only' ? 'the network' : `the ${role}`}: ${found.length} networks are named so, of ${JSON.stringify(prefixes)}`);
  }
  return found[0]!;
}

/** The table of that side, or the one that both share; none where tokens are one-hot. */
function tableOf(tables: readonly string[], role: keyof typeof SIDES, weights: Options): NamedWeight | null {
  const own = role === 'only' ? tables : tables.filter((name) => SIDES[role].test(name));
  const shared = tables.filter((name) => !SIDES.encoder.test(name) && !SIDES.decoder.test(name));
  const found = own.length > 0 ? own : shared;
  if (found.length > 1) throw new Unsupported(`embeddings ${found.join(', ')}: more than one for the same tokens`);
  return found[0] === undefined ? null : namedWeight(found[0], weights, 2);
}

/** `head.W` [V,F] and `head.b` [V]: what is left, by rank. */
function headOf(rest: readonly string[], weights: Options): TrainingCase['head'] {
  const all = rest.map((name) => ({ name, tensor: decode(`weights.${name}`, weights[name]) }));
  const [matrices, vectors] = [all.filter(({ tensor }) => tensor.shape.length === 2), all.filter(({ tensor }) => tensor.shape.length === 1)];
  const [weight, second] = matrices;
  if (!weight) throw new MalformedCase('weight head.W is missing');
  if (second || vectors.length > 1 || all.length > matrices.length + vectors.length) {
    throw new Unsupported(`weights ${rest.join(', ')}: a head has one matrix and one vector`);
  }
  return { weight, bias: vectors[0] ?? null };
}

function namedWeight(name: string, weights: Options, rank: number): NamedWeight {
  const tensor = decode(`weights.${name}`, weights[name]);
  if (tensor.shape.length !== rank) throw new MalformedCase(`weights.${name} has shape [${tensor.shape}]; it must have ${rank} extents`);
  return { name, tensor };
}

function number(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new MalformedCase(`${name} of the training is ${JSON.stringify(value)}; it must be a number`);
  return value;
}
