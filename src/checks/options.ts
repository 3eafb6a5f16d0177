// Checks of an object of options: that it is one, that no name in it is misspelt, that each option is what it must be.
import { clip, shown } from './shown.ts';
import type { Check } from './values.ts';

/** A check for every option of O. */
export type Checks<O> = { readonly [K in keyof O]-?: (value: Exclude<O[K], undefined>, name: string) => unknown };

/** The names of the options of O that must be given. */
export type Needed<O> = readonly { [K in keyof O]-?: undefined extends O[K] ? never : K }[keyof O][];

/**
 * Check the options that were given to `to`, such as "createLinear". An option that is undefined is left out, unless it is `needed`.
 * @param within what stands before each name in an error: "layers[0]." of a list, "" of the options themselves.
 * @throws TypeError for what is no object of options, or for a name that there is not; what the checks throw
 */
export function checkOptions<O extends object>(given: O, to: string, checks: Checks<O>, needed: Needed<O>, within = ''): void {
  const what = within === '' ? `the options of ${to}` : within.replace(/\.$/, '');
  if (!isPlain(given)) {
    throw new TypeError(`${what} must be an object, such as { ${(needed.length > 0 ? needed : Object.keys(checks).slice(0, 1)).join(', ')} }; ${shown(given)} was given`);
  }
  const names = Object.keys(checks);
  for (const name of Object.keys(given)) if (!Object.hasOwn(checks, name)) throw new TypeError(unknownOption(within + clip(name), to, nearest(name, names), names));
  for (const [name, check] of Object.entries(checks) as [keyof O & string, Check][]) {
    const value = given[name];
    if (value !== undefined) check(value as never, within + name);
    else if ((needed as readonly unknown[]).includes(name)) throw new TypeError(`${what} must have ${name}: ${to} needs ${needed.join(', ')}`);
  }
}

/** Whether it is what { } makes, in this realm or another's: no list, no date, nothing of a class. */
export function isPlain(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An option that is an object of options itself. */
export const fields = <O extends object>(to: string, checks: Checks<NoInfer<O>>, needed: Needed<NoInfer<O>>) => (value: O, name: string): void => checkOptions(value, to, checks, needed, `${name}.`);

function unknownOption(name: string, to: string, near: string | null, names: readonly string[]): string {
  return `${to} has no option "${name}". ` + (near === null ? `Its options are ${names.join(', ')}` : `Did you mean "${near}"?`);
}

/** The name that was probably meant: the same letters in another case or with other signs between, or at most a third of them other. */
function nearest(name: string, names: readonly string[]): string | null {
  const plain = (of: string): string => of.toLowerCase().replace(/[^a-z0-9]/g, '');
  const meant = plain(name.slice(0, 64));
  let best: { name: string; distance: number } | null = null;
  for (const candidate of names) {
    const distance = editDistance(meant, plain(candidate));
    if (distance <= Math.max(candidate.length, meant.length) / 3 && distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1]));
    }
    row = next;
  }
  return row[b.length]!;
}
