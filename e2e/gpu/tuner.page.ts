import { createRecurrent, openDevice, tune, type TuningProgress } from '../../src/index.ts';
import { DIRECT_TILES, opKey, recurrentTile, type MatmulTile } from '../../src/gpu/tiles.ts';
import { tune as measure } from '../../src/gpu/tuning.ts';
import type { TuningTask } from '../../src/gpu/tuning_task.ts';
import { tuningTask } from '../../src/scheduler/tuning_tasks.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

const SHAPE = { cell: 'lstm', inputSize: 6, hiddenSize: 20, direction: 'bidirectional', seed: 3 } as const;
const WINDOW = { timeSteps: 5, batchSize: 9, training: true } as const;

async function run(gpu: Awaited<ReturnType<typeof openDevice>>): Promise<Float32Array[]> {
  const network = createRecurrent(gpu, SHAPE);
  const plan = network.plan(WINDOW);
  plan.forward({ input: randomArray(5 * 9 * 6, 1) });
  const output = await plan.output.read();
  plan.backward({ dOutput: randomArray(output.length, 2) });
  const results = [output, await plan.dInput.read(), await network.gradients.weight_hh_l0!.read(), await network.gradients.weight_ih_l0!.read()];
  network.destroy();
  return results;
}

/** A network before and after its ops were measured, on that device and on the next one opened. */
export async function tuned() {
  const progress: TuningProgress[] = [];
  const gpu = await openDevice({ tune: 'full', onTune: (p) => progress.push(p) });
  const before = await run(gpu);
  const asked = [...gpu.tuning.requestedOps.keys()];
  const bytes = gpu.memory.report().totalBytes;
  const found = await tune(gpu);
  const leaked = gpu.memory.report().totalBytes - bytes;
  const after = await run(gpu);
  const again = await tune(gpu);
  const next = await openDevice();
  const cached = await run(next);
  const off = await openDevice({ tune: 'off' });
  return {
    asked, leaked, progress,
    found: found.map(({ key, best, times }) => ({ key, best, candidates: times.length, refused: times.filter(({ refused }) => refused !== null).map(({ refused }) => refused) })),
    errors: [after, cached].map((arrays) => arrays.map((values, i) => relativeL2(values, Float64Array.from(before[i]!)))),
    again: again.length,
    nextKnows: [...next.tuning.requestedOps.values()].filter((op) => next.tuning.isTuned(op)).map(opKey),
    offKnows: off.tuning.tiles.matmul.size + off.tuning.tiles.recurrent.size,
    refusal: await tune(off).catch((error: Error) => error.message),
    chosen: recurrentTile(next.tiles, { kind: 'forward', cell: 'lstm', timeSteps: 5, batchSize: 9, hiddenSize: 20, directions: 2 }),
  };
}

/** What the direct candidates of a weights' gradient come to, on whatever adapter. */
export async function gradientCandidates(): Promise<{ slices: number; refused: string | null }[]> {
  const gpu = await openDevice({ tune: 'off' });
  const task = tuningTask({ kind: 'matmul', form: 'tn', M: 80, N: 20, K: 150 }, DIRECT_TILES) as TuningTask<MatmulTile>;
  const { times } = await measure(gpu, task);
  return times.map(({ choice, refused }) => ({ slices: choice.slices, refused }));
}
