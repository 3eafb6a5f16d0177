// Checks of single values that an application gives. Each takes the value and the name of the option, and throws a RangeError or a
// TypeError that says what was given and what would do.
import { shown } from './shown.ts';

/** Throws where the value is not what the option of that name takes. */
export type Check = (value: never, name: string) => unknown;

/** A whole number of at least `least`, up to where numbers are exact. */
export function wholeNumber(value: number, name: string, least = 1): number {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${name} must be a whole number of at least ${least}; ${shown(value)} was given`);
  return value;
}

/** A whole number of at least `least`, as a check of an option. */
export const atLeast = (least: number) => (value: number, name: string): number => wholeNumber(value, name, least);

/** A whole number that an unsigned integer of the GPU holds. A larger one would act as another. */
export function unsignedInteger(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new RangeError(`${name} must be a whole number from 0 to ${2 ** 32 - 1}; ${shown(value)} was given`);
  }
  return value;
}

export interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** A finite number within bounds. */
export function finiteNumber(value: number, name: string, { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity }: Bounds = {}): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value <= above || value > most || value >= below) {
    const bounds = [above > -Infinity && `above ${above}`, least > -Infinity && `at least ${least}`, most < Infinity && `at most ${most}`, below < Infinity && `below ${below}`].filter(Boolean);
    throw new RangeError(`${name} must be a finite number${bounds.length ? ` ${bounds.join(' and ')}` : ''}; ${shown(value)} was given`);
  }
  return value;
}

/** A finite number within bounds, as a check of an option. */
export const within = (bounds: Bounds) => (value: number, name: string): number => finiteNumber(value, name, bounds);

/** A finite number, as a check of an option. */
export const finite = within({});

/** From 0 to below 1: the probability of a dropout, the decay of a mean. */
export const fraction = within({ least: 0, below: 1 });

/** A whole number of at least 1, or Infinity. */
export function wholeOrInfinite(value: number, name: string, least = 1): number {
  if (value !== Infinity && (!Number.isSafeInteger(value) || value < least)) {
    throw new RangeError(`${name} must be a whole number of at least ${least}, or Infinity; ${shown(value)} was given`);
  }
  return value;
}

export function flag(value: boolean, name: string): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false; ${shown(value)} was given`);
  return value;
}

/** One of the given strings. */
export function oneOf<T extends string>(value: T, name: string, allowed: readonly T[]): void {
  if (!allowed.includes(value)) throw new RangeError(`${name} must be one of ${allowed.map((a) => `"${a}"`).join(', ')}; ${shown(value)} was given`);
}

/** One of the given strings, as a check of an option. */
export const among = <T extends string>(...allowed: readonly T[]) => (value: T, name: string): void => oneOf(value, name, allowed);

/** A list of some of the given strings, as a check of an option. */
export const someOf = <T extends string>(...allowed: readonly T[]) => (value: readonly T[], name: string): void => {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be a list of ${allowed.map((a) => `"${a}"`).join(', ')}; ${shown(value)} was given`);
  for (const each of value) oneOf(each as T, name, allowed);
};

export function text(value: string, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string; ${shown(value)} was given`);
  return value;
}

export function callback(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function; ${shown(value)} was given`);
}

export function abortSignal(value: AbortSignal, name: string): void {
  if (typeof value?.throwIfAborted !== 'function') throw new TypeError(`${name} must be an AbortSignal, such as new AbortController().signal; ${shown(value)} was given`);
}

/** Bytes of a file. */
export function bytes(value: Uint8Array, name: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array of a file's bytes; ${shown(value)} was given`);
  return value;
}

/** What a function is called on or with. `of` says how one is made. */
export function instance<C>(value: unknown, kind: abstract new (...all: never[]) => C, name: string, of: string): asserts value is C {
  if (!(value instanceof kind)) throw new TypeError(`${name} must be ${of}; ${shown(value)} was given`);
}

/** A list, or a typed array, of numbers. */
export function numbers(value: ArrayLike<number>, name: string): ArrayLike<number> {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
  if (!isList) throw new TypeError(`${name} must be an array of numbers; ${shown(value)} was given`);
  return value;
}

/** [N] whole numbers from 0 to `steps`, one a row. */
export function checkLengths(lengths: ArrayLike<number>, steps: number, batch: number): Uint32Array {
  return wholeNumbers(lengths, 'lengths', batch, steps);
}

/** `count` whole numbers from 0 to `most`, one a row. */
export function wholeNumbers(values: ArrayLike<number>, name: string, count: number, most: number): Uint32Array {
  numbers(values, name);
  if (values.length !== count) throw new RangeError(`${name} needs one number a row: ${count}; ${values.length} were given`);
  const bad = Array.from(values).findIndex((value) => !Number.isInteger(value) || value < 0 || value > most);
  if (bad >= 0) throw new RangeError(`${name}[${bad}] is ${shown(values[bad])}; it must be a whole number from 0 to ${most}`);
  return Uint32Array.from(values);
}
