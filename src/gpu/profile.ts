// GPU time by kernel label: the replay with every dispatch in a pass of its own, between two timestamps.
import type { Gpu } from './device.ts';
import { encodeTransfer, type Replay } from './submit.ts';

export interface KernelTime {
  readonly label: string;
  readonly dispatches: number;
  /** Milliseconds of GPU time, all dispatches together. */
  readonly milliseconds: number;
}

/** Timestamps a query set may hold. */
const MOST_QUERIES = 4096;

/**
 * Replay once and measure. One pass a dispatch costs more than the one pass of a normal replay, so the figures
 * say where the time goes, not how long a step takes. Slowest first.
 * @throws Error where the device has no `timestamp-query`.
 */
export async function profile(gpu: Gpu, replay: Replay): Promise<KernelTime[]> {
  const { device } = gpu;
  if (!device.features.has('timestamp-query')) {
    throw new Error(`${gpu.adapter.name} offers no timestamp-query, so kernel times cannot be measured on it`);
  }
  const labels = replay.commands.flatMap((c) => (c.kind === 'dispatch' ? [c.label] : []));
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
    const resolved = device.createBuffer({ label: 'profile', size: bytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const staging = device.createBuffer({ label: 'profile read', size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    if (used > 0) encoder.resolveQuerySet(querySet, 0, used, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await gpu.mapped(staging);
    stamps.push(...new BigUint64Array(staging.getMappedRange().slice(0)).subarray(0, used));
    for (const object of [staging, resolved, querySet]) object.destroy();
  };

  for (const command of replay.commands) {
    chunk ??= open();
    if (command.kind !== 'dispatch') {
      encodeTransfer(chunk.encoder, command);
      continue;
    }
    const { querySet, encoder } = chunk;
    const pass = encoder.beginComputePass({
      label: command.label,
      timestampWrites: { querySet, beginningOfPassWriteIndex: chunk.used, endOfPassWriteIndex: chunk.used + 1 },
    });
    pass.setPipeline(command.pipeline);
    pass.setBindGroup(0, command.bindGroup, command.offsets);
    pass.dispatchWorkgroups(...command.workgroups);
    pass.end();
    chunk.used += 2;
    if (chunk.used === MOST_QUERIES) await close();
  }
  await close();

  const times = new Map<string, { dispatches: number; nanoseconds: number }>();
  labels.forEach((label, i) => {
    const time = times.get(label) ?? { dispatches: 0, nanoseconds: 0 };
    time.dispatches += 1;
    // Quantised clocks can tie or, across a queue switch, run backwards: such a dispatch counts as zero.
    time.nanoseconds += Math.max(0, Number((stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n)));
    times.set(label, time);
  });
  return [...times]
    .map(([label, { dispatches, nanoseconds }]) => ({ label, dispatches, milliseconds: nanoseconds / 1e6 }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
