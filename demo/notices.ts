// Errors where they belong: a line beside the control. Nothing is left to the console alone.
import { clear, number, say, show, type Values } from './language.ts';
import type { TextKey } from './texts/en.ts';
import type { ErrorCode, Event, Place } from './protocol.ts';
import type { SettingError } from './settings.ts';

const WORDED: Readonly<Record<ErrorCode, TextKey>> = {
  'not-ready': 'errorNotReady', 'out-of-memory': 'errorMemory', 'lost-writing': 'errorLostWriting', 'lost-at-once': 'errorLostAtOnce',
};

const line = (id: string) => document.getElementById(id)!;

/** An error of the engine, in its own words unless the page has a text for its code. */
export function showError({ place, message, code, bytes = 0 }: Extract<Event, { type: 'error' }>): void {
  const element = line(`error-${place}`);
  clear(element);
  if (code) show(element, WORDED[code], { memory: `${number(bytes / 2 ** 20, 1)} MiB` });
  else element.textContent = sentence(message);
  reveal(element);
}

export function showTextError(place: Place, key: TextKey, values: Values = {}): void {
  const element = line(`error-${place}`);
  show(element, key, values);
  reveal(element);
}

/** A control's own error: beside its group, with the control marked and focused. */
export function showSettingError(error: SettingError): void {
  const element = line(error.place);
  clear(element);
  element.textContent = error.message;
  error.input.setAttribute('aria-invalid', 'true');
  reveal(element);
  error.input.focus();
}

export function hideErrors(...places: (Place | 'sampling')[]): void {
  for (const place of places) line(`error-${place}`).hidden = true;
}

/** An error line inside a closed group would not be seen. */
function reveal(element: HTMLElement): void {
  element.hidden = false;
  const group = element.closest('details');
  if (group) group.open = true;
  element.scrollIntoView({ block: 'nearest' });
}

function sentence(message: string): string {
  const text = message.trim() || say('errorHeading');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
