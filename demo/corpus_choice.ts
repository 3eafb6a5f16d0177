// The text to learn: chosen, pasted or dropped, sent to the worker, and its figures shown.
import { hasHangul, LARGEST_FILE_MB, mobyDick, poems, promptFor, textOf } from './corpora.ts';
import { find } from './elements.ts';
import { number, say, show } from './language.ts';
import { hideErrors, showTextError } from './notices.ts';
import type { Command, CorpusFigures, TextForm } from './protocol.ts';
import type { SettingsForm } from './settings.ts';

export interface CorpusChoice {
  /** Of the text that the worker has; null while it has none. */
  readonly figures: CorpusFigures | null;
  /** Read the chosen text and send it. */
  take(): Promise<void>;
  /** Take a file as the reader's own text. */
  takeFile(file: File): Promise<void>;
  /** Send the text that is there: cut by another form, or to another worker. `then` is called when its figures have come. */
  resend(then?: () => void): void;
  receive(figures: CorpusFigures): void;
  /** Whether a text is cut by this form: one without Hangul is the same in both. */
  isCutBy(form: TextForm): boolean;
  /** Figures in the page's language. */
  refresh(): void;
}

export interface CorpusChoiceOptions {
  readonly settings: SettingsForm;
  readonly send: (command: Command) => void;
  /** The figures are other ones, or there are none for now; `isEmpty` where there is no text at all. */
  readonly changed: (figures: CorpusFigures | null, isEmpty: boolean) => void;
}

export function createCorpusChoice({ settings, send, changed }: CorpusChoiceOptions): CorpusChoice {
  const ownText = find<HTMLTextAreaElement>('own-text');
  const prompt = find<HTMLInputElement>('prompt');
  let text = '';
  let figures: CorpusFigures | null = null;
  let isPromptTouched = false;
  /** What waits for the figures. */
  let waiting: (() => void) | null = null;

  prompt.addEventListener('input', () => {
    isPromptTouched = true;
  });

  function set(next: CorpusFigures | null, isEmpty = false): void {
    figures = next;
    changed(next, isEmpty);
  }

  async function take(): Promise<void> {
    const chosen = settings.corpus();
    find('own').hidden = chosen !== 'own';
    find('poems-note').hidden = chosen !== 'poems';
    set(null);
    hideErrors('corpus');
    try {
      text = chosen === 'moby' ? await mobyDick() : chosen === 'poems' ? poems() : ownText.value;
    } catch (error) {
      return showTextError('corpus', 'errorCorpus', { message: String(error) });
    }
    if (chosen === settings.corpus()) resend(); // another may have been chosen meanwhile
  }

  function resend(then: (() => void) | null = null): void {
    const hangul = hasHangul(text);
    find('form-group').hidden = !hangul;
    if (!isPromptTouched) prompt.value = promptFor(settings.corpus(), text);
    waiting = then;
    set(null, text === '');
    if (text === '') return refresh();
    send({ type: 'corpus', text, form: hangul ? settings.textForm() : 'NFC' });
  }

  function refresh(): void {
    const entropy = (nats: number): string => say('figureNatsBits', { nats: number(nats, 3), bits: number(nats / Math.LN2, 2) });
    find('figure-length').textContent = figures ? number(figures.length) : '–';
    find('figure-vocabulary').textContent = figures ? number(figures.vocabularySize) : '–';
    find('figure-uniform').textContent = figures ? entropy(figures.uniform) : '–';
    find('figure-unigram').textContent = figures ? entropy(figures.unigram) : '–';
  }

  return {
    get figures() {
      return figures;
    },
    take,
    async takeFile(file) {
      hideErrors('corpus');
      const megabytes = file.size / 2 ** 20;
      if (megabytes > LARGEST_FILE_MB) {
        return showTextError('corpus', 'errorLongFile', { name: file.name, size: number(megabytes, 1), limit: LARGEST_FILE_MB });
      }
      const content = await textOf(file);
      if (content === null) return showTextError('corpus', 'errorNotText', { name: file.name });
      settings.chooseOwn();
      ownText.value = content;
      show(find('file-taken'), 'fileTaken', { name: file.name, count: number(content.length) });
      await take();
    },
    resend: (then) => resend(then),
    receive(next) {
      set(next);
      refresh();
      const then = waiting;
      waiting = null;
      then?.();
    },
    isCutBy: (form) => !hasHangul(text) || form === settings.textForm(),
    refresh,
  };
}
