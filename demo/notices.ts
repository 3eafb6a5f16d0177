// Errors where they belong: a line beside the control, or a banner over the run. Nothing is left to the console alone.
import { clear, say, show, type TextKey, type Values } from './language.ts';
import type { ErrorCode, Place } from './protocol.ts';
import type { SettingError } from './settings.ts';

const WORDED: Readonly<Record<ErrorCode, TextKey>> = { diverged: 'errorDiverged', 'not-ready': 'errorNotReady' };

const line = (id: string) => document.getElementById(id)!;

/** An error of the engine, in its own words unless the page has a text for its code. */
export function showError(place: Place, message: string, code?: ErrorCode): void {
  const element = line(`error-${place}`);
  clear(element);
  if (code) show(element, WORDED[code]);
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

/** The lost device: what happened, what is kept, and the way on. `run` is null where no model was lost with it. */
export function showLost(message: string, run: { checkpointStep: string | null } | null, reopen: () => void): void {
  const banner = line('banner');
  const box = document.createElement('div');
  box.className = 'banner';
  const heading = document.createElement('h3');
  show(heading, 'lostHeading');
  const text = document.createElement('p');
  show(text, 'lostText');
  const kept = document.createElement('p');
  if (run?.checkpointStep) show(kept, 'lostCheckpoint', { step: run.checkpointStep });
  else if (run) show(kept, 'lostNoCheckpoint');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'primary';
  show(button, 'reopen');
  button.addEventListener('click', () => {
    banner.replaceChildren();
    reopen();
  });
  box.append(heading, text, kept);
  if (message) {
    const detail = document.createElement('p');
    detail.className = 'hint';
    detail.textContent = message;
    box.append(detail);
  }
  box.append(button);
  banner.replaceChildren(box);
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
