// Reading JSON of which nothing is known to be there: options by their names, with messages that say what was given.
import { MalformedCase } from './tensor.ts';

/** What this runner or the engine has no way to do. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

export type Options = Readonly<Record<string, unknown>>;

/** An object without what is null in it; null for anything else. */
export function objectOf(given: unknown): Options | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

/** Likewise, and {} for what is not there. @throws MalformedCase for anything else */
export function objectAt(path: string, given: unknown): Options {
  const found = given === undefined || given === null ? {} : objectOf(given);
  if (!found) throw new MalformedCase(`${path} is ${JSON.stringify(given)}; it must be an object`);
  return found;
}

/** What a case may say in several places. */
export interface Place {
  readonly path: string;
  readonly value: unknown;
}

/** What those places that say anything agree on. @throws MalformedCase where they do not, with `what` at its start */
export function agreed(places: readonly Place[], what?: string): unknown {
  const [first, ...others] = places.filter(({ value }) => value !== undefined && value !== null);
  const shown = ({ path, value }: Place): string => `${JSON.stringify(value)}${what === undefined ? '' : ` in ${path}`}`;
  for (const other of others) {
    if (JSON.stringify(other.value) === JSON.stringify(first!.value)) continue;
    const [one, two] = what === undefined ? [`${first!.path} is `, `${other.path} is `] : [`${what} is `, ''];
    throw new MalformedCase(`${one}${shown(first!)}, but ${two}${shown(other)}; give one of them, or the same twice`);
  }
  return first?.value;
}

/** The first of those names that is there, in the first of the objects that has it. */
export function lookUp(scopes: readonly (Options | null)[], names: readonly string[]): unknown {
  for (const scope of scopes) {
    for (const name of names) if (scope?.[name] !== undefined && scope[name] !== null) return scope[name];
  }
  return undefined;
}

/** A size of the options, or, where they lack it, what the tensors say. */
export function size(options: Options, name: string, otherwise: number | undefined): number {
  const value = options[name] ?? otherwise;
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new MalformedCase(`options.${name} is ${JSON.stringify(value)}; it must be a whole number of at least 1`);
  }
  return value as number;
}

export function flag(options: Options, name: string, otherwise = false): boolean {
  const value = options[name] ?? otherwise;
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== 'boolean') throw new MalformedCase(`options.${name} is ${JSON.stringify(value)}; it must be true or false`);
  return value;
}

export function oneOf<const T extends string>(name: string, value: unknown, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Unsupported(`${name} ${JSON.stringify(value)}`);
  return found;
}

/** Letters of gates in any order, as a word or a list: those of one of `sets`. `spellings`: other letters for the same gate. */
export function order(name: string, given: unknown, sets: readonly string[], spellings: Readonly<Record<string, string>> = {}): string {
  const sorted = (letters: string): string => [...letters].sort().join('');
  const word = Array.isArray(given) ? given.join('') : given;
  const letters = typeof word === 'string' ? [...word.toLowerCase()].map((letter) => spellings[letter] ?? letter).join('') : '';
  if (!sets.some((set) => sorted(set) === sorted(letters))) {
    throw new MalformedCase(`${name} is ${JSON.stringify(given)}; it must have the letters ${sets.join(' or ')} in some order`);
  }
  return letters;
}
