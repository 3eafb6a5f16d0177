// What every case demands: that promises settle, that errors are the engine's own, that results are those of the undisturbed run.
import { describe, LostError } from './turn.ts';

/** How long a promise may take to settle, on a machine that has other things to do. */
const LIMIT_MS = 90_000;

/** Texts of errors that the JavaScript engine or the browser made, not this engine: they name no option and say no next step. */
const RAW = /Cannot (read|set|destructure|convert|mix|access)|is not (a function|iterable|defined|a constructor|an object)|undefined \(reading|object null|Invalid (array|typed array|count|string)|call stack|Failed to execute|out of bounds$|allocation failed|^Unexpected (token|end)|must have a Symbol|BigInt|is not of type|^Argument \d/;

/** The errors that the engine documents. */
const NAMES = new Set([
  'DeviceLostError', 'GpuCommandError', 'ShaderError', 'OutOfMemoryError', 'DestroyedError', 'WebGPUUnavailableError', 'NotFiniteError', 'NotFiniteModelError',
  'TrainingInterruptedError', 'SafetensorsError', 'RangeError', 'TypeError', 'Error',
]);

/** What a promise came to. */
export type Outcome<T> = { readonly value: T; readonly error?: undefined } | { readonly error: unknown; readonly value?: undefined };

/** Its time begins when `from` settles. @throws LostError where it does not settle in time */
export async function settled<T>(what: string, promise: Promise<T>, limit = LIMIT_MS, from: Promise<unknown> = Promise.resolve()): Promise<Outcome<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = from.then(() => new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), limit))));
  const outcome = await Promise.race([promise.then((value) => ({ value }), (error: unknown) => ({ error })), late]);
  clearTimeout(timer);
  if (outcome === 'late') throw new LostError(`${what} has not settled after ${limit / 1000} seconds`);
  return outcome;
}

/** Whether an error is one that this engine makes, and not one that something inside of it ran into. */
export const isOwn = (error: unknown): error is Error => error instanceof Error && NAMES.has(error.name) && !RAW.test(error.message);

/** @throws LostError for an error of another name than those given, or a raw one */
export function demandError(what: string, error: unknown, names: readonly string[]): void {
  if (!isOwn(error) || !names.includes(error.name)) throw new LostError(`${what} failed with ${describe(error)}; ${names.join(' or ')} was to be expected`);
}

/** @throws LostError unless both have the same bits, or say the same */
export function demandSame(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [bits(found), bits(expected)];
  if (a === b) return;
  let at = 0;
  while (a[at] === b[at]) at++;
  const near = (text: string): string => text.slice(Math.max(0, at - 20), at + 40);
  throw new LostError(`${what} differs from the undisturbed: …${near(a)}… instead of …${near(b)}…`);
}

function bits(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return value.byteLength % 4 === 0 ? new Uint32Array(bytes.slice().buffer).join(' ') : bytes.join(' ');
  }
  if (Array.isArray(value) && value.every((each) => typeof each === 'number')) return bits(Float64Array.from(value));
  if (typeof value === 'object' && value !== null) return JSON.stringify(Object.entries(value).map(([key, each]) => [key, bits(each)]));
  return String(value);
}
