// A training case, checked: its structure, its networks, head and tables by the names of their weights, its optimizer, and the
// arrays of every step. The format names little of `model`; what is read of it, and how, `--help` says.
import { NETWORK_OPTIONS, readArchitecture, RECURRENT_NAME, type Architecture } from './architecture.ts';
import { CASE_FIELDS, isTensor, section, type CaseJSON, type Expectation } from './case.ts';
import { describes, refuseUnknown } from './fields.ts';
import { checkHead, checkTable, HEAD_FIELDS, TABLE_FIELDS } from './model_words.ts';
import { toleranceOf } from './score.ts';
import { Series } from './series.ts';
import { decode, MalformedCase, type Tensor } from './tensor.ts';
import { readTrainer, TRAINER_FIELDS, type Trainer } from './trainer.ts';
import { agreed, flag, lookUp, objectAt, objectOf, Unsupported, type Options } from './words.ts';

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
  readonly trainer: Trainer;
  readonly stateful: boolean;
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
  const trainer = readTrainer(model, given.loss);
  const [inner, outer] = [objectAt('model.options', model.options), objectAt('options', given.options)];
  refuseStrangers(given, structure, { model, inner, outer });

  const wanted = wantedOf(expected);
  const tensors = Object.entries(rawInputs).map(([name, value]) => [name, decode(`inputs.${name}`, value)] as const);
  const steps = stepsOf(tensors.map(([, { shape }]) => shape[0] ?? 1), wanted.loss === null ? null : decode('expected.loss', expected[wanted.loss]), trainer.steps);
  const places = [['model', model], ['model.options', inner], ['options', outer]] as const;
  const batchFirst = flag({ batchFirst: agreed(places.map(([path, { batchFirst }]) => ({ path: `${path}.batchFirst`, value: batchFirst }))) }, 'batchFirst');
  const known: readonly string[] = Object.values(INPUTS[structure]).flat();
  const stranger = tensors.find(([name]) => !known.includes(name));
  if (stranger) throw new Unsupported(`input ${stranger[0]} of ${structure}`);
  for (const names of Object.values(INPUTS[structure]) as readonly (readonly string[])[]) {
    const [one, other] = names.filter((name) => rawInputs[name] !== undefined);
    if (other) throw new MalformedCase(`inputs.${one} and inputs.${other} are both given; they stand for the same, leave one out`);
  }
  const inputs = Object.fromEntries(tensors.map(([name, tensor]) => [name, new Series(name, tensor, steps, batchFirst)]));

  const parts = partsOf(weights);
  const part = (role: 'encoder' | 'decoder'): NetworkPart => {
    const side = structure === 'seq2seq' ? role : 'only';
    const prefix = prefixOf(parts.prefixes, side);
    const { path, fields: own } = structure === 'seq2seq' ? sideOf(model, role) : { path: 'model', fields: {} };
    const options: Options = { ...cellOptions(model), ...outer, ...inner, ...own };
    const architecture = readArchitecture({
      cell: lookUp([own, model, inner, outer, objectOf(given)], ['cell']),
      gateOrder: lookUp([own, model, inner, outer, objectOf(given)], ['gateOrder']),
      options: role === 'decoder' ? { ...options, ...decoderInput(own) } : options,
      weights: Object.fromEntries(Object.entries(weights).filter(([name]) => name.startsWith(prefix) && RECURRENT_NAME.test(name.slice(prefix.length)))
        .map(([name, value]) => [name.slice(prefix.length), value])),
    });
    const table = tableOf(parts.tables, side, weights);
    for (const [where, fields] of [['model', model], [path, own]] as const) checkTable(where, fields, table, architecture.input);
    const tokens = (role === 'decoder' ? INPUTS.seq2seq.decTokens : INPUTS[structure].tokens).find((name) => inputs[name]);
    if (table && tokens !== undefined && inputs[tokens]!.shape.length > 2) throw new Unsupported(`weight ${table.name}: inputs.${tokens} holds no tokens`);
    return { prefix, architecture, table };
  };
  const [network, decoder] = [part('encoder'), structure === 'seq2seq' ? part('decoder') : null];
  refuseUnread(weights, parts, [network, ...(decoder ? [decoder] : [])]);
  const head = headOf(parts.rest, weights);
  checkHead(model, head.bias);
  const stateful = flag(model, 'stateful', structure === 'char_lm' && INPUTS.char_lm.reset.some((name) => inputs[name]));
  if (structure !== 'char_lm' && stateful) throw new Unsupported(`stateful of ${structure}`);
  if (structure !== 'char_lm' && trainer.reduction !== 'mean') throw new Unsupported(`reduction ${JSON.stringify(trainer.reduction)} of ${structure}`);
  return { id, structure, expected, steps, inputs, wanted, trainer, network, decoder, head, stateful, tolerance: toleranceOf(given.tolerance) };
}

/** The options of a network that a training case may have, here or there. */
const OPTIONS = [...NETWORK_OPTIONS, 'cell', 'batchFirst', 'initialStates', 'singleStep'];
const SIDE_NAMES = { encoder: ['encoder', 'enc'], decoder: ['decoder', 'dec'] } as const;

/** @throws Unsupported for a field of the case or its model that nothing here reads */
function refuseStrangers(given: CaseJSON, structure: Structure, { model, inner, outer }: { model: Options; inner: Options; outer: Options }): void {
  refuseUnknown('', { ...given }, [...CASE_FIELDS, 'model']);
  refuseUnknown('options', outer, OPTIONS);
  refuseUnknown('model.options', inner, OPTIONS);
  const sides = structure === 'seq2seq' ? (['encoder', 'decoder'] as const).map((role) => sideOf(model, role)) : [];
  for (const { path, fields } of sides) refuseUnknown(path, fields, [...OPTIONS, ...TABLE_FIELDS]);
  const naming = Object.keys(model).filter((name) => plain(model[name]) === plain(structure));
  const others = ['options', 'stateful', ...naming, ...(structure === 'seq2seq' ? Object.values(SIDE_NAMES).flat() : [])];
  refuseUnknown('model', model, [...OPTIONS, ...TRAINER_FIELDS, ...TABLE_FIELDS, ...HEAD_FIELDS, ...others]);
}

/** What the model says of that side alone. */
function sideOf(model: Options, role: 'encoder' | 'decoder'): { path: string; fields: Options } {
  const places = SIDE_NAMES[role].map((name) => ({ path: `model.${name}`, value: model[name] }));
  const path = (places.find(({ value }) => value !== undefined) ?? places[0]!).path;
  return { path, fields: objectAt(path, agreed(places)) };
}

/** @throws Unsupported for a weight of a network that the structure has not got */
function refuseUnread(weights: Options, { prefixes, tables }: Parts, read: readonly NetworkPart[]): void {
  const prefix = prefixes.find((each) => !read.some((part) => part.prefix === each));
  const stray = tables.find((each) => !read.some(({ table }) => table?.name === each)) ?? Object.keys(weights).find((name) => prefix && name.startsWith(prefix));
  if (stray !== undefined) throw new Unsupported(`weight ${stray}: of no network`);
}

/** A word in small letters, without what separates its parts; '' for what is none. */
const plain = (word: unknown): string => (typeof word === 'string' ? word.toLowerCase().replace(/[^a-z0-9]/g, '') : '');

/** By a word of the model, whatever it calls the field, or by the inputs that only one structure has. */
function structureOf(model: Options, inputs: Options): Structure {
  const words = Object.values(model).map(plain);
  const named = (['char_lm', 'classifier', 'seq2seq'] as const).find((each) => words.includes(plain(each)));
  return named ?? ('decTokens' in inputs ? 'seq2seq' : 'labels' in inputs ? 'classifier' : 'char_lm');
}

/** Steps: of the inputs that have one array a step; of the losses where all have one for all steps. */
function stepsOf(leading: readonly number[], losses: Tensor | null, said: number | null): number {
  const most = Math.max(1, ...leading);
  if (most > 1) return most;
  return losses ? losses.values.length : said ?? 1;
}

/** The fields of `expected` by what they hold, whatever the file calls them. */
function wantedOf(expected: Options): TrainingCase['wanted'] {
  const wanted: { loss: string | null; gradNorm: string | null; weights: string | null } = { loss: null, gradNorm: null, weights: null };
  for (const [name, value] of Object.entries(expected)) {
    if (describes(name) && !isTensor(value)) continue;
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
const decoderInput = (own: Options): Options => (own.direction !== undefined || own.bidirectional !== undefined ? {} : { direction: undefined, bidirectional: undefined });

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
