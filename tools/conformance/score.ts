// Results against what a case expects: relative L2 of each field, and its tolerance.
import type { Case } from './case.ts';
import { decode, elements, MalformedCase, sameShape, type Tensor } from './tensor.ts';

export interface Results {
  readonly output?: Tensor;
  readonly hn?: Tensor;
  readonly cn?: Tensor;
  /** [] */ readonly loss?: Tensor;
  /** By the case's names of weights, x, h0 and c0. */ readonly grads?: Readonly<Record<string, Tensor>>;
}

export interface FieldScore {
  /** `output`, or `grads.l0.fwd.Wx`. */
  readonly field: string;
  /** Relative L2; infinite for a field that is missing, of another shape, or not a number. */
  readonly error: number;
  readonly tolerance: number;
}

const STANDARD = { loss: 2e-4, grads: 1e-4, forward: 3e-5 } as const;

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

/** @throws MalformedCase for an expectation that cannot be read, or where there is none */
export function score(one: Case, results: Results): FieldScore[] {
  const scores: FieldScore[] = [];
  const compare = (field: string, actual: Tensor | undefined, expected: Tensor): void => {
    scores.push({ field, error: relativeError(actual, expected), tolerance: toleranceOf(one, field) });
  };
  for (const field of ['output', 'hn', 'cn'] as const) {
    if (one.expected[field] !== undefined) compare(field, results[field], decode(`expected.${field}`, one.expected[field]));
  }
  const loss = expectedLoss(one);
  if (loss) compare('loss', results.loss, loss);
  for (const [name, expected] of Object.entries(one.expected.grads ?? {})) {
    compare(`grads.${name}`, results.grads?.[name], decode(`expected.grads.${name}`, expected));
  }
  if (scores.length === 0) throw new MalformedCase('expected holds nothing to compare with');
  return scores;
}

/** A number, or a tensor of one element in any shape; null where there is none. */
export function expectedLoss({ expected }: Case): Tensor | null {
  const { loss } = expected;
  if (loss === undefined) return null;
  if (typeof loss === 'number') return { shape: [], values: Float64Array.of(loss) };
  const tensor = decode('expected.loss', loss);
  if (elements(tensor.shape) !== 1) throw new MalformedCase(`expected.loss has shape [${tensor.shape}]; it must have one element`);
  return tensor;
}

/** Of the field itself, of its kind, or the case's default; else the format's own. */
function toleranceOf({ tolerance }: Case, field: string): number {
  const kind = field.startsWith('grads.') ? 'grads' : field;
  const value = tolerance[field] ?? tolerance[kind] ?? tolerance.default ?? STANDARD[kind === 'loss' || kind === 'grads' ? kind : 'forward'];
  if (typeof value !== 'number' || !(value >= 0)) throw new MalformedCase(`the tolerance of ${field} is ${JSON.stringify(value)}; it must be a number`);
  return value;
}
