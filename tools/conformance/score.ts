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

/** ||a-b|| / max(||b||, 1e-7 √n) */
export function relativeError(actual: Tensor | undefined, expected: Tensor): number {
  if (!actual || !sameShape(actual.shape, expected.shape)) return Infinity;
  let [difference, norm] = [0, 0];
  expected.values.forEach((value, k) => {
    difference += (actual.values[k]! - value) ** 2;
    norm += value ** 2;
  });
  if (expected.values.length === 0) return 0;
  const error = Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-7 * Math.sqrt(expected.values.length));
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

/** @throws MalformedCase where there is nothing to compare, or for a tolerance that is no number */
export function score({ tolerance }: Expectation, fields: readonly Comparison[]): FieldScore[] {
  if (fields.length === 0) throw new MalformedCase('expected holds nothing to compare with');
  return fields.map(({ field, kind, names, actual, expected }) => {
    const named = names.find((name) => tolerance[name] !== undefined);
    const allowed = (named === undefined ? tolerance.default : tolerance[named]) ?? STANDARD[kind];
    if (typeof allowed !== 'number' || !(allowed >= 0)) {
      throw new MalformedCase(`the tolerance of ${field} is ${JSON.stringify(allowed)}; it must be a number`);
    }
    return { field, error: relativeError(actual, expected), tolerance: allowed };
  });
}

/** A number, or a tensor of one element in any shape. */
export function expectedLoss({ loss }: Expectation['expected']): Tensor {
  const tensor = decode('expected.loss', loss);
  if (elements(tensor.shape) !== 1) throw new MalformedCase(`expected.loss has shape [${tensor.shape}]; it must have one element`);
  return tensor;
}
