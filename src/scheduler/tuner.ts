// Tuning: the ops that recordings asked for and no measuring has chosen a tile for, measured one after another, and remembered.
import { checkOptions } from '../checks/options.ts';
import { abortSignal } from '../checks/values.ts';
import { checkGpu, type Gpu } from '../gpu/device.ts';
import { opKey, type MatmulTile, type Op, type RecurrentTile } from '../gpu/tiles.ts';
import { tune as measure } from '../gpu/tuning.ts';
import type { CandidateTime, TuningTask } from '../gpu/tuning_task.ts';
import { tuningTask } from './tuning_tasks.ts';

export interface TuneOptions {
  readonly signal?: AbortSignal;
}

/** What tuning found of one op. */
export interface TunedOp {
  readonly key: string;
  readonly best: MatmulTile | RecurrentTile;
  /** The candidates, the default first. */
  readonly times: readonly CandidateTime<MatmulTile | RecurrentTile>[];
}

/**
 * Measure the ops of every plan, trainer and stream made on this device so far that have not been measured. What is made
 * afterwards runs on the tiles chosen; what exists stays as it is. An op is kept as soon as it is measured, so that an aborted
 * tuning goes on where it ended.
 * @returns what was measured now: nothing where all was known.
 * @throws Error on a device opened with tune: 'off'; DeviceLostError; the signal's reason.
 */
export async function tune(gpu: Gpu, options: TuneOptions = {}): Promise<TunedOp[]> {
  checkGpu(gpu, 'tune');
  checkOptions(options, 'tune', { signal: abortSignal }, []);
  if (gpu.tuning.mode === 'off') throw new Error("this device was opened with tune: 'off', which keeps the default tiles; open it with 'cached' or 'full' to measure");
  return tuneOps(gpu, gpu.tuning.requestedOps.values(), options.signal);
}

/** On a device opened with tune: 'full', measure those of the ops that are not known. @returns whether there were any */
export async function tuneWhereAsked(gpu: Gpu, ops: Iterable<Op>, signal?: AbortSignal): Promise<boolean> {
  return gpu.tuning.mode === 'full' && (await tuneOps(gpu, ops, signal)).length > 0;
}

async function tuneOps(gpu: Gpu, ops: Iterable<Op>, signal?: AbortSignal): Promise<TunedOp[]> {
  const { tuning } = gpu;
  const unknown = [...ops].filter((op) => !tuning.isTuned(op));
  const found: TunedOp[] = [];
  for (const [done, op] of unknown.entries()) {
    tuning.report({ key: opKey(op), done, total: unknown.length });
    const { key, best, times } = await measure(gpu, tuningTask(op, gpu.tiles) as TuningTask<MatmulTile | RecurrentTile>, signal);
    await tuning.remember(op, best);
    found.push({ key, best, times });
  }
  if (unknown.length > 0) tuning.report({ key: '', done: unknown.length, total: unknown.length });
  return found;
}
