// Training that outlives its device: checkpoints by time, and after a loss another device, the same model and trainer, and the run from
// the last checkpoint on.
import { checkOptions } from '../checks/options.ts';
import { bytes, callback, within } from '../checks/values.ts';
import type { Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/errors.ts';
import type { TrainingText } from '../text/streams.ts';
import { RUN_OPTIONS, type Progress, type RunOptions, type Trainer } from './trainer.ts';

export interface ResumableOptions extends RunOptions {
  /** Opens a device: at the beginning, and after each loss. A loss ends the run where this throws again and again. */
  readonly open: () => Promise<Gpu>;
  /** Makes the model and its trainer on the device, the same each time. */
  readonly build: (gpu: Gpu) => Trainer | Promise<Trainer>;
  /** A trainer's checkpoint to begin from. Default: from what `build` gives. */
  readonly checkpoint?: Uint8Array;
  /** Seconds of training between checkpoints. Default 30. */
  readonly checkpointSeconds?: number;
  /** Seconds of training before the first checkpoint. Default 2: a run that has just begun has little to lose, and a kernel that a driver cannot run is seen soon. */
  readonly firstCheckpointSeconds?: number;
  /** Called with every checkpoint as soon as all its steps have been yielded, to be kept elsewhere too; and with a last one when the steps are done. */
  readonly onCheckpoint?: (checkpoint: ResumableCheckpoint) => void;
  /** Called when a device was lost, before another is opened. */
  readonly onLoss?: (error: DeviceLostError, checkpoint: ResumableCheckpoint | null) => void;
}

export interface ResumableCheckpoint {
  /** Steps that it holds. */
  readonly step: number;
  /** What `trainer.restore` takes. */
  readonly bytes: Uint8Array;
}

/** The progress of one step, with the trainer that took it: after a loss it is another. */
export interface ResumableProgress extends Progress {
  readonly trainer: Trainer;
}

/** The device was lost and no other could be opened, or the others were lost as well. What was learnt until then is in `checkpoint`. */
export class TrainingInterruptedError extends Error {
  override readonly name = 'TrainingInterruptedError';
  /** The last one, or null where the loss came before the first. */
  readonly checkpoint: ResumableCheckpoint | null;

  /** `why` goes on from "the GPU device was lost". */
  constructor(checkpoint: ResumableCheckpoint | null, why: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`training stopped because the GPU device was lost ${why}: ${reason}. ` +
      (checkpoint ? `The error's checkpoint holds ${checkpoint.step} steps: keep its bytes, and give them to resumableRun or trainer.restore later` : 'There was no checkpoint yet: begin again'), { cause });
    this.checkpoint = checkpoint;
  }
}

/** Milliseconds to wait before each attempt to open another device: a driver that was reset needs a moment. */
const BACK_OFF = [0, 250, 1000, 3000, 8000];
/** Losses without a new step between them: after so many the run itself is likely to be their cause, and would lose every other device too. */
const MOST_LOSSES = 3;
const NO_OTHER = 'and no other could be opened';

/**
 * Train on a text as `trainer.run` does, through losses of the device: `open` and `build` are called again, the last checkpoint is
 * restored, and the steps since then are computed again, bit-identically on the same adapter. Every step is yielded once.
 * A device that `open` wraps for an application, `openDevice({ device })`, is the application's to open again: after its loss the run ends.
 * The last device and its trainer, which every progress holds, stay open when the run ends: destroy them when they are not needed.
 *
 * @throws TrainingInterruptedError with the last checkpoint, where no other device could be opened, or where three in a row were lost
 *   without a new step; everything else that `open`, `build` and `trainer.run` throw.
 */
export function resumableRun(text: TrainingText, options: ResumableOptions): AsyncGenerator<ResumableProgress, void, undefined> {
  const seconds = within({ least: 0 });
  checkOptions(options, 'resumableRun', {
    ...RUN_OPTIONS, open: callback, build: callback, checkpoint: bytes, checkpointSeconds: seconds, firstCheckpointSeconds: seconds, onCheckpoint: callback, onLoss: callback,
  }, ['open', 'build']);
  return runThroughLosses(text, options);
}

async function* runThroughLosses(text: TrainingText, options: ResumableOptions): AsyncGenerator<ResumableProgress, void, undefined> {
  const { open, build, checkpoint, checkpointSeconds = 30, firstCheckpointSeconds = 2, onCheckpoint, onLoss, steps = Infinity, signal, validate } = options;
  /** All of its steps have been yielded. */
  let kept: ResumableCheckpoint | null = null;
  let first = true;
  /** The step of the last progress yielded, and the one to end with; known when the first trainer is made. */
  let [yielded, last] = [0, Infinity];
  let losses = 0;

  for (let next = await open(); ;) {
    const gpu = next;
    try {
      const trainer = await build(gpu);
      const begin = kept?.bytes ?? checkpoint;
      if (begin) trainer.restore(begin);
      if (first) [first, yielded, last] = [false, trainer.step, trainer.step + steps];
      const checkpoints = new Checkpoints(trainer, kept ? checkpointSeconds : firstCheckpointSeconds, checkpointSeconds);
      for await (const progress of trainer.run(text, { steps: last - trainer.step, signal, validate })) {
        if (progress.step > yielded) {
          yielded = progress.step;
          losses = 0;
          yield { ...progress, trainer };
        }
        const taken = await checkpoints.after(progress.step);
        if (!taken) continue;
        kept = taken;
        onCheckpoint?.(kept);
      }
      // A loss at the very end is one too: the last weights are not given up to it.
      kept = { step: trainer.step, bytes: await trainer.checkpoint() };
      onCheckpoint?.(kept);
      return;
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      onLoss?.(error, kept);
      gpu.destroy();
      if (!gpu.owned) throw new TrainingInterruptedError(kept, NO_OTHER, error);
      if (++losses === MOST_LOSSES) throw new TrainingInterruptedError(kept, `${MOST_LOSSES} times without a new step: smaller sizes may help`, error);
      next = await reopen(open, kept, signal);
    }
  }
}

async function reopen(open: () => Promise<Gpu>, kept: ResumableCheckpoint | null, signal: AbortSignal | undefined): Promise<Gpu> {
  let cause: unknown;
  for (const wait of BACK_OFF) {
    await sleep(wait, signal);
    signal?.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      cause = error;
    }
  }
  throw new TrainingInterruptedError(kept, NO_OTHER, cause);
}

/** Resolves after so many milliseconds, or when the signal is aborted. */
function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
}

/** Takes a trainer's checkpoints by the clock, and gives each when the results of all its steps are known. */
class Checkpoints {
  readonly #trainer: Trainer;
  readonly #every: number;
  #due: number;
  /** Holds steps whose results are still in flight. */
  #waiting: ResumableCheckpoint | null = null;

  constructor(trainer: Trainer, first: number, every: number) {
    this.#trainer = trainer;
    this.#every = every * 1000;
    this.#due = performance.now() + first * 1000;
  }

  async after(step: number): Promise<ResumableCheckpoint | null> {
    if (!this.#waiting && performance.now() >= this.#due) {
      // What the checkpoint holds is settled by the time that it is asked for: the steps submitted until then.
      const { step: held } = this.#trainer;
      this.#waiting = { step: held, bytes: await this.#trainer.checkpoint() };
      this.#due = performance.now() + this.#every;
    }
    if (!this.#waiting || this.#waiting.step > step) return null;
    const taken = this.#waiting;
    this.#waiting = null;
    return taken;
  }
}
