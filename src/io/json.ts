// JSON from a file that nobody has checked: how deep it may be, that no name is given twice, and how an error quotes it.

import { clip } from '../checks/shown.ts';

/** Lists and objects inside one another. What this package writes has a few. */
const MAX_DEPTH = 64;
/** Characters of a value that an error shows. */
const QUOTED = 120;

/** The value. @throws SyntaxError for text that is no JSON, is nested deeper than 64, or names something twice in one object */
export function parseJson(text: string): unknown {
  checkStructure(text);
  return JSON.parse(text);
}

/** A value as an error message shows it: its JSON, cut short where it is long. */
export function quote(value: unknown): string {
  // Of a long string the beginning is enough to write.
  return clip(JSON.stringify(typeof value === 'string' && value.length > QUOTED ? value.slice(0, QUOTED + 1) : value) ?? String(value), QUOTED);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of text that may be no JSON at all; what is wrong with it otherwise, `JSON.parse` says. */
function checkStructure(text: string): void {
  /** The names of each open object, null for a list. */
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (open.length === MAX_DEPTH) throw new SyntaxError(`it is nested deeper than ${MAX_DEPTH} at character ${i}`);
      open.push(code === OPEN_OBJECT ? new Set() : null);
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      open.pop();
    } else if (code === STRING) {
      const end = endOfString(text, i);
      const names = open.at(-1);
      if (names && isName(text, end + 1)) {
        const raw = text.slice(i + 1, end);
        const name = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
        if (names.has(name)) throw new SyntaxError(`${quote(name)} is there twice in one object`);
        names.add(name);
      }
      i = end;
    }
  }
}

const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, STRING, ESCAPE, COLON] = [...'{}[]"\\:'].map((c) => c.charCodeAt(0)) as [number, number, number, number, number, number, number];
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** The closing quote of a string that opens at `start`; the text's end where there is none. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  for (let code; end < text.length && (code = text.charCodeAt(end)) !== STRING; end++) if (code === ESCAPE) end++;
  return end;
}

/** Whether a colon comes next. */
function isName(text: string, after: number): boolean {
  while (SPACES.has(text.charCodeAt(after))) after++;
  return text.charCodeAt(after) === COLON;
}
