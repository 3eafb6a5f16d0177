// GPU time by kernel label: the replay with every run of dispatches of one label in a pass of its own, between two timestamps.
//
// On Vulkan the stamp of a pass's beginning may be taken before the pass before it has ended. A run's time is therefore how much
// later it is at its end than at its beginning or at the latest end so far, whichever is later: time that runs share counts once,
// for the one that ended first, and the sum is never more than the whole took.
//
// Browsers round their clocks down, Chrome to 100 µs by default, which is longer than most dispatches. A difference of two
// rounded stamps is right on average, as long as passes begin at any moment of a tick, so sums over many are right too. Rounding
// down keeps the order, so the later of two rounded stamps is the later of the two moments, rounded: taking it brings no bias, and
// changes nothing where no pass begins before the last has ended. No difference is thrown away. What remains is said in
// `uncertainty`, and sums over several profiles make it smaller.
import type { Gpu } from './device.ts';
import { encodeTransfer, type ReadyCommand, type Replay } from './submit.ts';

export interface KernelTime {
  readonly label: string;
  readonly dispatches: number;
  /** GPU time of all dispatches together. */
  readonly milliseconds: number;
  /** One standard deviation of `milliseconds` from the clock's rounding, in ms. */
  readonly uncertainty: number;
  /** One tick of the clock in ms, as far as the stamps show it: all of them are multiples of it. */
  readonly resolution: number;
}

/** Timestamps a query set may hold. */
const MOST_QUERIES = 4096;

type ReadyDispatch = Extract<ReadyCommand, { kind: 'dispatch' }>;

/**
 * Replay once and measure. A pass for each run costs more than the one pass of a normal replay, so the figures
 * say where the time goes, not how long a step takes. Slowest first.
 * @throws Error where the device has no `timestamp-query`.
 */
export async function profile(gpu: Gpu, replay: Replay): Promise<KernelTime[]> {
  const { device } = gpu;
  if (!device.features.has('timestamp-query')) {
    throw new Error(`${gpu.adapter.name} offers no timestamp-query, so kernel times cannot be measured on it`);
  }
  const parts = runsOf(replay.commands);
  const runs = parts.filter((part): part is ReadyDispatch[] => Array.isArray(part));
  const stamps: bigint[] = [];
  let chunk: { querySet: GPUQuerySet; encoder: GPUCommandEncoder; used: number } | null = null;
  const open = () => ({
    querySet: device.createQuerySet({ label: 'profile', type: 'timestamp', count: MOST_QUERIES }),
    encoder: device.createCommandEncoder({ label: 'profile' }),
    used: 0,
  });
  const close = async (): Promise<void> => {
    if (!chunk) return;
    const { querySet, encoder, used } = chunk;
    chunk = null;
    const bytes = Math.max(8, used * 8);
    const { resolved, staging } = gpu.withErrorScopes('profile', () => {
      const resolved = device.createBuffer({ label: 'profile', size: bytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
      const staging = device.createBuffer({ label: 'profile read', size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      replay.touch(staging);
      if (used > 0) encoder.resolveQuerySet(querySet, 0, used, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      return { resolved, staging };
    });
    try {
      await gpu.mapped(staging);
      stamps.push(...new BigUint64Array(staging.getMappedRange().slice(0)).subarray(0, used));
    } finally {
      for (const object of [staging, resolved, querySet]) object.destroy();
    }
  };

  for (const part of parts) {
    chunk ??= open();
    if (!Array.isArray(part)) {
      encodeTransfer(chunk.encoder, part);
      continue;
    }
    const { querySet, encoder } = chunk;
    const pass = encoder.beginComputePass({
      label: part[0]!.label,
      timestampWrites: { querySet, beginningOfPassWriteIndex: chunk.used, endOfPassWriteIndex: chunk.used + 1 },
    });
    for (const command of part) {
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.bindGroup, command.offsets);
      pass.dispatchWorkgroups(...command.workgroups);
    }
    pass.end();
    chunk.used += 2;
    if (chunk.used === MOST_QUERIES) await close();
  }
  await close();
  return kernelTimes(runs.map((run) => ({ label: run[0]!.label, dispatches: run.length })), stamps);
}

/** The commands with neighbouring dispatches of one label together. */
function runsOf(commands: readonly ReadyCommand[]): (ReadyDispatch[] | Exclude<ReadyCommand, ReadyDispatch>)[] {
  const parts: (ReadyDispatch[] | Exclude<ReadyCommand, ReadyDispatch>)[] = [];
  for (const command of commands) {
    const last = parts.at(-1);
    if (command.kind !== 'dispatch') parts.push(command);
    else if (Array.isArray(last) && last[0]!.label === command.label) last.push(command);
    else parts.push([command]);
  }
  return parts;
}

/** Times by label from two stamps in ns a run, of runs in order. */
export function kernelTimes(runs: readonly { readonly label: string; readonly dispatches: number }[], stamps: readonly bigint[]): KernelTime[] {
  const tick = tickOf(stamps);
  const times = new Map<string, { dispatches: number; intervals: number; nanoseconds: number }>();
  let latest = stamps[0] ?? 0n;
  runs.forEach(({ label, dispatches }, i) => {
    const time = times.get(label) ?? { dispatches: 0, intervals: 0, nanoseconds: 0 };
    time.dispatches += dispatches;
    time.intervals += 1;
    const begun = later(latest, stamps[2 * i]!);
    latest = later(begun, stamps[2 * i + 1]!);
    time.nanoseconds += Number(latest - begun);
    times.set(label, time);
  });
  return [...times]
    // Each stamp is off by up to a tick, evenly: a variance of tick²/12, twice in an interval.
    .map(([label, { dispatches, intervals, nanoseconds }]) =>
      ({ label, dispatches, milliseconds: nanoseconds / 1e6, uncertainty: (tick * Math.sqrt(intervals / 6)) / 1e6, resolution: tick / 1e6 }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The largest number of ns that all stamps are multiples of, counted from the first. */
function tickOf(stamps: readonly bigint[]): number {
  let tick = 0n;
  for (const stamp of stamps) {
    let [a, b] = [tick, stamp > stamps[0]! ? stamp - stamps[0]! : stamps[0]! - stamp];
    while (b > 0n) [a, b] = [b, a % b];
    tick = a;
  }
  return Number(tick);
}
