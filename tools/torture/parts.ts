// A part of a small run, from a checkpoint on: what a page does that may be killed, and the next page after it.
import { RUNS, withTrainer } from './runs.ts';

export interface Part {
  readonly losses: number[];
  readonly checkpoint: Uint8Array;
}

/** `run` counts through the small runs. */
export function partOfRun({ run: number, steps, checkpoint }: { run: number; steps: number; checkpoint: Uint8Array | null }): Promise<Part> {
  const run = RUNS[number % RUNS.length]!;
  return withTrainer(run, async (trainer) => {
    if (checkpoint) trainer.restore(checkpoint);
    const losses: number[] = [];
    for await (const { loss } of trainer.run(run.text, { steps })) losses.push(loss);
    return { losses, checkpoint: await trainer.checkpoint() };
  });
}
