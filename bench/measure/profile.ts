// GPU time by kernel of a training step, averaged over several.

import type { KernelTime, Gpu } from '../../src/index.ts';
import { createWorkloadModel, createWorkloadTrainer } from '../contenders/unfold.ts';
import { mergeProfiles } from '../profile.ts';
import type { Workload } from '../workload.ts';

export interface ProfileFigures {
  /** Of one step, slowest first. */
  readonly kernels: readonly KernelTime[];
  readonly replays: number;
  /** A step as it is trained, in one pass, in ms: what the kernels' sum is to be compared with. */
  readonly step: number;
}

const WARM_UP = 2, TIMED = 5;

export async function measureProfile(gpu: Gpu, workload: Workload, replays: number): Promise<ProfileFigures> {
  const model = createWorkloadModel(gpu, workload);
  const trainer = createWorkloadTrainer(model, workload);
  const train = async (steps: number): Promise<void> => { for await (const _ of trainer.run({ tokens: workload.stream }, { steps })); };
  await train(WARM_UP);
  const begun = performance.now();
  await train(TIMED);
  const step = (performance.now() - begun) / TIMED;
  const profiles: KernelTime[][] = [];
  for (let k = 0; k < replays; k++) profiles.push(await trainer.profile());
  return { kernels: mergeProfiles(profiles), replays, step };
}
