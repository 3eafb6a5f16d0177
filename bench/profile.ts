// Profiles as data: their mean, and a table for the terminal.

import type { KernelTime } from '../src/index.ts';
import { columns } from './columns.ts';

/** The mean of several profiles of one recording. Rounding errors of a clock average out: `uncertainty` is that of the mean. */
export function mergeProfiles(profiles: readonly (readonly KernelTime[])[]): KernelTime[] {
  const count = profiles.length;
  const merged = new Map<string, { dispatches: number; milliseconds: number; variance: number; resolution: number }>();
  for (const { label, dispatches, milliseconds, uncertainty, resolution } of profiles.flat()) {
    const sum = merged.get(label) ?? { dispatches: 0, milliseconds: 0, variance: 0, resolution: Infinity };
    merged.set(label, {
      dispatches: sum.dispatches + dispatches,
      milliseconds: sum.milliseconds + milliseconds,
      variance: sum.variance + uncertainty ** 2,
      // The tick divides every difference, so the smallest that any profile shows is the nearest to it.
      resolution: Math.min(sum.resolution, resolution),
    });
  }
  return [...merged]
    .map(([label, { dispatches, milliseconds, variance, resolution }]) =>
      ({ label, dispatches: dispatches / count, milliseconds: milliseconds / count, uncertainty: Math.sqrt(variance) / count, resolution }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** Kernels and step may differ by this share of the step before it is said: passes of their own cost a little, and the clocks are two. */
const DISAGREEMENT = 0.2;

/** What to make of kernels whose sum is not the step, or null where they agree. */
export function disagreement({ kernels, step }: { readonly kernels: readonly KernelTime[]; readonly step: number }): string | null {
  const difference = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / step - 1;
  if (Math.abs(difference) <= DISAGREEMENT) return null;
  const share = `${Math.abs(100 * difference).toFixed(0)} %`;
  return difference < 0
    ? `the kernels take ${share} less than the step: the rest is between them, or the GPU waits for the host`
    : `the kernels take ${share} more than the step: in passes of their own they do not run as they are trained; trust the shares, not the milliseconds`;
}

export function formatProfile(title: string, { kernels, replays, step }: { kernels: readonly KernelTime[]; replays: number; step: number }): string {
  const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const resolution = Math.max(0, ...kernels.map((kernel) => kernel.resolution));
  const doubt = disagreement({ kernels, step });
  const rows = kernels.map(({ label, dispatches, milliseconds, uncertainty }) =>
    [label, String(dispatches), milliseconds.toFixed(3), uncertainty.toFixed(3), `${(100 * milliseconds / total).toFixed(1)}%`, '█'.repeat(Math.round(30 * milliseconds / total))]);
  return [
    `${title}: ${total.toFixed(2)} ms of kernels, mean of ${replays} replays; ${step.toFixed(2)} ms a step as it is trained`,
    `the clock's tick is ${resolution >= 0.001 ? `${(resolution * 1000).toFixed(1)} µs` : `${(resolution * 1e6).toFixed(0)} ns`}; ± is one standard deviation from its rounding`,
    ...(doubt === null ? [] : [`! ${doubt}`]),
    '',
    columns([['kernel', 'dispatches', 'ms', '±', 'share', ''], ...rows], 'lrrrrl'),
  ].join('\n');
}
