// The run as the page has it: what state it is in, what may be done, and what is kept of it when it ends.
import { hideBanner, showBanner, type Banner } from './banner.ts';
import type { Charts } from './charts.ts';
import { noteOf, withNote, type CheckpointNote } from './checkpoint_file.ts';
import type { CorpusChoice } from './corpus_choice.ts';
import { find } from './elements.ts';
import { clear, number, show, type Values } from './language.ts';
import type { TextKey } from './texts/en.ts';
import type { Link } from './link.ts';
import { hideErrors, showSettingError, showTextError } from './notices.ts';
import type { Panel } from './panel.ts';
import type { CorpusFigures, Event as WorkerEvent, Settings, State } from './protocol.ts';
import type { SampleList } from './samples.ts';
import { SettingError, type SettingsForm } from './settings.ts';

const STATUS: Readonly<Record<State, TextKey>> = { empty: 'stateEmpty', training: 'stateTraining', paused: 'statePaused' };

type Checkpoint = { readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> };

export interface RunParts {
  readonly link: Link;
  readonly settings: SettingsForm;
  readonly corpus: CorpusChoice;
  readonly charts: Charts;
  readonly panel: Panel;
  readonly samples: SampleList;
}

export class Run {
  readonly #parts: RunParts;
  readonly #buttons = {
    train: find<HTMLButtonElement>('train'), pause: find<HTMLButtonElement>('pause'), reset: find<HTMLButtonElement>('reset'),
    save: find<HTMLButtonElement>('save'), load: find<HTMLButtonElement>('load'),
    write: find<HTMLButtonElement>('write'), stop: find<HTMLButtonElement>('stop'),
  };
  #state: State | 'starting' | 'pausing' | 'reopening' | 'diverged' | 'lost' = 'empty';
  /** The settings that the model was made with: another worker needs the same. */
  #built: Settings | null = null;
  /** The last one, which outlives the worker. */
  #checkpoint: Checkpoint | null = null;
  #model: { parameterCount: number; bytes: number } | null = null;
  /** A loss from which the run is recovering: the step at which it came, and the one from which it goes on. */
  #loss: { step: number; from: number } | null = null;
  #writingByHand = 0;
  #nextByHand = 1;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { train, pause, reset, save, write, stop } = this.#buttons;
    train.addEventListener('click', () => this.#train());
    pause.addEventListener('click', () => this.#pause());
    reset.addEventListener('click', () => this.#reset());
    save.addEventListener('click', () => this.#save());
    stop.addEventListener('click', () => parts.link.send({ type: 'stop' }));
    find('prompt-form').addEventListener('submit', (event) => {
      event.preventDefault();
      if (!write.disabled) this.#write();
    });
  }

  /** Nothing has been made yet, so text and sizes can be chosen. */
  get isEmpty(): boolean {
    return this.#state === 'empty';
  }

  /** Whether something would be gone if the page gave up. */
  get hasWork(): boolean {
    return this.#built !== null;
  }

  /** What the worker says of the run. */
  receive(event: WorkerEvent): void {
    const { charts, panel, samples } = this.#parts;
    switch (event.type) {
      case 'model':
        this.#model = event;
        return this.#showModel();
      case 'state': return this.#enter(event.state, event.step);
      case 'progress':
        charts.add(event.points);
        panel.update(event.points.at(-1)!, charts.smoothed());
        find('chart-empty').hidden = true;
        if (this.#state === 'starting' || this.#state === 'reopening') this.#enter('training', event.points[0]!.step);
        return;
      case 'sample': return samples.begin(event);
      case 'piece':
        samples.append(event.id, event.text);
        if (event.done && event.id === this.#writingByHand) {
          this.#writingByHand = 0;
          this.enable();
        }
        return;
      case 'checkpoint':
        if (event.download) return this.#download(event);
        this.#checkpoint = event;
        return;
      case 'reopening': return this.#reopening(event);
      case 'diverged': return this.#diverge(event);
      case 'lost': return this.lose({ lines: [['lostText']], detail: event.message });
    }
  }

  /** Another text is there, or none for now. */
  corpusChanged(figures: CorpusFigures | null, isEmpty: boolean): void {
    this.#parts.charts.setBaselines(figures);
    if (isEmpty) this.#tell('corpusEmpty');
    else if (figures && this.isEmpty) this.#tell('stateEmpty');
    this.enable();
  }

  #tell(key: TextKey, values?: Values): void {
    show(find('status'), key, values);
  }

  #train(): void {
    const current = this.#read();
    if (!current) return;
    hideErrors('corpus', 'model', 'trainer', 'training', 'sampling', 'file');
    find('recovered').hidden = true;
    if (this.#state === 'empty') this.#built = current;
    this.#parts.link.send({ type: 'train', settings: current });
    this.#state = 'starting';
    this.#tell('stateStarting');
    this.enable();
  }

  #read(): Settings | null {
    try {
      return this.#parts.settings.read();
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      showSettingError(error);
      return null;
    }
  }

  #enter(next: State, step: number, status: TextKey = STATUS[next]): void {
    const { panel } = this.#parts;
    // `training` comes before the kernels are compiled; the first progress says that it trains
    if (next === 'training' && this.#state === 'starting' && step === 0) return this.enable();
    const isLoaded = next === 'paused' && this.#state === 'empty';
    this.#state = next;
    panel.setRunning(next === 'training');
    if (next === 'empty') this.#forget();
    if (next === 'paused') this.#showUntil(step);
    if (next === 'training') this.#tellRecovered();
    this.#loss = null;
    this.#tell(isLoaded ? 'stateLoaded' : status, { step: number(step) });
    this.enable();
  }

  /** What came behind this step is gone, where there is something. */
  #showUntil(step: number): void {
    const { charts, panel } = this.#parts;
    charts.truncate(step);
    panel.goBack(step, { loss: charts.smoothed(), gradientNorm: charts.gradientNorm() });
  }

  #forget(): void {
    const { charts, panel, samples } = this.#parts;
    this.#built = this.#checkpoint = this.#model = null;
    charts.truncate(0);
    panel.clear();
    samples.clear();
    hideBanner();
    find('recovered').hidden = true;
    this.#showModel();
    find('chart-empty').hidden = false;
  }

  #pause(): void {
    this.#parts.link.send({ type: 'pause' });
    this.#state = 'pausing';
    this.#tell('statePausing');
    this.enable();
  }

  #reset(): void {
    this.#pause();
    this.#parts.link.send({ type: 'reset' });
    hideErrors('corpus', 'model', 'trainer', 'training', 'prompt', 'file');
  }

  // What goes wrong

  #reopening(loss: { step: number; from: number }): void {
    this.#parts.panel.setRunning(false);
    this.#loss = loss;
    find('recovered').hidden = true;
    if (this.#state !== 'pausing') this.#state = 'reopening';
    this.#tell('stateReopening', { from: number(loss.from) });
    this.enable();
  }

  #tellRecovered(): void {
    const note = find('recovered');
    if (!this.#loss) return;
    const { step, from } = this.#loss;
    show(note, 'recovered', { step: number(step), from: number(from) });
    note.hidden = false;
  }

  /** The worker stands at the last checkpoint; what the run came to stays in sight until the reader goes back there. */
  #diverge({ step }: { step: number }): void {
    const { charts, panel } = this.#parts;
    this.#state = 'diverged';
    find('recovered').hidden = true;
    panel.setRunning(false);
    const checkpoint = this.#checkpoint;
    this.#tell('stateDiverged', { step: number(step) });
    const lines: Banner['lines'] = checkpoint
      ? [['divergedText', { step: number(step) }], ['divergedCheckpoint', { step: number(checkpoint.step), loss: number(charts.smoothed(checkpoint.step), 2) }]]
      : [['divergedText', { step: number(step) }], ['divergedNoCheckpoint']];
    showBanner({
      heading: 'divergedHeading', lines,
      actions: checkpoint
        ? [{ text: ['goBack', { step: number(checkpoint.step) }], act: () => this.#goBack(checkpoint) }, { text: ['save'], act: () => this.#download(checkpoint) }]
        : [],
    });
    this.enable();
  }

  #goBack({ step }: Checkpoint): void {
    hideBanner();
    this.#enter('paused', step, 'stateBack');
    find<HTMLInputElement>('rate').focus();
  }

  /** The run has lost its device or its worker: it stays on the page, and can be saved, until another goes on with it. */
  lose({ lines, detail }: Pick<Banner, 'lines' | 'detail'>): void {
    const { link, panel } = this.#parts;
    link.end();
    this.#state = 'lost';
    this.#loss = null;
    find('recovered').hidden = true;
    this.#writingByHand = 0;
    panel.setRunning(false);
    this.#tell('stateLost');
    this.enable();
    const checkpoint = this.#checkpoint;
    const again = { text: [checkpoint ? 'reopen' : 'reopenEmpty'] as const, act: () => this.#reopen() };
    showBanner({
      heading: 'lostHeading',
      lines: [...lines, checkpoint ? ['lostCheckpoint', { step: number(checkpoint.step) }] : ['lostNoCheckpoint']],
      detail,
      actions: checkpoint ? [{ text: ['save'], act: () => this.#download(checkpoint) }, again] : [again],
    });
  }

  /** Another worker goes on from the checkpoint; without one the settings are free again. */
  #reopen(): void {
    const { link } = this.#parts;
    hideBanner();
    hideErrors('training');
    this.#tell('stateOpening');
    if (!this.#checkpoint) {
      this.#state = 'empty';
      this.#forget();
    }
    link.start();
    this.enable();
  }

  /** The worker has its device, and has read the text again. */
  goOn(): void {
    const { link } = this.#parts;
    if (this.#state !== 'lost' || !this.#checkpoint || !this.#built) return;
    this.#showUntil(this.#checkpoint.step);
    this.#state = 'starting';
    this.#tell('stateStarting');
    link.send({ type: 'restore', settings: { ...this.#built, trainer: { ...this.#built.trainer, rate: this.#parts.settings.rate() } }, bytes: this.#checkpoint.bytes, train: true });
    this.enable();
  }

  enable(): void {
    const { corpus, link, settings } = this.#parts;
    const { train, pause, reset, save, load, write, stop } = this.#buttons;
    const state = this.#state;
    const isAlive = state === 'training' || state === 'paused' || state === 'pausing' || state === 'reopening';
    train.disabled = !corpus.figures || !link.isOpen || !(state === 'empty' || state === 'paused' || state === 'pausing');
    pause.disabled = state !== 'training' && state !== 'reopening';
    reset.disabled = !isAlive && state !== 'diverged';
    save.disabled = !(isAlive || ((state === 'lost' || state === 'diverged') && this.#checkpoint));
    load.disabled = !corpus.figures || state !== 'empty';
    write.disabled = !isAlive || state === 'reopening' || this.#writingByHand !== 0;
    stop.disabled = this.#writingByHand === 0;
    show(train, state === 'empty' ? 'train' : 'continueTraining');
    settings.setLocked(state !== 'empty');
  }

  #showModel(): void {
    const element = find('parameters');
    if (this.#model) show(element, 'parameters', { count: number(this.#model.parameterCount), memory: `${number(this.#model.bytes / 2 ** 20, 1)} MiB` });
    else clear(element);
  }

  // Checkpoints as files

  #save(): void {
    // What has ended has nothing newer than its last checkpoint.
    const isOver = this.#state === 'lost' || this.#state === 'diverged';
    if (!isOver) this.#parts.link.send({ type: 'save' });
    else if (this.#checkpoint) this.#download(this.#checkpoint);
  }

  #download({ step, bytes }: Checkpoint): void {
    const { corpus: { figures }, settings } = this.#parts;
    if (!this.#built || !figures) return;
    const file = withNote(bytes, {
      model: this.#built.model, trainer: { ...this.#built.trainer, rate: settings.rate() }, form: settings.textForm(),
      length: figures.length, vocabularySize: figures.vocabularySize,
    });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([file], { type: 'application/octet-stream' }));
    link.download = `unfold-step-${step}.safetensors`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async loadFile(file: File): Promise<void> {
    const { corpus, settings } = this.#parts;
    hideErrors('file');
    const bytes = new Uint8Array(await file.arrayBuffer());
    const note = noteOf(bytes);
    if (!note) return showTextError('file', 'errorCheckpointFile', { name: file.name });
    if (corpus.isCutBy(note.form)) return this.#open(file.name, note, bytes);
    // The text is cut as that of the checkpoint was; the rest follows when its figures are known.
    settings.setTextForm(note.form);
    corpus.resend(() => this.#open(file.name, note, bytes));
  }

  #open(name: string, note: CheckpointNote, bytes: Uint8Array<ArrayBuffer>): void {
    const { corpus: { figures }, link, settings } = this.#parts;
    if (note.length !== figures?.length || note.vocabularySize !== figures.vocabularySize) {
      return showTextError('file', 'errorCheckpointText', { name });
    }
    settings.assign({ ...note.model, batch: note.trainer.batch, window: note.trainer.window, clip: note.trainer.clip });
    settings.setRate(note.trainer.rate);
    const current = this.#read();
    if (!current) return;
    this.#built = current;
    find('chart-empty').hidden = true;
    link.send({ type: 'restore', settings: current, bytes, train: false });
  }

  // Writing by hand

  #write(): void {
    const prompt = find<HTMLInputElement>('prompt');
    hideErrors('prompt');
    prompt.removeAttribute('aria-invalid');
    this.#writingByHand = this.#nextByHand++;
    this.#parts.link.send({ type: 'generate', id: this.#writingByHand, prompt: prompt.value, seed: this.#writingByHand });
    this.enable();
  }
}
