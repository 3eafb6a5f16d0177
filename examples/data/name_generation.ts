// A class to a name (one-to-many): each class has a start symbol of its own, and the name runs until the end symbol.
import { CLASSES, type LabelledName } from './names.ts';
import { Symbols } from './symbols.ts';
import { teacherForcing, type DecoderArrays } from './teacher_forcing.ts';

export const END = '<end>';

/** Start symbol of a class. @throws RangeError where there is no such class. */
export function startSymbol(label: number): string {
  const name = CLASSES[label];
  if (name === undefined) throw new RangeError(`${label} is no class; classes go from 0 to ${CLASSES.length - 1} (${CLASSES.join(', ')})`);
  return `<${name}>`;
}

/** The characters of the names, then the end symbol, then a start symbol for each class. */
export function generationSymbols(characters: Symbols): Symbols {
  return new Symbols([...characters.list, END, ...CLASSES.map((_, label) => startSymbol(label))]);
}

export interface GenerationBatch extends DecoderArrays {
  /** [N] index in CLASSES, for a decoder whose initial state comes from the class. */
  readonly labels: Uint32Array<ArrayBuffer>;
}

/** @param symbols from `generationSymbols`. @param options.timeSteps T, at least the longest name and one more. */
export function generationBatch(names: readonly LabelledName[], symbols: Symbols, options: { timeSteps?: number } = {}): GenerationBatch {
  const arrays = teacherForcing(names.map(({ name }) => symbols.encode(name)), {
    start: names.map(({ label }) => symbols.token(startSymbol(label))),
    end: symbols.token(END),
    ...options,
  });
  return { ...arrays, labels: Uint32Array.from(names, ({ label }) => label) };
}

/** The name that generated tokens spell: up to the end symbol, start symbols left out. */
export function generatedName(tokens: Iterable<number>, symbols: Symbols): string {
  const spelled = symbols.decode(tokens);
  const end = spelled.indexOf(END);
  return spelled.slice(0, end < 0 ? spelled.length : end).filter((symbol) => !isStart(symbol)).join('');
}

function isStart(symbol: string): boolean {
  return CLASSES.some((_, label) => symbol === startSymbol(label));
}
