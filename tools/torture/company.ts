// Two models and two trainers on one device, generating and evaluating while both train: each gives what it gives alone.
import type { Gpu } from '../../src/index.ts';
import { createLanguageModel, evaluate, type Trainer } from '../../src/language.ts';
import type { Chance } from './chance.ts';
import { demandSame, settled } from './demands.ts';
import { calmDevice, RUNS, textOf, undisturbed, type SmallRun } from './runs.ts';
import { takeTurn, type Turn, type TurnResult } from './turn.ts';

const STEPS = [10, 20] as const;

/** Some turns of the event loop, so that the others come between. */
async function pause(chance: Chance): Promise<void> {
  for (let i = chance.whole(0, 3); i > 0; i--) await new Promise((resolve) => setTimeout(resolve, 0));
}

interface Trained {
  readonly losses: number[];
  readonly checkpoint: Uint8Array;
}

/** Train in several runs, with evaluations and generations of the model in between, whose results nobody can foresee. */
async function train(trainer: Trainer, { text }: SmallRun, steps: number, chance: Chance): Promise<Trained> {
  const losses: number[] = [];
  while (losses.length < steps) {
    for await (const { loss } of trainer.run(text, { steps: Math.min(steps - losses.length, chance.whole(1, 8)) })) {
      losses.push(loss);
      if (chance.often(0.3)) await pause(chance);
      if (chance.often(0.1)) void trainer.evaluate(text, { windows: 1 }).catch(() => {});
    }
    if (chance.often(0.5)) await textOf(trainer.model.generate('to', { length: chance.whole(1, 20) }));
  }
  return { losses, checkpoint: await trainer.checkpoint() };
}

/** What a model gives that does not change: the same every time. */
async function still(gpu: Gpu, run: SmallRun, chance: Chance): Promise<readonly unknown[][]> {
  const model = createLanguageModel(gpu, { vocabulary: run.text.vocabulary, embedding: 'one-hot', layers: [{ cell: 'gru', hiddenSize: 8 }], seed: 11 });
  const rounds: unknown[][] = [];
  for (let round = 0; round < 3; round++) {
    await pause(chance);
    const [text, { loss }] = await Promise.all([textOf(model.generateMany(['to', 'be or'], { length: 24, seed: 3 })), evaluate(model, run.text, { batchSize: 2, timeSteps: 8, windows: 3 })]);
    rounds.push([text, loss]);
  }
  model.destroy();
  return rounds;
}

export function company(turn: Turn): Promise<TurnResult> {
  return takeTurn('company', turn, async (chance, tally) => {
    tally.attempt('two models and two trainers on one device, generating and evaluating while training');
    const runs = [chance.pick(RUNS), chance.pick(RUNS)];
    const steps = [chance.pick(STEPS), chance.pick(STEPS)];
    const expected = [await undisturbed(runs[0]!, steps[0]!), await undisturbed(runs[1]!, steps[1]!)];
    const gpu = await calmDevice();
    const before = gpu.memory.report().totalBytes;
    const trainers = runs.map((run) => run.build(gpu));
    // One more that is destroyed in the midst of its run.
    const leaving = chance.pick(RUNS).build(gpu);
    const all = await settled('two trainers at once', Promise.all([
      Promise.all(trainers.map((trainer, i) => train(trainer, runs[i]!, steps[i]!, chance))),
      still(gpu, RUNS[0]!, chance),
      (async () => {
        await pause(chance);
        leaving.destroy();
        leaving.model.destroy();
      })(),
    ]), 150_000);
    if (all.error !== undefined) throw all.error;
    const [trained, rounds] = all.value!;
    for (const [i, { losses, checkpoint }] of trained.entries()) {
      demandSame(`the losses of ${runs[i]!.name}`, losses, expected[i]!.losses);
      demandSame(`the checkpoint of ${runs[i]!.name}`, checkpoint, expected[i]!.checkpoint);
    }
    for (const round of rounds.slice(1)) demandSame('a still model\'s text and loss', round, rounds[0]);
    for (const trainer of trainers) {
      await trainer.evaluate(RUNS[0]!.text, { windows: 1 }).catch(() => {}); // those that are still under way are waited for
      trainer.destroy();
      trainer.model.destroy();
    }
    await gpu.check();
    demandSame('the GPU bytes afterwards', gpu.memory.report().totalBytes, before);
    tally.inject('two models and two trainers on one device, generating and evaluating while training');
  });
}
