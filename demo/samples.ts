// What the network has written: newest first, each with the step it was written at.
import { number, show } from './language.ts';

/** More than anybody reads; older ones leave the list so that a night's run does not fill the page. */
const KEPT = 100;

export interface SampleList {
  begin(sample: { id: number; step: number; byHand: boolean; prompt: string }): void;
  append(id: number, text: string): void;
  clear(): void;
}

export function createSampleList(list: HTMLOListElement, empty: HTMLElement): SampleList {
  const open = new Map<number, { prompt: string; written: string; given: HTMLElement; rest: Text }>();

  return {
    begin({ id, step, byHand, prompt }) {
      const head = document.createElement('span');
      head.className = 'sample-head';
      show(head, byHand ? 'sampleByHand' : 'sampleStep', { step: number(step) });
      const text = document.createElement('p');
      text.className = 'sample-text';
      const given = document.createElement('span');
      given.className = 'given';
      given.textContent = prompt.trimStart();
      const rest = document.createTextNode('');
      text.append(given, rest);
      const item = document.createElement('li');
      item.append(head, text);
      list.prepend(item);
      open.set(id, { prompt, written: '', given, rest });
      while (list.children.length > KEPT) list.lastElementChild!.remove();
      list.hidden = false;
      empty.hidden = true;
    },
    append(id, piece) {
      const sample = open.get(id);
      if (!sample) return;
      sample.written += piece;
      // A text by jamo arrives decomposed and may complete the prompt's last syllable: compose both together.
      const given = sample.prompt.normalize('NFC').trimStart();
      const whole = (sample.prompt + sample.written).normalize('NFC').trimStart();
      if (whole.startsWith(given)) {
        sample.rest.data = whole.slice(given.length);
      } else {
        sample.given.textContent = '';
        sample.rest.data = whole;
      }
    },
    clear() {
      open.clear();
      list.replaceChildren();
      list.hidden = true;
      empty.hidden = false;
    },
  };
}
