// What tuning costs and what it chooses, in the page of bench/tuning.mjs.

import { openDevice, tune, type Trainer, type TunedOp } from '../src/index.ts';
import { configNamed } from './configs.ts';
import { createWorkloadModel, createWorkloadTrainer } from './contenders/unfold.ts';
import { createWorkload, type Workload } from './workload.ts';

export interface TuningFigures {
  readonly adapter: string;
  /** Seconds of the first tuning, of nothing known; and of the next, on another device. */
  readonly first: number;
  readonly second: number;
  readonly ops: readonly TunedOp[];
  /** Ops that the second measured. */
  readonly measuredAgain: number;
  /** Least milliseconds of a training step, in turns. */
  readonly steps: { readonly fixed: number; readonly tuned: number };
}

const ROUNDS = 5;
const STEPS = 3;

export async function measureTuning(name: string): Promise<TuningFigures> {
  const workload = createWorkload(configNamed(name));
  const first = await tuning(workload);
  const second = await tuning(workload);
  const fixed = await trainerOn('off', workload);
  const least = { fixed: Infinity, tuned: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [which, { trainer }] of [['fixed', fixed], ['tuned', second]] as const) least[which] = Math.min(least[which], await timeSteps(trainer, workload));
  }
  const figures = { adapter: second.gpu.adapter.name, first: first.seconds, second: second.seconds, ops: first.ops, measuredAgain: second.ops.length, steps: least };
  for (const { gpu } of [first, second, fixed]) gpu.destroy();
  return figures;
}

async function trainerOn(mode: 'off' | 'cached', workload: Workload) {
  const gpu = await openDevice({ tune: mode });
  return { gpu, trainer: createWorkloadTrainer(createWorkloadModel(gpu, workload), workload) };
}

/** Tune the ops of a trainer, and make it anew on the tiles chosen. */
async function tuning(workload: Workload) {
  const { gpu } = await trainerOn('cached', workload);
  const begun = performance.now();
  const ops = await tune(gpu);
  const seconds = (performance.now() - begun) / 1000;
  return { gpu, ops, seconds, trainer: createWorkloadTrainer(createWorkloadModel(gpu, workload), workload) };
}

/** Milliseconds a step; the first steps, in which kernels compile, are not the least. */
async function timeSteps(trainer: Trainer, workload: Workload): Promise<number> {
  const begun = performance.now();
  for await (const _ of trainer.run({ tokens: workload.stream }, { steps: STEPS }));
  return (performance.now() - begun) / STEPS;
}
