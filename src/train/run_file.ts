// What the file of a training run says of its optimizer and of where it stands: each field checked when it is read, and compared with the
// run that is to go on.
import { clip } from '../checks/shown.ts';
import { isRecord, quote } from '../io/json.ts';
import { SafetensorsError, type Tensor } from '../io/safetensors.ts';
import { notFinite } from '../io/claims.ts';
import { scheduleOf, type LearningRateSchedule } from './schedule.ts';

/** The optimizer by its name, and all that its updates depend on besides the rate. */
export interface OptimizerFields {
  readonly name: string;
  readonly options: Readonly<Record<string, number | boolean>>;
}

/** Both bounds of the clip; 0 for the one that is not given. */
export interface ClipFields {
  readonly clipNorm: number;
  readonly clipValue: number;
}

/** The fields of an object that a file has in its metadata. Every reader throws a TypeError or RangeError for what it does not take. */
export class RunFields {
  readonly #value: Readonly<Record<string, unknown>>;

  /** @throws TypeError for what is no object */
  constructor(value: unknown) {
    if (!isRecord(value)) throw new TypeError(`it must be an object; ${quote(value)} was found`);
    this.#value = value;
  }

  /** A whole number of at least `least`. */
  count(key: string, least: number): number {
    const found = this.#value[key];
    if (typeof found !== 'number' || !Number.isSafeInteger(found) || found < least) throw new RangeError(`${key} must be a whole number of at least ${least}; ${quote(found)} was found`);
    return found;
  }

  /** A value that `is` takes, which is `what` in words. */
  checked<T>(key: string, is: (found: unknown) => boolean, what: string): T {
    return checked<T>(key, this.#value[key], is, what);
  }

  get learningRate(): LearningRateSchedule {
    return scheduleOf(this.checked<LearningRateSchedule>('learningRate', isRecord, 'a schedule'));
  }

  get optimizer(): OptimizerFields {
    const { name, options } = this.checked<OptimizerFields>('optimizer', isRecord, '{ name, options }');
    checked('optimizer.name', name, (found) => typeof found === 'string', 'a string');
    checked('optimizer.options', options, (found) => isRecord(found) && Object.values(found).every(isScalar), 'an object of numbers and booleans');
    return { name, options };
  }

  get gradientClip(): ClipFields {
    const { clipNorm, clipValue } = this.checked<ClipFields>('gradientClip', isRecord, '{ clipNorm, clipValue }');
    for (const bound of [clipNorm, clipValue]) checked('gradientClip', bound, (found) => typeof found === 'number' && Number.isFinite(found) && found >= 0, '{ clipNorm, clipValue } of numbers from 0');
    return { clipNorm, clipValue };
  }
}

const isScalar = (found: unknown): boolean => typeof found === 'boolean' || (typeof found === 'number' && Number.isFinite(found));

function checked<T>(key: string, found: unknown, is: (found: unknown) => boolean, what: string): T {
  if (!is(found)) throw new TypeError(`${key} must be ${what}; ${quote(found)} was found`);
  return found as T;
}

/** What a file and the object that reads it are called in messages, such as 'the checkpoint' and 'trainer'. */
export interface Compared {
  readonly file: string;
  readonly reader: string;
}

/**
 * @param allow how `restore` is told that the difference is meant, where it can be
 * @throws RangeError where the file's value is another than the reader's
 */
export function requireSame({ file, reader }: Compared, what: string, theirs: unknown, ours: unknown, allow?: string): void {
  const [a, b] = [theirs, ours].map((value) => clip(isRecord(value) ? JSON.stringify(value) : String(value), 400));
  if (a === b) return;
  const meant = allow ? `, or restore(bytes, { allow: ['${allow}'] }) if the difference is meant` : '';
  throw new RangeError(`${file} was made with ${what} ${a}, this ${reader} with ${what} ${b}: make the ${reader} with ${a}${meant}`);
}

/** @throws SafetensorsError where `file` does not hold the tensor in that shape, or not finite from the element `finiteFrom` on */
export function tensorOf(file: string, tensors: ReadonlyMap<string, Tensor>, name: string, shape: readonly number[], finiteFrom = 0): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
    const held = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing';
    throw new SafetensorsError(`${file} contradicts itself: it holds ${held} for ${name}, and its run needs F32 [${shape}]. Take another copy of it`);
  }
  const data = tensor.data as Float32Array;
  const wrong = notFinite(name, data, finiteFrom);
  if (wrong) throw new SafetensorsError(`${wrong}: the run in ${file} has diverged. Take an earlier one`);
  return data;
}
