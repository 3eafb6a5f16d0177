// The half of `npm run example` that runs in the browser: an example from its first step to its table.
import { examples } from '../../examples/index.ts';
import type { OptionValues, Result, Row } from '../../examples/example.ts';
import { openDevice, type Gpu } from '../../src/index.ts';

declare global {
  /** Given by the process that opened the page. */
  function progress(row: Row): Promise<void>;
}

const REPORT_MS = 100;

let gpu: Gpu | null = null;
let isStopping = false;

export interface Opened {
  readonly adapter: string;
  readonly isFallback: boolean;
}

export async function open(): Promise<Opened> {
  gpu = await openDevice();
  return { adapter: gpu.adapter.name, isFallback: gpu.adapter.isFallback };
}

/** Run to the end. @returns null where `stop` came before it */
export async function run({ name, options }: { name: string; options: OptionValues }): Promise<Result | null> {
  const example = examples.find((known) => known.name === name);
  if (!example || !gpu) throw new Error(gpu ? `there is no example ${name}` : 'call open() first');
  const steps = example.run(gpu, options);
  let reported = -Infinity;
  let last: Row | null = null;
  try {
    for (let next = await steps.next(); !isStopping; next = await steps.next()) {
      // The last step of a part is told, however soon it follows on another.
      if (last && (next.done || next.value.part !== last.part)) await progress({ ...last, keep: true });
      if (next.done) return next.value;
      last = next.value;
      if (!last.keep && performance.now() - reported < REPORT_MS) continue;
      reported = performance.now();
      await progress(last);
      last = last.keep ? null : last;
    }
    return null;
  } finally {
    await steps.return(null as never);
    gpu.destroy();
  }
}

/** The run ends at its next step. */
export function stop(): void {
  isStopping = true;
}
