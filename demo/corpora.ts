// The texts to learn: the two that come with the page, and the reader's own.
import { POEMS } from './poems.ts';

/** Beyond this a page's memory suffers more than the model gains. */
export const LARGEST_FILE_MB = 64;

/** The text of *Moby-Dick*, fetched when first asked for. */
export async function mobyDick(): Promise<string> {
  return (await import('virtual:moby-dick')).default;
}

export function poems(): string {
  return POEMS;
}

/** The text of a file, or null where it is neither UTF-8 nor EUC-KR (which many older Korean files are in). */
export async function textOf(file: Blob): Promise<string | null> {
  const bytes = await file.arrayBuffer();
  if (new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 4096)).includes(0)) return null; // binary
  for (const encoding of ['utf-8', 'euc-kr']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n');
    } catch {
      // not in this encoding
    }
  }
  return null;
}

const HANGUL = /\p{Script=Hangul}/u;

export const hasHangul = (text: string): boolean => HANGUL.test(text);

/** A prompt that the text itself could hold. */
export function promptFor(corpus: 'moby' | 'poems' | 'own', text: string): string {
  if (corpus === 'moby') return 'Call me ';
  if (corpus === 'poems') return '산에는 ';
  return text.trimStart().split('\n', 1)[0]!.slice(0, 12);
}
