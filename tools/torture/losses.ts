// The device goes away while something is under way: destroyed by the page at a random moment, or with the GPU process, which the command
// kills. Every promise must settle, with the loss as its error; a run must go on as if nothing had been.
import { createRecurrent, openDevice, tune, type Gpu } from '../../src/index.ts';
import { evaluate, resumableRun, type Trainer } from '../../src/language.ts';
import type { Chance } from './chance.ts';
import { demandError, demandSame, settled } from './demands.ts';
import { openAgain, makeBlow, useDead, type Blow } from './blow.ts';
import { manyKernels, operators } from './operators.ts';
import { openFixed, RUNS, textOf, undisturbed, withTrainer } from './runs.ts';
import { LostError, takeTurn, type Turn, type TurnResult } from './turn.ts';

/** What a scenario is given. */
interface Scene {
  readonly chance: Chance;
  readonly blow: Blow;
}

type Scenario = (scene: Scene) => Promise<void>;

const LOSS = ['DeviceLostError'] as const;

/** Milliseconds of work, after which the loss is given up. */
const PATIENCE_MS = 30_000;

/** Work, again and again, until the device is lost. A piece of work throws nothing but the loss. */
async function untilLost(what: string, gpu: Gpu, work: () => Promise<void>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end && !gpu.isLost) {
    // Tuning takes as long as it takes; after the loss it has to end.
    const { error } = await settled(what, work(), undefined, gpu.lost);
    if (error === undefined) continue;
    if (error instanceof LostError) throw error;
    demandError(what, error, LOSS);
    return;
  }
}

async function training({ chance, blow }: Scene): Promise<void> {
  const run = chance.pick(RUNS);
  const blows = blow.byPage ? chance.whole(1, 3) : 1;
  const length = blow.byPage ? chance.pick([10, 20]) : 400;
  const further = chance.whole(3, 12);
  let [lost, opened, left] = [0, 0, Infinity];
  const open = async (): Promise<Gpu> => {
    const gpu = await openFixed();
    // Three losses without a new step end a run, so the third blow waits for one.
    if (opened === 2 && blows === 3) waiting = gpu;
    else if (opened < blows) blow.arm(gpu);
    opened++;
    return gpu;
  };
  let waiting: Gpu | null = null;
  const losses: number[] = [];
  const steps: number[] = [];
  let [last, end]: [Trainer | null, number] = [null, length];
  let told: { step: number; bytes: Uint8Array } | null = null;
  const every = chance.pick([0, 0, 0.02, 0.2]);
  const outcome = await settled('a resumable run', (async () => {
    for await (const { step, loss, trainer } of resumableRun(run.text, {
      open: () => openAgain(open), build: run.build, steps: length, firstCheckpointSeconds: every, checkpointSeconds: every,
      onLoss: () => (lost++, (left = further)), onCheckpoint: ({ step, bytes }) => (told = { step, bytes: bytes.slice() }),
    })) {
      steps.push(step);
      losses.push(loss);
      last = trainer;
      if (waiting) blow.arm(waiting);
      waiting = null;
      if (!blow.byPage && left-- <= 0) break; // it has been lost, and gone on since
    }
    if (steps.length < length) told = { step: (end = last!.step), bytes: await last!.checkpoint() };
  })(), 150_000);
  blow.seen(lost);
  if (outcome.error !== undefined) throw outcome.error;
  demandSame('the numbers of the steps', steps, Array.from({ length: steps.length }, (_, k) => k + 1));
  const expected = await undisturbed(run, end);
  demandSame(`the losses of ${run.name}`, losses, expected.losses.slice(0, losses.length));
  demandSame('the step of the last checkpoint', told!.step, end);
  demandSame(`the checkpoint of ${run.name}`, told!.bytes, expected.checkpoint);
  last!.model.gpu.destroy();
}

async function generating({ chance, blow }: Scene): Promise<void> {
  const run = chance.pick(RUNS);
  const [seed, length] = [chance.whole(0, 5), chance.pick([1, 17, 80, 200])];
  const many = chance.often(0.5);
  const prompts = many ? ['to be', 'q'] : ['to be'];
  const pieces = (trainer: Trainer) => trainer.model.generateMany(prompts, { length, seed, temperature: 1.1 });
  const expected = await withTrainer(run, (trainer) => textOf(pieces(trainer)));
  const gpu = await blow.open(openFixed);
  const { error: unbuilt, value: trainer } = await settled('making a model', (async () => run.build(gpu))());
  if (!trainer) return blow.after(gpu, () => demandError('making a model', unbuilt, LOSS));
  blow.arm(gpu);
  await untilLost('a generation', gpu, async () => {
    let whole = '';
    try {
      for await (const piece of pieces(trainer)) whole += piece.join('|');
    } catch (error) {
      if (!expected.startsWith(whole)) throw new LostError(`a generation gave ${JSON.stringify(whole)} before the loss; undisturbed it begins otherwise`);
      throw error;
    }
    demandSame('a generated text', whole, expected);
  });
  await blow.after(gpu, () => useDead(gpu, trainer, run.text));
}

async function checkpointing({ chance, blow }: Scene): Promise<void> {
  const run = chance.pick(RUNS);
  const steps = chance.whole(1, 6);
  const expected = await undisturbed(run, steps);
  const gpu = await blow.open(openFixed);
  const trainer = await settled('training before a checkpoint', (async () => {
    const made = run.build(gpu);
    for await (const _ of made.run(run.text, { steps }));
    return made;
  })());
  if (!trainer.value) return blow.after(gpu, () => demandError('training before a checkpoint', trainer.error, LOSS));
  blow.arm(gpu);
  await untilLost('a checkpoint', gpu, async () => {
    const all = await Promise.allSettled([trainer.value.checkpoint(), trainer.value.model.save(), trainer.value.checkpoint()]);
    for (const [i, one] of all.entries()) {
      if (one.status === 'rejected') demandError('a checkpoint', one.reason, LOSS);
      else if (i !== 1) demandSame('a checkpoint', one.value, expected.checkpoint);
    }
    const rejected = all.find((one) => one.status === 'rejected');
    if (rejected) throw rejected.reason;
  });
  await blow.after(gpu, () => useDead(gpu, trainer.value, run.text));
}

async function tuning({ chance, blow }: Scene): Promise<void> {
  const gpu = await blow.open(() => openDevice({ tune: 'cached', tuningFile: 'torture-tuning.json' }));
  blow.arm(gpu, 4);
  await untilLost('tuning', gpu, async () => {
    createRecurrent(gpu, { cell: chance.pick(['lstm', 'gru', 'rnn_tanh']), inputSize: 3, hiddenSize: chance.whole(2, 40) }).plan({ timeSteps: chance.whole(1, 30), batchSize: chance.whole(1, 40) });
    for (const { times } of await tune(gpu)) {
      const [byDefault] = times;
      if (byDefault && byDefault.refused !== null) throw new LostError(`tuning refused the default: ${byDefault.refused}`);
    }
  });
  await blow.after(gpu, () => useDead(gpu, null, RUNS[0]!.text));
}

/** Devices are opened, models made, and kernels compiled that nobody has compiled before. */
async function compiling({ chance, blow }: Scene): Promise<void> {
  const gpu = await blow.open(openFixed);
  blow.arm(gpu, 3);
  await untilLost('making and compiling', gpu, () => manyKernels(gpu, chance));
  await blow.after(gpu, () => useDead(gpu, null, RUNS[0]!.text));
}

/** Reads of everything that can be read, all in flight at once. */
async function reading({ chance, blow }: Scene): Promise<void> {
  const run = RUNS.at(-1)!;
  const gpu = await blow.open(openFixed);
  const made = await settled('making what is read', (async () => {
    const trainer = run.build(gpu);
    for await (const _ of trainer.run(run.text, { steps: 1 }));
    return { trainer, all: operators(gpu, { cell: chance.pick(['lstm', 'gru', 'ind_rnn']), timeSteps: 3, batchSize: 2, input: 3, hiddenSize: 4 }) };
  })());
  if (!made.value) return blow.after(gpu, () => demandError('making what is read', made.error, LOSS));
  const { trainer, all } = made.value;
  blow.arm(gpu);
  let expected: readonly unknown[] | null = null;
  await untilLost('reading', gpu, async () => {
    all.pass();
    const reads = [
      ...all.reads(), evaluate(trainer.model, run.text, { batchSize: 2, timeSteps: 8, windows: 2 }).then(({ loss }) => loss), trainer.evaluate(run.text, { windows: 2 }).then(({ loss }) => loss),
      trainer.readTrace().then((trace) => JSON.stringify(trace)), gpu.check(),
    ];
    const found = await Promise.allSettled(reads);
    for (const one of found) if (one.status === 'rejected') demandError('a read', one.reason, LOSS);
    const rejected = found.find((one) => one.status === 'rejected');
    if (rejected) throw rejected.reason;
    const values = found.map((one) => (one as PromiseFulfilledResult<unknown>).value);
    if (expected) demandSame('what is read', values, expected);
    expected = values;
  });
  await blow.after(gpu, () => useDead(gpu, trainer, run.text));
}

const SCENARIOS: readonly (readonly [name: string, scenario: Scenario])[] = [
  ['training', training], ['generating', generating], ['checkpointing', checkpointing], ['tuning', tuning], ['compiling', compiling], ['reading', reading],
];

/** The device is destroyed by its page; scenes take turns. */
export function deviceDestroyed(turn: Turn): Promise<TurnResult> {
  return scenes('device', 'the device is destroyed while', turn, true);
}

/** The command kills the GPU process while this runs. */
export function processKilled(turn: Turn): Promise<TurnResult> {
  return scenes('process', 'the GPU process is killed while', turn, false);
}

function scenes(kind: string, fault: string, turn: Turn, byPage: boolean): Promise<TurnResult> {
  return takeTurn(kind, turn, async (chance, tally, index) => {
    const [name, scenario] = SCENARIOS[index % SCENARIOS.length]!;
    const blow = makeBlow(chance, byPage, (times) => tally.inject(`${fault} ${name}`, times));
    tally.attempt(`${fault} ${name}`);
    await scenario({ chance, blow });
  });
}
