// The controls as settings: read, checked against the limits written in the page, and locked while a model exists.
import { language, number, say, show, significant } from './language.ts';
import type { TextKey } from './texts/en.ts';
import type { AdapterFacts, SamplingSettings, Settings, TextForm } from './protocol.ts';

/** A value that its control does not allow. `place` is the id of the group's error line. */
export class SettingError extends Error {
  readonly place: 'error-model' | 'error-trainer' | 'error-sampling';
  readonly input: HTMLInputElement;

  constructor(place: SettingError['place'], input: HTMLInputElement, message: string) {
    super(message);
    this.place = place;
    this.input = input;
  }
}

/** Sizes that show progress within seconds: on a GPU the two layers of the examples, on the CPU a small one. */
const START = {
  gpu: { layers: 2, hidden: 256, embed: '64', batch: 32, window: 64, every: 100, length: 300, rate: 2e-3 },
  software: { layers: 1, hidden: 64, embed: 'one-hot', batch: 16, window: 32, every: 50, length: 120, rate: 5e-3 },
} as const;
/** For a text of a thousand characters: more rows would leave none of them a whole window. */
const SMALL_TEXT = { batch: 8, window: 32 } as const;

export interface SettingsForm {
  /** @throws SettingError naming the control, what it holds and what it takes. */
  read(): Settings;
  /** @throws SettingError as `read`, of the writing controls alone. */
  readSampling(): SamplingSettings;
  rate(): number;
  textForm(): TextForm;
  corpus(): 'moby' | 'poems' | 'own';
  setLocked(locked: boolean): void;
  /** Start values for the adapter and the text; controls that somebody has touched stay. */
  propose(adapter: AdapterFacts, corpus: 'moby' | 'poems' | 'own'): void;
  assign(values: Partial<Record<ControlName, string | number>>): void;
  setRate(rate: number): void;
  setTextForm(form: TextForm): void;
  /** Turn to the reader's own text. */
  chooseOwn(): void;
  /** Texts that hold numbers, in the page's language. */
  refresh(): void;
}

export type ControlName = 'layers' | 'hidden' | 'embed' | 'seed' | 'batch' | 'window' | 'clip' | 'topK' | 'length' | 'every';

const NAMES: Readonly<Record<Exclude<ControlName, 'layers' | 'embed'>, TextKey>> = {
  hidden: 'hidden', seed: 'seed', batch: 'batch', window: 'window', clip: 'clip', topK: 'topK', length: 'sampleLength', every: 'sampleEvery',
};

export function settingsForm(form: HTMLFormElement): SettingsForm {
  const control = (name: string) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  const groups = ['group-text', 'group-model', 'group-trainer'].map((id) => document.getElementById(id) as HTMLFieldSetElement);
  const rateInput = control('rate') as HTMLInputElement;
  const temperature = control('temperature') as HTMLInputElement;
  const touched = new Set<string>();
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', (event) => {
    const target = event.target as HTMLInputElement;
    touched.add(target.name);
    target.removeAttribute('aria-invalid');
    refresh();
  });

  // two digits, so that the rate used is the rate shown
  const rate = () => Number((10 ** Number(rateInput.value)).toPrecision(2));

  function refresh(): void {
    const shown = significant(rate());
    document.getElementById('rate-value')!.textContent = shown;
    rateInput.setAttribute('aria-valuetext', shown);
    document.getElementById('temperature-value')!.textContent = Number(temperature.value).toLocaleString(language());
    for (const option of (control('embed') as HTMLSelectElement).options) {
      if (option.value !== 'one-hot') show(option, 'embeddingSize', { size: option.value });
    }
  }

  function numberIn(name: keyof typeof NAMES, place: SettingError['place']): number {
    const input = control(name) as HTMLInputElement;
    const value = input.valueAsNumber;
    const [min, max] = [Number(input.min), Number(input.max)];
    const whole = input.step === '1';
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw new SettingError(place, input, say(whole ? 'errorWhole' : 'errorNumber', {
        name: say(NAMES[name]), value: input.value || '–', min: min < 1 ? String(min) : number(min), max: number(max),
      }));
    }
    return value;
  }

  function readSampling(): SamplingSettings {
    const whole = (name: keyof typeof NAMES) => numberIn(name, 'error-sampling');
    return { temperature: Number(temperature.value), topK: whole('topK'), length: whole('length'), every: whole('every') };
  }

  function assign(values: Partial<Record<ControlName, string | number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const target = control(name);
      if (target instanceof HTMLSelectElement && ![...target.options].some((o) => o.value === String(value))) {
        target.add(new Option(String(value), String(value))); // a checkpoint may hold a size that the list has not
      }
      target.value = String(value);
    }
    refresh();
  }

  function setRate(value: number): void {
    rateInput.value = String(Math.log10(value));
    refresh();
  }

  return {
    read: () => ({
      model: {
        layers: Number(control('layers').value),
        hidden: numberIn('hidden', 'error-model'),
        embed: control('embed').value === 'one-hot' ? 'one-hot' : Number(control('embed').value),
        seed: numberIn('seed', 'error-model'),
      },
      trainer: {
        rate: rate(), batch: numberIn('batch', 'error-trainer'), window: numberIn('window', 'error-trainer'), clip: numberIn('clip', 'error-trainer'),
      },
      sampling: readSampling(),
    }),
    readSampling,
    rate,
    textForm: () => form.querySelector<HTMLInputElement>('[name=form]:checked')!.value as TextForm,
    corpus: () => control('corpus').value as 'moby' | 'poems' | 'own',
    setLocked(locked) {
      for (const group of groups) group.disabled = locked;
      document.getElementById('locked')!.hidden = !locked;
    },
    propose(adapter, corpus) {
      const { rate: startRate, ...start } = adapter.isFallback ? START.software : START.gpu;
      if (!touched.has('rate')) setRate(startRate);
      const values = { ...start, ...(corpus === 'poems' ? SMALL_TEXT : {}) };
      assign(Object.fromEntries(Object.entries(values).filter(([name]) => !touched.has(name))));
    },
    assign,
    setRate,
    setTextForm(value) {
      form.querySelector<HTMLInputElement>(`[name=form][value=${value}]`)!.checked = true;
    },
    chooseOwn() {
      control('corpus').value = 'own';
    },
    refresh,
  };
}
