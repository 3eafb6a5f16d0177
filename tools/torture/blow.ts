// How a device is lost, and what must be so afterwards.
import { createRecurrent, type Gpu } from '../../src/index.ts';
import { createLanguageModel, evaluate, type Trainer } from '../../src/language.ts';
import { characters, type Corpus } from '../../src/text.ts';
import type { Chance } from './chance.ts';
import { demandError, settled } from './demands.ts';
import { describe, LostError } from './turn.ts';

/** Milliseconds in which a blow falls, of the work of a small run. */
const WITHIN_MS = 60;

export interface Blow {
  /** The page destroys the device itself; otherwise the command kills the GPU process meanwhile. */
  readonly byPage: boolean;
  /** Open a device that will be lost; by the command it may be lost already. */
  open(open: () => Promise<Gpu>): Promise<Gpu>;
  /** Let the blow fall at a random moment from now on, `slowness` times as late as for a small run; the command hears of it. */
  arm(gpu: Gpu, slowness?: number): void;
  /** The device was lost so many times. */
  seen(times: number): void;
  /** Wait for the loss where it is certain, then check what must be so after it; and free all. */
  after(gpu: Gpu, check: () => unknown): Promise<void>;
}

export function makeBlow(chance: Chance, byPage: boolean, seen: (times: number) => void): Blow {
  return {
    byPage,
    seen: (times) => {
      if (times > 0) seen(times);
    },
    open: (open) => (byPage ? open() : openAgain(open)),
    arm(gpu, slowness = 1) {
      if (!byPage) return void (globalThis as { tortureReady?: () => void }).tortureReady?.();
      if (chance.often(0.3)) void afterMicrotasks(chance.whole(0, 60)).then(() => gpu.device.destroy());
      else setTimeout(() => gpu.device.destroy(), chance.next() * WITHIN_MS * slowness);
    },
    async after(gpu, check) {
      if (byPage) {
        const { error } = await settled('device.lost', gpu.lost);
        if (error !== undefined) throw error;
      }
      if (gpu.isLost) {
        seen(1);
        await check();
      }
      gpu.destroy();
    },
  };
}

async function afterMicrotasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await null;
}

/** A device, asked for until there is one: after its process was killed, the browser has none for a moment. */
export async function openAgain(open: () => Promise<Gpu>): Promise<Gpu> {
  let said = '';
  for (let attempt = 0; attempt < 40; attempt++) {
    const { value, error } = await settled('opening a device', open());
    if (value) return value;
    demandError('opening a device', error, ['WebGPUUnavailableError', 'DeviceLostError']);
    said = describe(error);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new LostError(`no device could be opened again: ${said}`);
}

/** Everything that can be asked of a lost device says that it is lost. */
export async function useDead(gpu: Gpu, trainer: Trainer | null, text: Corpus): Promise<void> {
  const one = characters('ab');
  const uses: Record<string, () => unknown> = {
    createLanguageModel: () => createLanguageModel(gpu, { vocabulary: one.vocabulary, embedding: 'one-hot', layers: [{ cell: 'gru', hiddenSize: 2 }] }),
    createRecurrent: () => createRecurrent(gpu, { cell: 'gru', inputSize: 2, hiddenSize: 2 }).plan({ timeSteps: 1, batchSize: 1 }),
    'gpu.check': () => gpu.check(),
    ...(trainer && {
      'model.save': () => trainer.model.save(),
      'trainer.checkpoint': () => trainer.checkpoint(),
      'trainer.run': () => trainer.run(text).next(),
      'model.generate': () => trainer.model.generate('to', { length: 1 }).next(),
      'trainer.evaluate': () => trainer.evaluate(text),
      evaluate: () => evaluate(trainer.model, text, { batchSize: 1, timeSteps: 4 }),
    }),
  };
  for (const [name, use] of Object.entries(uses)) {
    const { error } = await settled(`${name} on a lost device`, (async () => void (await use()))());
    if (error === undefined) throw new LostError(`${name} on a lost device gave a result and no error`);
    demandError(`${name} on a lost device`, error, ['DeviceLostError']);
  }
  for (const object of trainer ? [trainer, trainer.model, gpu] : [gpu]) object.destroy();
}
