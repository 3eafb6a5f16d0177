// Checks of what an application gives, with messages that say what to change.

/** A whole number of at least `least`, or a RangeError naming the option. */
export function wholeNumber(value: number, name: string, least = 1): number {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number of at least ${least}; ${String(value)} was given`);
  }
  return value;
}

/** A whole number that an unsigned integer of the GPU holds, or a RangeError naming the option. A larger one would act as another. */
export function unsignedInteger(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new RangeError(`${name} must be a whole number from 0 to ${2 ** 32 - 1}; ${String(value)} was given`);
  }
  return value;
}

/** A finite number within bounds, or a RangeError naming the option. */
export function finiteNumber(value: number, name: string, { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity } = {}): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value <= above || value > most || value >= below) {
    const bounds = [above > -Infinity && `above ${above}`, least > -Infinity && `at least ${least}`, most < Infinity && `at most ${most}`, below < Infinity && `below ${below}`].filter(Boolean);
    throw new RangeError(`${name} must be a finite number${bounds.length ? ` ${bounds.join(' and ')}` : ''}; ${String(value)} was given`);
  }
  return value;
}

/** One of the given strings, or a RangeError naming the option and them. */
export function oneOf(value: string, name: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new RangeError(`${name} must be one of ${allowed.map((a) => `"${a}"`).join(', ')}; ${JSON.stringify(value)} was given`);
}

/** [N] whole numbers from 0 to `steps`, or a RangeError naming the first that is not. */
export function checkLengths(lengths: ArrayLike<number>, steps: number, batch: number): Uint32Array {
  if (lengths.length !== batch) throw new RangeError(`lengths needs one number a row: ${batch}; ${lengths.length} were given`);
  const bad = Array.from(lengths).findIndex((length) => !Number.isInteger(length) || length < 0 || length > steps);
  if (bad >= 0) throw new RangeError(`lengths[${bad}] is ${lengths[bad]}; it must be a whole number from 0 to ${steps}`);
  return Uint32Array.from(lengths);
}
