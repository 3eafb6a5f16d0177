// Thousands of steps, plans, models and generations, and runs that are aborted: nothing may grow, and the last must be as the first.
import { createRecurrent, adam, type Gpu } from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate, type Trainer } from '../../src/language.ts';
import type { Chance } from './chance.ts';
import { demandSame, settled } from './demands.ts';
import { Growth, heapBytes } from './growth.ts';
import { numbers } from './operators.ts';
import { meter, openOwn, type Meter } from './own_device.ts';
import { RUNS, textOf, undisturbed } from './runs.ts';
import { LostError, takeTurn, type Tally, type Turn, type TurnResult } from './turn.ts';

/** What one round does. */
const STEPS = 100;
const PLANS = 10;
const MODELS = 10;
const GENERATIONS = 10;
const ABORTS = 2;
/** Steps of the run that is aborted in between. */
const ABORTED_STEPS = 12;

const run = RUNS[0]!;
const SIZES = [{ timeSteps: 4, batchSize: 3 }, { timeSteps: 7, batchSize: 1 }, { timeSteps: 5, batchSize: 8 }] as const;

interface Workplace {
  readonly gpu: Gpu;
  readonly live: Meter;
  readonly growth: Growth;
  readonly trainer: Trainer;
  /** Its run is aborted. */
  readonly aborted: Trainer;
  readonly beginning: Uint8Array;
  readonly network: ReturnType<typeof createRecurrent>;
  /** What a use of that name gave the first time. */
  readonly first: Map<string, unknown>;
}

let workplace: Promise<Workplace> | null = null;

async function open(): Promise<Workplace> {
  let live: Meter | null = null;
  const gpu = await openOwn((device) => (live = meter(device)));
  const aborted = run.build(gpu);
  const beginning = await aborted.checkpoint();
  // What a trainer makes at the first evaluation stays: it must be there before anything is counted.
  await aborted.evaluate(run.text, { windows: 1 });
  await evaluate(aborted.model, run.text, { batchSize: 2, timeSteps: 4, windows: 1 });
  return { gpu, live: live!, growth: new Growth(), trainer: run.build(gpu), aborted, beginning, network: createRecurrent(gpu, { cell: 'gru', inputSize: 3, hiddenSize: 8, seed: 1 }), first: new Map() };
}

/** @throws LostError where a use gives something else than it gave the first time */
function asFirst({ first }: Workplace, name: string, found: unknown): void {
  if (first.has(name)) demandSame(name, found, first.get(name));
  else first.set(name, found);
}

async function steps({ trainer }: Workplace, tally: Tally): Promise<void> {
  tally.attempt('a training step');
  for await (const { loss } of trainer.run(run.text, { steps: STEPS })) {
    tally.inject('a training step');
    if (!(loss > 0 && loss < 4)) throw new LostError(`the loss after step ${trainer.step} is ${loss}`);
  }
}

async function plans(place: Workplace, chance: Chance, tally: Tally): Promise<void> {
  for (let i = 0; i < PLANS; i++) {
    tally.inject('a plan made, used and destroyed');
    const size = chance.pick(SIZES);
    const plan = place.network.plan({ ...size, training: true });
    place.network.zeroGradients();
    plan.forward({ input: numbers(size.timeSteps * size.batchSize * 3, 4) });
    plan.backward({ dOutput: numbers(size.timeSteps * size.batchSize * 8, 5) });
    if (i % 3 === 0) asFirst(place, `the gradient of a plan of ${size.timeSteps} steps`, await plan.dInput.read());
    plan.destroy();
  }
}

async function models(place: Workplace, chance: Chance, tally: Tally): Promise<void> {
  for (let i = 0; i < MODELS; i++) {
    tally.inject('a model made and destroyed');
    const hiddenSize = chance.pick([8, 9]);
    const model = createLanguageModel(place.gpu, { vocabulary: run.text.vocabulary, embedding: 'one-hot', layers: [{ cell: 'gru', hiddenSize }], seed: 2 });
    if (i % 4 === 0) {
      const trainer = createTrainer(model, { optimizer: adam(), batchSize: 2, timeSteps: 4 });
      for await (const { loss } of trainer.run(run.text, { steps: 1 })) asFirst(place, `the first loss of a model of ${hiddenSize} units`, [loss]);
      trainer.destroy();
    }
    model.destroy();
  }
}

async function generations(place: Workplace, chance: Chance, tally: Tally): Promise<void> {
  const { model } = place.aborted;
  place.aborted.restore(place.beginning);
  for (let i = 0; i < GENERATIONS; i++) {
    tally.inject('a generation');
    const seed = chance.whole(0, 9);
    asFirst(place, `the text drawn by seed ${seed}`, await textOf(model.generate('to be', { length: 20, seed })));
  }
}

/** Runs, generations and evaluations that end at a random moment by their signal; the run between them goes on as if nothing had been. */
async function aborts(place: Workplace, chance: Chance, tally: Tally): Promise<void> {
  const { aborted } = place;
  aborted.restore(place.beginning);
  const losses: number[] = [];
  const stepsTo = async (step: number, signal?: AbortSignal): Promise<void> => {
    // Results that are in flight from the run before are yielded first, beside those of the steps asked for.
    const steps = Math.max(0, step - aborted.step);
    for await (const { loss } of aborted.run(run.text, { steps, ...(signal && { signal }) })) losses.push(loss);
  };
  for (let i = 0; i < ABORTS; i++) {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { signal } = controller;
    const kind = chance.pick(['run', 'generate', 'evaluate', 'trainer.evaluate'] as const);
    tally.inject(`an abort of ${kind}`);
    tally.count('aborts');
    if (chance.often(0.1)) controller.abort(reason);
    else if (chance.often(0.3)) void Promise.resolve().then(() => controller.abort(reason));
    else setTimeout(() => controller.abort(reason), chance.next() * 30);
    const { error } = await settled(`an aborted ${kind}`, (async () => {
      if (kind === 'run') await stepsTo(ABORTED_STEPS - 2, signal);
      else if (kind === 'generate') for await (const _ of aborted.model.generate('to be', { length: 300, signal }));
      else if (kind === 'evaluate') await evaluate(aborted.model, run.text, { batchSize: 2, timeSteps: 4, signal });
      else await aborted.evaluate(run.text, { signal });
    })());
    if (error !== undefined && error !== reason) throw error;
  }
  await stepsTo(ABORTED_STEPS);
  const expected = await undisturbed(run, ABORTED_STEPS);
  demandSame('the losses of a run that was aborted and went on', losses, expected.losses);
  demandSame('the checkpoint of a run that was aborted and went on', await aborted.checkpoint(), expected.checkpoint);
}

/** A round: some of everything, then what is left in memory. */
export function endurance(turn: Turn): Promise<TurnResult> {
  return takeTurn('endurance', turn, async (chance, tally) => {
    const place = await (workplace ??= open());
    await steps(place, tally);
    await plans(place, chance, tally);
    await models(place, chance, tally);
    await generations(place, chance, tally);
    await aborts(place, chance, tally);
    tally.inject('a round, after which GPU bytes and heap are as before');
    await place.gpu.check();
    const { live, growth, gpu } = place;
    growth.add({ 'bytes of GPU buffers': live.bytes, 'GPU buffers': live.buffers, 'pipelines': gpu.pipelines.size }, await heapBytes());
    for (const [what, value] of Object.entries(growth.last)) tally.measure(what, value);
    const grown = growth.judge();
    if (grown !== null) throw new LostError(grown);
  });
}

