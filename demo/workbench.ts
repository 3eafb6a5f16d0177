// The device, and on it the model with its trainer. After a loss they are made again, and go on from the last checkpoint.
import { adam, openDevice, type Gpu } from '../src/index.ts';
import { createLanguageModel, createTrainer, type Trainer, type ResumableCheckpoint } from '../src/language.ts';
import type { Corpus } from '../src/text.ts';
import type { Event, Place, Settings } from './protocol.ts';

/** What the engine refused to make, and beside which settings the page says so. */
export class Refusal extends Error {
  readonly place: Place;

  constructor(place: Place, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.place = place;
  }
}

export class Workbench {
  corpus: Corpus | null = null;
  /** Of the model; null while there is none. */
  settings: Settings | null = null;
  /** The last checkpoint of the run; null before the first. */
  kept: ResumableCheckpoint | null = null;
  readonly #send: (event: Event) => void;
  #gpu: Gpu | null = null;
  #trainer: Trainer | null = null;

  constructor(send: (event: Event) => void) {
    this.#send = send;
  }

  /** The last trainer made, whose device may be lost. */
  get trainer(): Trainer | null {
    return this.#trainer;
  }

  /** The living device, or another where that was lost. @throws WebGPUUnavailableError, or what the browser says */
  async open(): Promise<Gpu> {
    if (this.#gpu && !this.#gpu.isLost) return this.#gpu;
    this.#gpu?.destroy();
    this.#gpu = this.#trainer = null;
    this.#gpu = await openDevice();
    const { name, isFallback } = this.#gpu.adapter;
    this.#send({ type: 'adapter', adapter: { name, isFallback } });
    return this.#gpu;
  }

  /** The trainer on a device: the living one, or another by the settings, gone on from the last checkpoint. @throws Refusal */
  async build(gpu: Gpu): Promise<Trainer> {
    if (this.#trainer?.model.gpu === gpu) return this.#trainer;
    const { corpus, settings, kept } = this;
    if (!corpus || !settings) throw new Refusal('training', 'no text or no settings');
    const { model: { layers, hidden, embed, seed }, trainer: { rate, batch, window, clip } } = settings;
    let place: Place = 'model';
    const made: { destroy(): void }[] = [];
    try {
      const model = createLanguageModel(gpu, {
        vocabulary: corpus.vocabulary, embedding: embed === 'one-hot' ? embed : { size: embed }, layers: Array.from({ length: layers }, () => ({ cell: 'lstm', hiddenSize: hidden })), seed,
      });
      made.unshift(model);
      await gpu.check(); // that there is memory, the GPU says later
      place = 'trainer';
      const trainer = createTrainer(model, { optimizer: adam({ learningRate: rate }), batchSize: batch, timeSteps: window, gradientClip: clip });
      made.unshift(trainer);
      await gpu.check();
      place = 'file';
      if (kept) trainer.restore(kept.bytes);
      this.#trainer = trainer;
      this.#send({ type: 'model', parameterCount: model.parameterCount, bytes: gpu.memory.report().totalBytes });
      return trainer;
    } catch (error) {
      for (const object of made) object.destroy();
      if (gpu.isLost) throw error;
      throw new Refusal(place, error);
    }
  }

  /** Free model and trainer, to be made again from the last checkpoint when they are needed. */
  drop(): void {
    this.#trainer?.destroy();
    this.#trainer?.model.destroy();
    this.#trainer = null;
  }

  /** The run is over. */
  clear(): void {
    this.drop();
    this.settings = this.kept = null;
  }

  /** Remember a checkpoint, and give the page a copy, which it has also when this worker is gone. */
  keep(checkpoint: ResumableCheckpoint): void {
    this.kept = checkpoint;
    this.#send({ type: 'checkpoint', step: checkpoint.step, bytes: checkpoint.bytes as Uint8Array<ArrayBuffer>, download: false });
  }
}
