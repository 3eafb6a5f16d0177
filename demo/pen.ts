// Text that the model writes, one at a time: samples of a run that trains, and what the reader asks for.
import { DeviceLostError } from '../src/index.ts';
import type { Corpus } from '../src/text.ts';
import type { ErrorCode, Event, Place, SamplingSettings } from './protocol.ts';
import { Refusal, type Workbench } from './workbench.ts';

export interface PenOptions {
  readonly bench: Workbench;
  readonly send: (event: Event) => void;
  readonly fail: (place: Place, error: unknown, code?: ErrorCode) => void;
  readonly isTraining: () => boolean;
}

export class Pen {
  sampling: SamplingSettings | null = null;
  readonly #options: PenOptions;
  #writing: { readonly controller: AbortController; readonly done: Promise<void>; readonly byHand: boolean } | null = null;
  /** Samples count down, those by hand have the page's own numbers from 1 up. */
  #nextSample = -1;

  constructor(options: PenOptions) {
    this.#options = options;
  }

  get isWriting(): boolean {
    return this.#writing !== null;
  }

  /** Settles when nothing is being written. */
  get done(): Promise<void> {
    return this.#writing?.done ?? Promise.resolve();
  }

  /** A sample of the training under way, from where a sentence may start. */
  async sample(step: number): Promise<void> {
    await this.#begin(this.#nextSample--, opening(this.#options.bench.corpus!), step, step, false);
  }

  async write(id: number, prompt: string, step: number, seed: number): Promise<void> {
    if (!this.#options.bench.settings || !this.sampling) return this.#options.fail('prompt', 'no model', 'not-ready');
    await this.#begin(id, prompt, step, seed, true);
  }

  stop(): void {
    this.#writing?.controller.abort();
  }

  stopSample(): void {
    if (this.#writing && !this.#writing.byHand) this.stop();
  }

  async #begin(id: number, prompt: string, step: number, seed: number, byHand: boolean): Promise<void> {
    if (this.#writing) {
      this.stop();
      await this.#writing.done;
    }
    const controller = new AbortController();
    const done = this.#compose({ id, prompt, step, seed, byHand, signal: controller.signal });
    this.#writing = { controller, done, byHand };
    await done;
    this.#writing = null;
  }

  async #compose({ id, prompt, step, seed, byHand, signal }: { id: number; prompt: string; step: number; seed: number; byHand: boolean; signal: AbortSignal }): Promise<void> {
    const { bench, send, isTraining } = this.#options;
    const { temperature, topK, length } = this.sampling!;
    let begun = false;
    try {
      // In training the run itself opens another device after a loss.
      const trainer = isTraining() ? bench.trainer : await bench.build(await bench.open());
      if (!trainer) throw new DeviceLostError({ reason: 'unknown', message: 'another is being opened' });
      for await (const piece of trainer.model.generate(prompt, { length, temperature, topK, seed, signal })) {
        if (!begun) send({ type: 'sample', id, step, byHand, prompt });
        begun = true;
        send({ type: 'piece', id, text: piece, done: false });
      }
    } catch (error) {
      if (!signal.aborted) this.#tell(error, byHand);
    }
    send({ type: 'piece', id, text: '', done: true });
  }

  #tell(error: unknown, byHand: boolean): void {
    const { bench, send, fail, isTraining } = this.#options;
    if (error instanceof DeviceLostError) {
      if (byHand) fail('prompt', error, 'lost-writing'); // a sample that was cut short is told with the loss of the run
    } else if (!isTraining() && !bench.trainer && !(error instanceof Refusal)) {
      send({ type: 'lost', message: error instanceof Error ? error.message : String(error) });
    } else {
      fail(byHand ? 'prompt' : 'training', error);
    }
  }
}

/** What a sample starts from: a new line where the text has lines, so that it starts where a sentence may. */
function opening({ vocabulary }: Corpus): string {
  return vocabulary.has('\n') ? '\n' : vocabulary.symbols[0]!;
}
