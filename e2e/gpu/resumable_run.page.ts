import { adam, openDevice, type Gpu } from '../../src/index.ts';
import {
  createLanguageModel, createTrainer, resumableRun, TrainingInterruptedError, type ResumableCheckpoint, type ResumableOptions,
  type Trainer,
} from '../../src/language.ts';
import { characters } from '../../src/text.ts';

const text = characters('to be or not to be, that is the question. '.repeat(12));

function build(gpu: Gpu): Trainer {
  const model = createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: 'one-hot', layers: [{ cell: 'lstm', hiddenSize: 8, dropout: 0.2 }], seed: 3 });
  return createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), batchSize: 4, timeSteps: 8, gradientClip: 1, seed: 5 });
}

export interface Resumed {
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  readonly losses0: readonly number[];
  /** Devices that were opened. */
  readonly devices: number;
  /** Bytes in which the last checkpoint is not that of the undisturbed run. */
  readonly bytesDiffer: number;
  /** Steps of the checkpoints told, and of what was kept at each loss. */
  readonly checkpoints: readonly number[];
  readonly lostAt: readonly (number | null)[];
}

/**
 * A run whose device is destroyed after the steps given, `awaiting` so that the destruction falls while a checkpoint is read;
 * beside a run that nothing disturbs.
 */
export async function disturbed({ steps, losses, awaiting = false }: { steps: number; losses: readonly number[]; awaiting?: boolean }): Promise<Resumed> {
  const plain = build(await openDevice());
  const losses0: number[] = [];
  for await (const { loss } of plain.run(text, { steps })) losses0.push(loss);
  const expected = await plain.checkpoint();

  let devices = 0;
  let latest: Gpu | null = null;
  const open = async (): Promise<Gpu> => {
    devices++;
    return (latest = await openDevice());
  };
  const [seen, gone, checkpoints]: [number[], number[], number[]] = [[], [...losses], []];
  const lostAt: (number | null)[] = [];
  const values: number[] = [];
  let actual = new Uint8Array();
  for await (const progress of resumableRun(text, {
    open, build, steps, firstCheckpointSeconds: 0, checkpointSeconds: 0,
    onCheckpoint: ({ step, bytes }) => {
      checkpoints.push(step);
      actual = Uint8Array.from(bytes);
    },
    onLoss: (_, kept) => lostAt.push(kept?.step ?? null),
  })) {
    seen.push(progress.step);
    values.push(progress.loss);
    if (gone[0] === progress.step) {
      gone.shift();
      const device = latest!.device;
      if (awaiting) queueMicrotask(() => device.destroy());
      else device.destroy();
    }
  }
  const bytesDiffer = Math.abs(actual.length - expected.length) + expected.filter((byte, i) => byte !== actual[i]).length;
  return { steps: seen, losses: values, losses0, devices, bytesDiffer, checkpoints, lostAt };
}

/** What a run throws that cannot go on, and whether its checkpoint can be gone on with. */
export async function interrupted({ own }: { own: boolean }): Promise<{ name: string; message: string; step: number; yielded: number; goesOn: number[] }> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  let opened = 0;
  const open = async (): Promise<Gpu> => {
    if (opened++ > 0) throw new Error('no adapter any more');
    return openDevice(own ? { device } : {});
  };
  let yielded = 0;
  let error: unknown;
  try {
    for await (const { step, trainer } of resumableRun(text, { open, build, firstCheckpointSeconds: 0, checkpointSeconds: 0 })) {
      yielded = step;
      if (step === 6) trainer.model.gpu.device.destroy();
      if (step > 100) throw new Error('the loss was never noticed');
    }
  } catch (caught) {
    error = caught;
  }
  if (!(error instanceof TrainingInterruptedError) || !error.checkpoint) throw error;
  const checkpoint: ResumableCheckpoint = error.checkpoint;
  const goesOn: number[] = [];
  for await (const { step } of resumableRun(text, { open: () => openDevice(), build, checkpoint: checkpoint.bytes, steps: 3 } satisfies ResumableOptions)) goesOn.push(step);
  return { name: error.name, message: error.message, step: checkpoint.step, yielded, goesOn };
}

/** What else a run throws goes through: an aborted signal, and what `build` throws; leaving the loop leaves the trainer usable. */
export async function passedThrough() {
  const named = async (body: () => Promise<unknown>): Promise<string> => body().then(() => 'nothing', (error: Error) => `${error.name}: ${error.message}`);
  const drain = async (options: Partial<ResumableOptions>): Promise<void> => {
    for await (const _ of resumableRun(text, { open: () => openDevice(), build, steps: 3, ...options }));
  };
  let left: Trainer | null = null;
  for await (const { trainer } of resumableRun(text, { open: () => openDevice(), build, steps: 3 })) {
    left = trainer;
    break;
  }
  return {
    aborted: await named(() => drain({ signal: AbortSignal.abort(new Error('enough')) })),
    build: await named(() => drain({ build: () => { throw new RangeError('no such model'); } })),
    open: await named(() => drain({ open: async () => { throw new TypeError('no device'); } })),
    saved: (await left!.model.save()).length,
  };
}

/** A run that loses every device after its first step at the latest: how many are opened, what it throws, and the steps that it yields. */
export async function lostAgain({ after }: { after: number }): Promise<{ name: string; message: string; devices: number; steps: number[]; kept: number | null }> {
  let devices = 0;
  const steps: number[] = [];
  const open = async (): Promise<Gpu> => {
    devices++;
    return openDevice();
  };
  /** The first device does what it should. */
  const buildAndLose = (gpu: Gpu): Trainer => {
    const trainer = build(gpu);
    if (devices > 1 || after === 0) gpu.device.destroy();
    return trainer;
  };
  try {
    for await (const { step, trainer } of resumableRun(text, { open, build: buildAndLose, steps: 20, firstCheckpointSeconds: 0, checkpointSeconds: 0 })) {
      steps.push(step);
      if (step === after) trainer.model.gpu.device.destroy();
    }
  } catch (error) {
    if (!(error instanceof TrainingInterruptedError)) throw error;
    return { name: error.name, message: error.message, devices, steps, kept: error.checkpoint?.step ?? null };
  }
  throw new Error('the run went on');
}

/** Milliseconds from an abort until the run ends that waits for its fifth attempt to open a device, and what it throws. */
export async function abortedWaiting(): Promise<{ milliseconds: number; message: string }> {
  const controller = new AbortController();
  let [opened, aborted] = [0, 0];
  const open = async (): Promise<Gpu> => {
    if (++opened === 5) setTimeout(() => {
      aborted = performance.now();
      controller.abort(new Error('enough'));
    }, 50);
    if (opened > 1) throw new Error('no adapter any more');
    return openDevice();
  };
  try {
    for await (const { trainer } of resumableRun(text, { open, build, signal: controller.signal })) trainer.model.gpu.device.destroy();
  } catch (error) {
    return { milliseconds: performance.now() - aborted, message: (error as Error).message };
  }
  throw new Error('the run went on');
}
