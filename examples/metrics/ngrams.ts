// Characters in a row, with the beginning and the end of a text as signs of their own.

/** Neither is a character of a text: they come from Unicode's private use area. */
const BEFORE = '\uE000';
const AFTER = '\uE001';

/** Every n characters in a row, with n-1 signs before the text and n-1 after it: n = 3 of `ab` gives ^^a, ^ab, ab$, b$$. */
export function ngrams(text: string, n: number): string[] {
  const characters = [...Array<string>(n - 1).fill(BEFORE), ...text, ...Array<string>(n - 1).fill(AFTER)];
  return Array.from({ length: characters.length - n + 1 }, (_, i) => characters.slice(i, i + n).join(''));
}
