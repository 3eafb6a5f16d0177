// The page: sends commands to the worker that owns the device, and draws what comes back.
import { createCharts } from './charts.ts';
import { noteOf, withNote, type CheckpointNote } from './checkpoint_file.ts';
import { hasHangul, LARGEST_FILE_MB, mobyDick, poems, promptFor, textOf } from './corpora.ts';
import { clear, fillPage, languageButtons, number, say, show, type TextKey, type Values } from './language.ts';
import { showMissing } from './missing.ts';
import { hideErrors, showError, showLost, showSettingError, showTextError } from './notices.ts';
import { openWorker } from './open_worker.ts';
import { createPanel } from './panel.ts';
import type { AdapterFacts, Command, CorpusFigures, Event as WorkerEvent, Settings, State } from './protocol.ts';
import { createSampleList } from './samples.ts';
import { SettingError, settingsForm, type SettingsForm } from './settings.ts';

const TYPING_MS = 400;
/** Width from which the settings stand beside the run; below it their groups start closed. */
const WIDE = '(min-width: 60rem)';
const STATUS: Readonly<Record<State, TextKey>> = { empty: 'stateEmpty', training: 'stateTraining', paused: 'statePaused' };

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

function start(): void {
  const buttons = {
    train: find<HTMLButtonElement>('train'), pause: find<HTMLButtonElement>('pause'), reset: find<HTMLButtonElement>('reset'),
    save: find<HTMLButtonElement>('save'), load: find<HTMLButtonElement>('load'),
    write: find<HTMLButtonElement>('write'), stop: find<HTMLButtonElement>('stop'),
  };
  const settings = settingsForm(find<HTMLFormElement>('settings'));
  const charts = createCharts(find('loss-chart'), find('gradient-chart'));
  const panel = createPanel();
  const samples = createSampleList(find<HTMLOListElement>('samples'), find('samples-empty'));
  const prompt = find<HTMLInputElement>('prompt');
  const status = find('status');
  const ownText = find<HTMLTextAreaElement>('own-text');

  let worker: Worker | null = null;
  let adapter: AdapterFacts | null = null;
  let text = '';
  let figures: CorpusFigures | null = null;
  let model: { parameterCount: number; bytes: number } | null = null;
  let state: State | 'starting' | 'pausing' | 'lost' = 'empty';
  /** The settings that the living model was made with: a reopened device needs the same. */
  let built: Settings | null = null;
  let checkpoint: { step: number; bytes: Uint8Array<ArrayBuffer> } | null = null;
  /** What to do as soon as the new device has read the text again. */
  let resume: (() => void) | null = null;
  let promptTouched = false;
  let writingByHand = 0;
  let nextByHand = 1;

  const command = (message: Command) => worker?.postMessage(message);
  const tell = (key: TextKey, values?: Values) => show(status, key, values);

  function spawn(): void {
    const own = openWorker();
    worker = own;
    own.addEventListener('message', ({ data }: MessageEvent<WorkerEvent>) => {
      if (worker === own) receive(data); // an ended worker's last messages may still arrive
    });
    own.addEventListener('error', (event) => {
      showTextError('training', 'errorWorker', { message: event.message || '–' });
      lose('');
    });
    tell('stateOpening');
    command({ type: 'open' });
  }

  function receive(event: WorkerEvent): void {
    switch (event.type) {
      case 'ready': return ready(event.adapter);
      case 'unavailable':
        find('studio').hidden = true;
        return showMissing(find('missing'), event.message);
      case 'corpus': return showFigures(event.figures);
      case 'model':
        model = event;
        return showModel();
      case 'state': return enter(event.state, event.step);
      case 'progress': {
        charts.add(event.points);
        panel.update(event.points.at(-1)!, charts.smoothed());
        panel.setRunning(true);
        find('chart-empty').hidden = true;
        if (state === 'starting') enter('training', event.points[0]!.step);
        return;
      }
      case 'sample':
        return samples.begin(event);
      case 'piece':
        samples.append(event.id, event.text);
        if (event.done && event.id === writingByHand) {
          writingByHand = 0;
          enable();
        }
        return;
      case 'checkpoint':
        checkpoint = event;
        if (event.download) download(event.step, event.bytes);
        return;
      case 'error':
        if (event.place === 'prompt') prompt.setAttribute('aria-invalid', 'true');
        return showError(event.place, event.message, event.code);
      case 'lost': return lose(event.message);
    }
  }

  function ready(found: AdapterFacts): void {
    adapter = found;
    show(find('adapter'), 'adapter', { name: found.name });
    find('software').hidden = !found.isFallback;
    settings.propose(found, settings.corpus());
    if (resume) sendText();
    else void takeCorpus();
  }

  // The text

  async function takeCorpus(): Promise<void> {
    const chosen = settings.corpus();
    find('own').hidden = chosen !== 'own';
    find('poems-note').hidden = chosen !== 'poems';
    if (adapter) settings.propose(adapter, chosen);
    figures = null;
    enable();
    hideErrors('corpus');
    try {
      text = chosen === 'moby' ? await mobyDick() : chosen === 'poems' ? poems() : ownText.value;
    } catch (error) {
      return showTextError('corpus', 'errorCorpus', { message: String(error) });
    }
    if (chosen !== settings.corpus()) return; // another was chosen meanwhile
    sendText();
  }

  function sendText(): void {
    const hangul = hasHangul(text);
    find('form-group').hidden = !hangul;
    if (!promptTouched) prompt.value = promptFor(settings.corpus(), text);
    figures = null;
    enable();
    if (text === '') {
      showFigures(null);
      return tell('corpusEmpty');
    }
    command({ type: 'corpus', text, form: hangul ? settings.textForm() : 'NFC' });
  }

  function showFigures(next: CorpusFigures | null): void {
    figures = next;
    const entropy = (nats: number) => say('figureNatsBits', { nats: number(nats, 3), bits: number(nats / Math.LN2, 2) });
    find('figure-length').textContent = next ? number(next.length) : '–';
    find('figure-vocabulary').textContent = next ? number(next.vocabularySize) : '–';
    find('figure-uniform').textContent = next ? entropy(next.uniform) : '–';
    find('figure-unigram').textContent = next ? entropy(next.unigram) : '–';
    charts.setBaselines(next);
    if (next && resume) {
      const then = resume;
      resume = null;
      then();
    } else if (next && state === 'empty') {
      tell('stateEmpty');
    }
    enable();
  }

  async function takeFile(file: File): Promise<void> {
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
    await takeCorpus();
  }

  // The run

  function train(): void {
    const current = readSettings();
    if (!current) return;
    hideErrors('corpus', 'model', 'trainer', 'training', 'sampling', 'file');
    if (state === 'empty') built = current;
    command({ type: 'train', settings: current });
    state = 'starting';
    tell('stateStarting');
    enable();
  }

  function readSettings(): Settings | null {
    try {
      return settings.read();
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      showSettingError(error);
      return null;
    }
  }

  function enter(next: State, step: number): void {
    // `training` comes before the kernels are compiled; the first progress says that it trains
    if (next === 'training' && state === 'starting' && step === 0) return enable();
    const loaded = next === 'paused' && state === 'empty';
    state = next;
    if (next !== 'training') panel.setRunning(false);
    if (next === 'empty') forget();
    tell(loaded ? 'stateLoaded' : STATUS[next], { step: number(step) });
    enable();
  }

  function forget(): void {
    built = checkpoint = model = null;
    charts.truncate(0);
    panel.clear();
    samples.clear();
    showModel();
    find('chart-empty').hidden = false;
  }

  function pause(): void {
    command({ type: 'pause' });
    state = 'pausing';
    tell('statePausing');
    enable();
  }

  function reset(): void {
    pause();
    command({ type: 'reset' });
    hideErrors('corpus', 'model', 'trainer', 'training', 'prompt', 'file');
  }

  function lose(message: string): void {
    if (state === 'lost') return;
    state = 'lost';
    worker?.terminate();
    worker = null;
    panel.setRunning(false);
    writingByHand = 0;
    tell('stateLost');
    enable();
    showLost(message, built && { checkpointStep: checkpoint && number(checkpoint.step) }, reopen);
  }

  function reopen(): void {
    const [settingsThen, from] = [built, checkpoint];
    state = 'empty';
    figures = null;
    hideErrors('training');
    charts.truncate(from?.step ?? 0);
    if (settingsThen) {
      resume = () => {
        state = 'starting';
        built = settingsThen;
        tell('stateStarting');
        if (from) command({ type: 'restore', settings: settingsThen, bytes: from.bytes, train: true });
        else command({ type: 'train', settings: settingsThen });
      };
    }
    spawn();
    enable();
  }

  function enable(): void {
    const hasModel = state === 'training' || state === 'paused' || state === 'pausing';
    buttons.train.disabled = !figures || !worker || !(state === 'empty' || state === 'paused' || state === 'pausing');
    buttons.pause.disabled = state !== 'training';
    buttons.reset.disabled = !hasModel;
    buttons.save.disabled = !hasModel;
    buttons.load.disabled = !figures || state !== 'empty';
    buttons.write.disabled = !hasModel || writingByHand !== 0;
    buttons.stop.disabled = writingByHand === 0;
    show(buttons.train, state === 'empty' ? 'train' : 'continueTraining');
    settings.setLocked(state !== 'empty');
  }

  function showModel(): void {
    const element = find('parameters');
    if (model) show(element, 'parameters', { count: number(model.parameterCount), memory: `${number(model.bytes / 2 ** 20, 1)} MiB` });
    else clear(element);
  }

  // Checkpoints as files

  function download(step: number, bytes: Uint8Array): void {
    if (!built || !figures) return;
    const file = withNote(bytes, {
      model: built.model, trainer: { ...built.trainer, rate: settings.rate() }, form: settings.textForm(),
      length: figures.length, vocabularySize: figures.vocabularySize,
    });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([file], { type: 'application/octet-stream' }));
    link.download = `unfold-step-${step}.safetensors`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async function loadFile(file: File): Promise<void> {
    hideErrors('file');
    const bytes = new Uint8Array(await file.arrayBuffer());
    const note = noteOf(bytes);
    if (!note) return showTextError('file', 'errorCheckpointFile', { name: file.name });
    if (!hasHangul(text) || note.form === settings.textForm()) return open(file.name, note, bytes);
    // The text is cut as that of the checkpoint was; the rest follows when its figures are known.
    settings.setTextForm(note.form);
    resume = () => open(file.name, note, bytes);
    sendText();
  }

  function open(name: string, note: CheckpointNote, bytes: Uint8Array<ArrayBuffer>): void {
    if (!figures || note.length !== figures.length || note.vocabularySize !== figures.vocabularySize) {
      return showTextError('file', 'errorCheckpointText', { name });
    }
    settings.assign({ ...note.model, batch: note.trainer.batch, window: note.trainer.window, clip: note.trainer.clip });
    settings.setRate(note.trainer.rate);
    const current = readSettings();
    if (!current) return;
    built = current;
    find('chart-empty').hidden = true;
    command({ type: 'restore', settings: current, bytes, train: false });
  }

  // Writing by hand

  function write(): void {
    hideErrors('prompt');
    prompt.removeAttribute('aria-invalid');
    writingByHand = nextByHand++;
    command({ type: 'generate', id: writingByHand, prompt: prompt.value, seed: writingByHand });
    enable();
  }

  connect();
  refresh();
  spawn();
  enable();

  /** What holds numbers or is drawn, in the page's language. */
  function refresh(): void {
    settings.refresh();
    panel.refresh();
    showFigures(figures);
    charts.rebuild();
  }

  function connect(): void {
    buttons.train.addEventListener('click', train);
    buttons.pause.addEventListener('click', pause);
    buttons.reset.addEventListener('click', reset);
    buttons.save.addEventListener('click', () => command({ type: 'save' }));
    buttons.stop.addEventListener('click', () => command({ type: 'stop' }));
    find('prompt-form').addEventListener('submit', (event) => {
      event.preventDefault();
      if (!buttons.write.disabled) write();
    });
    find<HTMLInputElement>('log-steps').addEventListener('change', (event) => charts.setLogSteps((event.target as HTMLInputElement).checked));
    fileButton(buttons.load, find('load-file'), loadFile);
    fileButton(find('choose-file'), find('own-file'), takeFile);
    connectSettings(settings);
    prompt.addEventListener('input', () => {
      promptTouched = true;
      prompt.removeAttribute('aria-invalid');
      hideErrors('prompt');
    });
    languageButtons(refresh);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', charts.rebuild);
    const wide = matchMedia(WIDE).matches;
    for (const group of document.querySelectorAll<HTMLDetailsElement>('.settings details')) group.open = wide;
  }

  function connectSettings(form: SettingsForm): void {
    let typing = 0;
    find('settings').addEventListener('input', ({ target }) => {
      const name = (target as HTMLInputElement).name;
      if (target === ownText) {
        clear(find('file-taken'));
        clearTimeout(typing);
        typing = window.setTimeout(() => void takeCorpus(), TYPING_MS);
      } else if (name === 'corpus') {
        void takeCorpus();
      } else if (name === 'form') {
        sendText();
      } else if (name === 'rate') {
        command({ type: 'rate', rate: form.rate() });
      } else if (['temperature', 'topK', 'length', 'every'].includes(name)) {
        try {
          command({ type: 'sampling', sampling: form.readSampling() });
          hideErrors('sampling');
        } catch (error) {
          if (!(error instanceof SettingError)) throw error;
          showSettingError(error);
        }
      }
    });
    const group = find('group-text');
    group.addEventListener('dragover', (event) => {
      if (state !== 'empty') return;
      event.preventDefault();
      group.classList.add('over');
    });
    group.addEventListener('dragleave', () => group.classList.remove('over'));
    group.addEventListener('drop', (event) => {
      group.classList.remove('over');
      const file = event.dataTransfer?.files[0];
      if (!file || state !== 'empty') return;
      event.preventDefault();
      void takeFile(file);
    });
  }
}

/** A button that opens a file input, so that the control looks and reads like the others. */
function fileButton(button: HTMLElement, input: HTMLElement, take: (file: File) => Promise<void>): void {
  const field = input as HTMLInputElement;
  button.addEventListener('click', () => field.click());
  field.addEventListener('change', () => {
    const file = field.files?.[0];
    field.value = '';
    if (file) void take(file);
  });
}

fillPage();
if ('gpu' in navigator) {
  find('studio').hidden = false;
  start();
} else {
  languageButtons(() => undefined);
  showMissing(find('missing'), null);
}
