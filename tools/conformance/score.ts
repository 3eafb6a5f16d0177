// Results against what a case expects: relative L2 of each field, and its tolerance.
import type { Expectation } from './case.ts';
import { decode, elements, MalformedCase, sameShape, type Tensor } from './tensor.ts';
import { objectOf } from './words.ts';

/** A case's results by field, a group of them by its members' names: `{output, hn, grads: {x, …}}`. */
export interface Results {
  readonly [field: string]: Tensor | { readonly [name: string]: Tensor } | undefined;
}

export interface FieldScore {
  /** `output`, or `grads.l0.fwd.Wx`. */
  readonly field: string;
  /** Relative L2; infinite for a field that is missing, of another shape, or not a number. */
  readonly error: number;
  readonly tolerance: number;
}

/** What may differ, by what it is; the file calls it whatever it likes. */
export type Kind = 'forward' | 'loss' | 'grads' | 'gradNorm' | 'weights';

const STANDARD: Readonly<Record<Kind, number>> = { loss: 2e-4, grads: 1e-4, forward: 3e-5, gradNorm: 1e-3, weights: 5e-3 };

/** What a tolerance may call a kind, in small letters. */
const WORDS: Readonly<Record<Kind, readonly string[]>> = {
  loss: ['loss', 'losses'],
  grads: ['grads', 'grad', 'gradients'],
  forward: ['forward'],
  gradNorm: ['gradnorm', 'gradnorms', 'norm', 'norms'],
  weights: ['weights', 'finalweights', 'params', 'parameters'],
};

/** The format's own fields, which a tolerance may name whether the case expects them or not. */
const FIELDS = ['output', 'hn', 'cn'];

/** The norm of an element below which differences count as if it had it, where the case does not say. */
const FLOOR = 1e-7;

/** ||a-b|| / max(||b||, floor √n) */
export function relativeError(actual: Tensor | undefined, expected: Tensor, floor = FLOOR): number {
  if (!actual || !sameShape(actual.shape, expected.shape)) return Infinity;
  let [difference, norm] = [0, 0];
  expected.values.forEach((value, k) => {
    difference += (actual.values[k]! - value) ** 2;
    norm += value ** 2;
  });
  if (expected.values.length === 0) return 0;
  const error = Math.sqrt(difference) / Math.max(Math.sqrt(norm), floor * Math.sqrt(expected.values.length));
  return Number.isNaN(error) ? Infinity : error;
}

/** A field of `expected`, or a member of a group of it, to be compared. */
export interface Comparison {
  readonly field: string;
  readonly kind: Kind;
  /** The names under which a tolerance may be given, the nearest first. */
  readonly names: readonly string[];
  readonly actual: Tensor | undefined;
  readonly expected: Tensor;
}

/** What a forward or gradients case expects, beside what was found. @throws MalformedCase for an expectation that cannot be read */
export function comparisons({ expected }: Expectation, results: Results): Comparison[] {
  const found: Comparison[] = [];
  for (const field of ['output', 'hn', 'cn', 'loss'] as const) {
    if (expected[field] === undefined) continue;
    const [kind, wanted] = field === 'loss' ? ['loss', expectedLoss(expected)] as const : ['forward', decode(`expected.${field}`, expected[field])] as const;
    found.push({ field, kind, names: [field], actual: results[field] as Tensor | undefined, expected: wanted });
  }
  for (const [name, wanted] of Object.entries(objectOf(expected.grads) ?? {})) {
    const actual = (results.grads as Record<string, Tensor> | undefined)?.[name];
    found.push({ field: `grads.${name}`, kind: 'grads', names: [`grads.${name}`, 'grads'], actual, expected: decode(`expected.grads.${name}`, wanted) });
  }
  return found;
}

/** @throws MalformedCase where there is nothing to compare, or for a tolerance or a floor that is no number or of no field */
export function score({ tolerance }: Expectation, fields: readonly Comparison[]): FieldScore[] {
  if (fields.length === 0) throw new MalformedCase('expected holds nothing to compare with');
  const { default: usual, floor = FLOOR, ...named } = tolerance;
  if (typeof floor !== 'number' || !(floor > 0)) throw new MalformedCase(`tolerance.floor is ${JSON.stringify(floor)}; it must be a number above 0`);
  const ofKind = Object.fromEntries(Object.entries(named).flatMap(([name, value]) => {
    const kind = (Object.keys(WORDS) as Kind[]).find((each) => WORDS[each].includes(name.toLowerCase()));
    if (!kind && !FIELDS.includes(name) && !fields.some(({ names }) => names.includes(name))) {
      throw new MalformedCase(`tolerance.${name} is of no field of this case; name one of ${fields.map(({ field }) => field).join(', ')}, or a kind: ${Object.keys(WORDS).join(', ')}`);
    }
    return kind ? [[kind, value]] : [];
  }));
  return fields.map(({ field, kind, names, actual, expected }) => {
    const nearest = names.find((name) => named[name] !== undefined);
    const allowed = (nearest === undefined ? ofKind[kind] ?? usual : named[nearest]) ?? STANDARD[kind];
    if (typeof allowed !== 'number' || !(allowed >= 0)) {
      throw new MalformedCase(`the tolerance of ${field} is ${JSON.stringify(allowed)}; it must be a number`);
    }
    return { field, error: relativeError(actual, expected, floor), tolerance: allowed };
  });
}

/** By name, null left out. @throws MalformedCase for anything but an object */
export function toleranceOf(given: unknown): Expectation['tolerance'] {
  const found = given === undefined || given === null ? {} : objectOf(given);
  if (!found) throw new MalformedCase(`tolerance is ${JSON.stringify(given)}; it must be an object of numbers, such as {"default":0.0001}`);
  return found;
}

/** A number, or a tensor of one element in any shape. */
export function expectedLoss({ loss }: Expectation['expected']): Tensor {
  const tensor = decode('expected.loss', loss);
  if (elements(tensor.shape) !== 1) throw new MalformedCase(`expected.loss has shape [${tensor.shape}]; it must have one element`);
  return tensor;
}
