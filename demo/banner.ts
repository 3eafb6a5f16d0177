// What has ended a run, what is kept of it, and the ways on: a box over the figures, until one of them is taken.
import { find } from './elements.ts';
import { show, type Values } from './language.ts';
import type { TextKey } from './texts/en.ts';

export interface Banner {
  readonly heading: TextKey;
  readonly lines: readonly (readonly [key: TextKey, values?: Values])[];
  /** In the engine's or the browser's own words. */
  readonly detail?: string | undefined;
  /** The first is the one to take. */
  readonly actions: readonly { readonly text: readonly [key: TextKey, values?: Values]; readonly act: () => void }[];
}

export function showBanner({ heading, lines, detail, actions }: Banner): void {
  const box = document.createElement('div');
  box.className = 'banner';
  const element = (tag: string, [key, values]: readonly [key: TextKey, values?: Values]): HTMLElement => {
    const made = document.createElement(tag);
    show(made, key, values);
    return made;
  };
  box.append(element('h3', [heading]), ...lines.map((line) => element('p', line)));
  if (detail) {
    const words = document.createElement('p');
    words.className = 'hint';
    words.textContent = detail;
    box.append(words);
  }
  const row = document.createElement('div');
  row.className = 'actions';
  for (const [i, { text, act }] of actions.entries()) {
    const button = element('button', text) as HTMLButtonElement;
    button.type = 'button';
    if (i === 0) button.className = 'primary';
    button.addEventListener('click', act);
    row.append(button);
  }
  if (actions.length > 0) box.append(row);
  find('banner').replaceChildren(box);
  box.scrollIntoView({ block: 'nearest' });
}

export function hideBanner(): void {
  find('banner').replaceChildren();
}
