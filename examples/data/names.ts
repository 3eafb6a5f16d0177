// First names and their gender: a sequence to one class (many-to-one).
import { padTimeFirst, type PaddedTokens } from './padding.ts';
import { shuffledSplit, type Shares, type Split } from './split.ts';
import { Symbols } from './symbols.ts';

/** A class is its index here. */
export const CLASSES = ['female', 'male'] as const;

export type NameLists = Readonly<Record<(typeof CLASSES)[number], readonly string[]>>;

export interface LabelledName {
  /** Lower case. */
  readonly name: string;
  /** Index in CLASSES. */
  readonly label: number;
}

export interface NameData extends Split<LabelledName> {
  /** The characters of all names: letters and the hyphen. */
  readonly symbols: Symbols;
  /** Names that both lists had; they have no one answer and are left out. */
  readonly inBoth: number;
  /** Entries that repeated a name of their own list. */
  readonly repeated: number;
  /** Characters of the longest name. */
  readonly longest: number;
}

/**
 * Lower-case the names, leave out those of both lists, shuffle by the seed and split.
 * @param options seed default 1; shares default a tenth each for validation and test.
 * @throws RangeError where a part of the split is empty, or a name is.
 */
export function prepareNames(lists: NameLists, options: Partial<Shares> & { seed?: number } = {}): NameData {
  const { seed = 1, validation = 0.1, test = 0.1 } = options;
  const sets = CLASSES.map((label) => new Set(lists[label].map(normalizeName)));
  const entries = CLASSES.reduce((sum, label) => sum + lists[label].length, 0);
  const names = sets.flatMap((own, label) => {
    const other = sets[1 - label]!;
    return [...own].filter((name) => !other.has(name)).map((name) => ({ name, label }));
  });
  const different = sets.reduce((sum, { size }) => sum + size, 0);
  return {
    ...shuffledSplit(names, { seed, validation, test }),
    symbols: Symbols.of(names.map(({ name }) => name)),
    inBoth: (different - names.length) / 2,
    repeated: entries - different,
    longest: names.reduce((most, { name }) => Math.max(most, [...name].length), 0),
  };
}

export interface NameBatch extends PaddedTokens {
  /** [N] index in CLASSES. */
  readonly labels: Uint32Array<ArrayBuffer>;
}

/** Characters [T,N] and the class of each name [N]. */
export function nameBatch(names: readonly LabelledName[], symbols: Symbols, options: { timeSteps?: number } = {}): NameBatch {
  return {
    ...padTimeFirst(names.map(({ name }) => symbols.encode(name)), options),
    labels: Uint32Array.from(names, ({ label }) => label),
  };
}

function normalizeName(name: string): string {
  const normal = name.trim().normalize('NFC').toLowerCase();
  if (normal === '') throw new RangeError('a name is empty; leave it out of the list');
  return normal;
}
