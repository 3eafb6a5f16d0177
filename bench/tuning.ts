// What tuning found, for the terminal.

import type { TuningFigures } from './measure/tuning.ts';

/** What every tile says of itself; the size from which sizes are folded in is the same for all candidates. */
const describe = (tile: object): string => Object.entries(tile).filter(([name]) => name !== 'specializeAbove').map(([name, value]) => `${name} ${value}`).join(', ');

export function formatTuning(name: string, { first, second, ops, measuredAgain, steps }: TuningFigures): string {
  return [
    `${name}: ${ops.length} ops tuned in ${first.toFixed(1)} s; again, ${measuredAgain} ops in ${second.toFixed(3)} s`,
    ...ops.flatMap(({ key, best, times }) => [
      `  ${key}: ${describe(best)}`,
      ...times.map(({ choice, milliseconds, compileMilliseconds, refused }) => {
        const time = refused === null ? `${milliseconds.toFixed(3).padStart(9)} ms, compiled and run in ${compileMilliseconds.toFixed(0).padStart(5)} ms` : 'refused';
        return `    ${time}  ${describe(choice)}${refused === null ? '' : `: ${refused}`}`;
      }),
    ]),
    `  a training step: fixed ${steps.fixed.min.toFixed(2)} ms, tuned ${steps.tuned.min.toFixed(2)} ms: ${(steps.fixed.min / steps.tuned.min).toFixed(2)} times as fast`,
  ].join('\n');
}
