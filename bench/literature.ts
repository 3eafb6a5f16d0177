// The literature's point as rows: what was measured here, and what papers report.

import type { Sections } from './results.ts';

/** ms on an H100, forward and forward with backward: N=16, T=1024, H=768, one layer. */
export const REPORTED = [
  ['cuDNN fp16 (literature, H100)', 2.01, 5.19],
  ['FlashRNN fused (literature, H100)', 4.87, 13.61],
  ['FlashRNN alternating (literature, H100)', 10.79, 26.49],
  ['Haste fp32 (literature, H100)', 18.41, 43.86],
] as const;

/** The reported figures stand beside the whole window only: a short one is another point. */
export function literatureCells({ ours, torch }: NonNullable<Sections['literature']>): string[][] {
  const ms = (value: number): string => value.toFixed(2);
  // Results of before this was kept say nothing of it: they ran on the fixed tiles.
  const tuning = ours.tuning ?? null;
  return [
    ['engine', 'T', 'forward ms', 'forward + backward ms'],
    [`unfold fp32, ${tuning === null ? 'fixed tiles' : `tuned in ${tuning.toFixed(1)} s`}`, String(ours.steps), ms(ours.forward.min), ms(ours.both.min)],
    ...Object.entries(torch?.precisions ?? {}).map(([name, { forward, both }]) => [name, String(torch!.steps), ms(forward), ms(both)]),
    ...(ours.steps === 1024 ? REPORTED.map(([name, forward, both]) => [name, '1024', ms(forward), ms(both)]) : []),
  ];
}
