// How a training case trains: optimizer, clipping and loss, of its model or of an object in it that is named for them. Every word there is
// read, or changes nothing, or makes the case unsupported.
import { brief, refuseUnknown } from './fields.ts';
import { MalformedCase } from './tensor.ts';
import { agreed, objectOf, oneOf, Unsupported, type Options, type Place } from './words.ts';

export interface Trainer {
  readonly reduction: 'mean' | 'sum_time_mean_batch';
  readonly adam: { readonly rate: number; readonly beta1: number; readonly beta2: number; readonly epsilon: number };
  /** The global norm to clip at; 0 for none. */ readonly clip: number;
  /** Where the case says so. */ readonly steps: number | null;
}

/** What a value may be called. */
const WORDS = {
  rate: ['lr', 'rate', 'learningRate', 'learning_rate'],
  beta1: ['b1', 'beta1'],
  beta2: ['b2', 'beta2'],
  betas: ['betas'],
  epsilon: ['eps', 'epsilon'],
  clip: ['clip', 'clipNorm', 'maxNorm', 'gradClip'],
  reduction: ['reduction', 'lossReduction'],
  steps: ['steps'],
} as const;

/** Objects, or words for their type, and what each is about. */
const HOLDERS = {
  optimizer: ['optimizer', 'optimiser', 'optim', 'adam', 'train', 'training', 'hyperparameters'],
  loss: ['loss', 'lossFunction', 'criterion'],
} as const;

type Role = keyof typeof HOLDERS;

const TYPE = ['type', 'name', 'kind'] as const;
const HOLDER_NAMES = Object.values(HOLDERS).flat();
const OPTIMIZER_WORDS = Object.values(WORDS).flat();

/** The names of a model that are read here. */
export const TRAINER_FIELDS: readonly string[] = [...HOLDER_NAMES, ...OPTIMIZER_WORDS];

/** An object in which words are looked up. */
interface Scope {
  readonly path: string;
  readonly role: Role | 'model';
  readonly fields: Options;
}

/**
 * @param model the model of the case
 * @param loss the loss beside it, if any
 * @throws Unsupported for another optimizer or loss, or a word that may change what is computed
 * @throws MalformedCase for numbers that are missing or contradict each other
 */
export function readTrainer(model: Options, loss: unknown): Trainer {
  const holders = [...holdersIn('model', model), ...(loss === undefined || loss === null ? [] : [holder('loss', 'loss', loss)])];
  for (const { path, role, fields } of holders) {
    refuseUnknown(path, fields, role === 'loss' ? [...TYPE, ...WORDS.reduction] : [...TYPE, ...TRAINER_FIELDS]);
    for (const name of TYPE) if (fields[name] !== undefined) checkType(role, fields[name]);
  }
  const scopes: Scope[] = [...holders.filter(({ role }) => role === 'optimizer'), { path: 'model', role: 'model', fields: model }, ...holders.filter(({ role }) => role === 'loss')];
  const places = (word: keyof typeof WORDS): Place[] =>
    scopes.flatMap(({ path, fields }) => WORDS[word].map((name) => ({ path: `${path}.${name}`, value: fields[name] }))).filter(({ value }) => value !== undefined);
  const betas = places('betas').map(({ path, value }) => {
    if (!Array.isArray(value) || value.length !== 2) throw new MalformedCase(`${path} is ${brief(value)}; it must be two numbers`);
    return { path, value: value as unknown[] };
  });
  const beta = (word: 'beta1' | 'beta2', k: 0 | 1): Place[] => [...places(word), ...betas.map(({ path, value }) => ({ path, value: value[k] }))];
  const numberAt = (name: string, from: readonly Place[], otherwise?: number): number => number(name, agreed(from, `${name} of the training`) ?? otherwise);
  const [steps] = places('steps');
  return {
    reduction: oneOf('reduction', agreed(places('reduction'), 'reduction of the training') ?? 'mean', ['mean', 'sum_time_mean_batch']),
    adam: {
      rate: numberAt('the learning rate', places('rate')),
      beta1: numberAt('b1', beta('beta1', 0), 0.9),
      beta2: numberAt('b2', beta('beta2', 1), 0.999),
      epsilon: numberAt('eps', places('epsilon'), 1e-8),
    },
    clip: numberAt('clip', places('clip'), 0),
    steps: steps === undefined ? null : number('steps', steps.value),
  };
}

/** Those of the object, and those inside them. `true` says only that there is one. */
function holdersIn(path: string, fields: Options): Scope[] {
  return (Object.keys(HOLDERS) as Role[]).flatMap((role) => HOLDERS[role].flatMap((name) => {
    const value = fields[name];
    if (value === undefined || value === null || value === true) return [];
    const found = holder(`${path}.${name}`, role, value);
    return [found, ...holdersIn(found.path, found.fields)];
  }));
}

function holder(path: string, role: Role, given: unknown): Scope {
  const fields = typeof given === 'string' ? { type: given } : objectOf(given);
  if (!fields) throw new Unsupported(`option ${path.slice(path.lastIndexOf('.') + 1)}: ${path} is ${brief(given)}`);
  return { path, role, fields };
}

function checkType(role: Scope['role'], given: unknown): void {
  const word = String(given).toLowerCase().replace(/[^a-z]/g, '');
  const fits = role === 'loss' ? /^(mean|softmax|sparse|categorical|masked)*(crossentropy|xent|ce)(loss)?$/.test(word) : word === 'adam';
  if (!fits) throw new Unsupported(`${role} ${JSON.stringify(given)}`);
}

function number(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new MalformedCase(`${name} of the training is ${JSON.stringify(value)}; it must be a number`);
  return value;
}
