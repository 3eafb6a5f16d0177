// What tuning costs and what it chooses: where nothing is known, where all is, and a training step on the tiles chosen beside one on
// the fixed ones.

import { tune, type Gpu, type TunedOp } from '../../src/index.ts';
import { configNamed } from '../configs.ts';
import { createWorkloadModel, createWorkloadTrainer } from '../contenders/unfold.ts';
import { stepsFor, summarize, type Round, type Summary } from '../statistics.ts';
import { createWorkload } from '../workload.ts';

export interface TuningFigures {
  /** Seconds of the first tuning, of nothing known; and of the next, on another device. */
  readonly first: number;
  readonly second: number;
  /** With every candidate's time, which is Infinity (null in a file) for one that was refused. */
  readonly ops: readonly TunedOp[];
  /** Ops that the second measured. */
  readonly measuredAgain: number;
  /** A training step, in turns. */
  readonly steps: { readonly fixed: Summary; readonly tuned: Summary };
}

/** Milliseconds of so many training steps. */
export interface Training {
  time(steps: number): Promise<number>;
}

/** Milliseconds of a round. */
const ROUND = 300;

/** A configuration's trainer. */
export function trainingOf(name: string): (gpu: Gpu) => Training {
  const workload = createWorkload(configNamed(name));
  return (gpu) => {
    const trainer = createWorkloadTrainer(createWorkloadModel(gpu, workload), workload);
    return {
      async time(steps) {
        const begun = performance.now();
        for await (const _ of trainer.run({ tokens: workload.stream }, { steps }));
        return performance.now() - begun;
      },
    };
  };
}

/** `open` must know of no tuning before. */
export async function measureTuning(open: (mode: 'off' | 'cached') => Promise<Gpu>, make: (gpu: Gpu) => Training, rounds: number): Promise<TuningFigures> {
  const first = await tuned(open, make);
  first.gpu.destroy();
  const second = await tuned(open, make);
  const fixed = await open('off');
  const contenders = { fixed: make(fixed), tuned: second.training };
  const times: Record<keyof typeof contenders, Round[]> = { fixed: [], tuned: [] };
  const entries = Object.entries(contenders) as [keyof typeof contenders, Training][];
  const steps: Record<string, number> = {};
  for (const [which, training] of entries) {
    await training.time(1); // compiles
    steps[which] = stepsFor(await training.time(1), ROUND);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [which, training] of entries) times[which].push({ steps: steps[which]!, milliseconds: await training.time(steps[which]!) });
  }
  for (const gpu of [second.gpu, fixed]) gpu.destroy();
  return {
    first: first.seconds, second: second.seconds, ops: first.ops, measuredAgain: second.ops.length,
    steps: { fixed: summarize(times.fixed)!, tuned: summarize(times.tuned)! },
  };
}

/** A device, the training made on it, and what tuning its ops found. */
async function tuned(open: (mode: 'cached') => Promise<Gpu>, make: (gpu: Gpu) => Training) {
  const gpu = await open('cached');
  const training = make(gpu);
  const begun = performance.now();
  const ops = await tune(gpu);
  return { gpu, training, ops, seconds: (performance.now() - begun) / 1000 };
}
