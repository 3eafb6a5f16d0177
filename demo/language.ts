// The page's language: which one, its texts by key, and numbers as its readers write them.
import { en, type TextKey, type Texts } from './texts/en.ts';
import { ko } from './texts/ko.ts';

export type Language = 'en' | 'ko';
export type Values = Readonly<Record<string, string | number>>;

const TEXTS: Readonly<Record<Language, Texts>> = { en, ko };
const STORED = 'unfold.language';

let current: Language = preferred();

function preferred(): Language {
  try {
    const stored = localStorage.getItem(STORED);
    if (stored === 'en' || stored === 'ko') return stored;
  } catch {
    // storage is refused to this page: the browser's language decides
  }
  return navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

export function language(): Language {
  return current;
}

/** The text of a key in the page's language, with its {names} filled in. */
export function say(key: TextKey, values: Values = {}): string {
  return TEXTS[current][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString(current, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three significant digits: rates and norms range over decades. */
export function significant(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(1)
    : value.toLocaleString(current, { maximumSignificantDigits: 3 });
}

const filled = new WeakMap<Element, { key: TextKey; values: Values }>();

/** Show a text in an element; it follows a later switch of language. */
export function show(element: Element, key: TextKey, values: Values = {}): void {
  filled.set(element, { key, values });
  element.setAttribute('data-text', key);
  const text = say(key, values);
  if (element.textContent !== text) element.textContent = text;
}

/** Empty an element and let it follow no key. */
export function clear(element: Element): void {
  filled.delete(element);
  element.removeAttribute('data-text');
  element.textContent = '';
}

/** Fill every `data-text` and `data-label` (for aria-label) below the document. @throws for a key that no language has. */
export function fillPage(): void {
  document.documentElement.lang = current;
  document.title = say('pageTitle');
  for (const element of document.querySelectorAll('[data-text]')) {
    const key = known(element.getAttribute('data-text')!);
    element.textContent = say(key, filled.get(element)?.values);
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', say(known(element.getAttribute('data-label')!)));
  }
}

function known(key: string): TextKey {
  if (!(key in en)) throw new Error(`no text has the key "${key}": add it to demo/texts/en.ts and ko.ts`);
  return key as TextKey;
}

/** The header's language switch; `refresh` draws anew what is no plain text. */
export function languageButtons(refresh: () => void): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('[data-language]')];
  const mark = () => buttons.forEach((b) => b.setAttribute('aria-pressed', String(b.dataset['language'] === current)));
  for (const button of buttons) {
    button.addEventListener('click', () => {
      current = button.dataset['language'] as Language;
      remember();
      fillPage();
      mark();
      refresh();
    });
  }
  mark();
}

function remember(): void {
  try {
    localStorage.setItem(STORED, current);
  } catch {
    // storage is refused: the choice lasts as long as the page
  }
}
