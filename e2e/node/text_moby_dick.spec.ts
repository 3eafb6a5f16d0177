// The default book: whole, in order, and importable through Vite.
import { expect, test } from 'playwright/test';
import { characters } from '../../src/text/characters.ts';
import { mobyDick, mobyDickPlugin } from '../../tools/moby_dick.mjs';

test('the book is whole and its chapters are in order', () => {
  const text = mobyDick();
  expect(text.length).toBeGreaterThan(1_200_000);
  const headings = [...text.matchAll(/^CHAPTER (\d+)\. \S/gm)].map((match) => Number(match[1]));
  expect(headings).toEqual(Array.from({ length: 135 }, (_, i) => i + 1));
  // Slices, so that a failure does not print the book.
  expect(text.slice(0, 10)).toBe('ETYMOLOGY.');
  expect(text.includes('\n\nCHAPTER 1. Loomings.\n\nCall me Ishmael. Some years ago')).toBe(true);
  expect(text.slice(-27)).toBe('only found another orphan.\n');
});

test('its vocabulary and entropy are those of English prose', () => {
  const { vocabulary, unigramEntropy } = characters(mobyDick());
  expect(vocabulary.size).toBe(89);
  expect(unigramEntropy).toBeGreaterThan(3);
  expect(unigramEntropy).toBeLessThan(3.2);
});

test('the Vite module exports the text and leaves other modules alone', async () => {
  const plugin = mobyDickPlugin() as unknown as { resolveId(id: string): string | undefined; load(id: string): string | undefined };
  const id = plugin.resolveId('virtual:moby-dick');
  const code = plugin.load(id!);
  const { default: text } = (await import(`data:text/javascript,${encodeURIComponent(code!)}`)) as { default: string };
  expect(text === mobyDick()).toBe(true);
  expect(plugin.resolveId('./main.ts')).toBeUndefined();
  expect(plugin.load('./main.ts')).toBeUndefined();
});
