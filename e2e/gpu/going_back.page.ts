import { adam, openDevice, type Gpu } from '../../src/index.ts';
import { createLanguageModel, createTrainer, type Trainer } from '../../src/language.ts';
import { Vocabulary } from '../../src/text.ts';
import { randomUniform } from '../../src/layers/random.ts';

const V = 9;
const vocabulary = new Vocabulary(Array.from({ length: V }, (_, v) => String.fromCodePoint(0x100 + v)));
const tokens = Uint32Array.from({ length: 700 }, (_, i) => (randomUniform(3, 1, i) < 0.1 ? Math.floor(randomUniform(3, 2, i) * V) : i % V));
const text = { tokens };
const other = { tokens: tokens.slice(300).reverse() };

const make = (gpu: Gpu): Trainer =>
  createTrainer(
    createLanguageModel(gpu, { vocabulary, embedding: { size: 6 }, layers: [{ cell: 'lstm', hiddenSize: 11, dropout: 0.2 }], seed: 4 }),
    { optimizer: adam({ learningRate: 1e-2 }), gradientClip: 1, batchSize: 5, timeSteps: 7, seed: 6 },
  );

/** Take `steps` of a run, the loss of each. */
async function take(trainer: Trainer, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss, gradientNorm } of trainer.run(text, { steps })) losses.push(loss, gradientNorm);
  return losses;
}

/** The name of what it throws. */
async function thrown(body: () => Promise<unknown>): Promise<string> {
  return body().then(() => 'nothing', (error: Error) => error.name);
}

/** Ways to bring a trainer into a state; each gives the name of what it threw. */
const states: Record<string, (trainer: Trainer, saved: Uint8Array) => Promise<string>> = {
  'before the first run': async () => 'nothing',
  'after whole runs': (trainer) => thrown(() => take(trainer, 3)),
  'left with a step in flight': (trainer) => thrown(async () => {
    for await (const { step } of trainer.run(text)) if (step % 4 === 0) break;
  }),
  'left at once, twice': (trainer) => thrown(async () => {
    for await (const _ of trainer.run(text)) break;
    for await (const _ of trainer.run(text)) break;
  }),
  'aborted before the first step': (trainer) => thrown(() => trainer.run(text, { signal: AbortSignal.abort() }).next()),
  'aborted in the loop': (trainer) => thrown(async () => {
    const abort = new AbortController();
    for await (const _ of trainer.run(text, { signal: abort.signal })) abort.abort();
  }),
  'aborted while a result is awaited': (trainer) => thrown(async () => {
    const abort = new AbortController();
    const run = trainer.run(text, { signal: abort.signal });
    await run.next();
    const next = run.next();
    abort.abort();
    await next;
    await run.next();
  }),
  'aborted while it validates': (trainer) => thrown(async () => {
    const abort = new AbortController();
    const run = trainer.run(text, { signal: abort.signal, validate: { text: other, every: 2 } });
    await run.next();
    const next = run.next();
    setTimeout(() => abort.abort());
    await next;
    await run.next();
  }),
  'diverged': (trainer) => thrown(async () => {
    trainer.learningRate = 1e38;
    await take(trainer, 30);
  }),
  'a throw in the loop': (trainer) => thrown(async () => {
    for await (const { step } of trainer.run(text)) if (step > 2) throw new TypeError('enough');
  }),
  'in the midst of an evaluation': async (trainer) => {
    void trainer.evaluate(other).catch(() => {});
    return 'nothing';
  },
  'evaluated in the loop': (trainer) => thrown(async () => {
    for await (const { step } of trainer.run(text)) {
      await trainer.evaluate(other, { windows: 2 });
      if (step > 2) break;
    }
  }),
  'another text': (trainer) => thrown(async () => {
    for await (const { step } of trainer.run(other)) if (step > 2) break;
  }),
  'refused by a restore': (trainer) => thrown(async () => trainer.restore(new Uint8Array(20))),
  'restored twice': async (trainer, saved) => {
    trainer.restore(saved);
    return 'nothing';
  },
};

export interface Gone {
  readonly thrown: string;
  readonly losses: readonly number[];
  readonly checkpointEqual: boolean;
  readonly weights: readonly number[];
}

/** From each state, and from it a second time in a row: what a run from one checkpoint gives, and what an undisturbed trainer gives. */
export async function goingBack() {
  const gpu = await openDevice();
  const first = make(gpu);
  await take(first, 4);
  const saved = await first.checkpoint();
  const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
  const from = async (trainer: Trainer, name = 'nothing'): Promise<Gone> => {
    trainer.restore(saved);
    const checkpointEqual = equal(await trainer.checkpoint(), saved);
    return { thrown: name, losses: await take(trainer, 6), checkpointEqual, weights: [...(await gpu.read(trainer.model.weights.flat))] };
  };
  const fresh = make(gpu);
  const expected = await from(fresh);
  const undisturbed = await take(first, 6);
  const results: Record<string, Gone[]> = {};
  for (const [name, reach] of Object.entries(states)) {
    const trainer = make(gpu);
    results[name] = [];
    for (let time = 0; time < 2; time++) results[name]!.push(await from(trainer, await reach(trainer, saved)));
    await trainer.evaluate(other, { windows: 1 });
    trainer.destroy();
    trainer.model.destroy();
  }
  return { expected, undisturbed, results };
}

/** Steps yielded by a run whose validation is aborted and by the one after it. */
export async function abortedValidation() {
  const gpu = await openDevice();
  const trainer = make(gpu);
  const abort = new AbortController();
  const validate = { text: other, every: 2 };
  const steps: string[] = [];
  const note = async (steps: string[], signal?: AbortSignal): Promise<void> => {
    for await (const { step, validation } of trainer.run(text, { steps: 2, validate, ...(signal && { signal }) })) {
      steps.push(`${step}${validation ? ' validated' : ''}`);
      if (step === 1 && signal) setTimeout(() => abort.abort());
    }
  };
  const name = await thrown(() => note(steps, abort.signal));
  await note(steps);
  return { name, steps };
}
