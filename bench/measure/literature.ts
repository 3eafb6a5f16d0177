// The point that papers report: one LSTM layer, N=16, T=1024, H=768, forward and forward with backward, without a loss or an update.

import { createRecurrent, type Gpu, type Recurrent, type RecurrentPlan } from '../../src/index.ts';
import { cells } from '../../src/reference/cells.ts';
import { recurrentBackward, recurrentForward } from '../../src/reference/recurrent.ts';
import { summarize, type Round, type Summary } from '../statistics.ts';
import { uniform } from '../workload.ts';

export interface LiteratureFigures {
  readonly steps: number;
  /** Seconds that tuning the window's ops took before; null on the fixed tiles. */
  readonly tuning: number | null;
  readonly forward: Summary;
  readonly both: Summary;
  readonly bytes: number;
}

const HIDDEN = 768, BATCH = 16, STEPS = 1024;
/** For a software adapter, where the whole would take minutes: the same code, another point. */
const SMALL_STEPS = 16;
/** Plain loops in float64 reach no further. */
const CHECKED_STEPS = 2;

type Kind = 'forward' | 'both';

/** The layer and its window on one device. */
export class LiteraturePoint {
  readonly gpu: Gpu;
  readonly network: Recurrent;
  readonly plan: RecurrentPlan;
  /** [T,N,H] */
  readonly input: Float32Array;
  readonly dOutput: Float32Array;
  readonly steps: number;
  #ready = false;

  constructor(gpu: Gpu, small: boolean) {
    this.gpu = gpu;
    this.steps = small ? SMALL_STEPS : STEPS;
    this.network = createRecurrent(gpu, { cell: 'lstm', inputSize: HIDDEN, hiddenSize: HIDDEN, seed: 1 });
    this.plan = this.network.plan({ timeSteps: this.steps, batchSize: BATCH, training: true });
    const random = uniform(5);
    const numbers = (): Float32Array => Float32Array.from({ length: this.steps * BATCH * HIDDEN }, () => 2 * random() - 1);
    this.input = numbers();
    this.dOutput = numbers();
  }

  /** Milliseconds of passes, whose inputs are on the GPU from the first on. */
  async time(steps: number, kind: Kind = 'both'): Promise<number> {
    const { gpu, plan } = this;
    if (!this.#ready) {
      plan.forward({ input: this.input });
      plan.backward({ dOutput: this.dOutput });
      await gpu.device.queue.onSubmittedWorkDone();
      this.#ready = true;
    }
    const begun = performance.now();
    for (let k = 0; k < steps; k++) {
      gpu.submit(kind, (encoder) => {
        plan.encodeForward(encoder);
        if (kind === 'both') plan.encodeBackward(encoder);
      });
    }
    await gpu.device.queue.onSubmittedWorkDone();
    const milliseconds = performance.now() - begun;
    await gpu.check();
    return milliseconds;
  }
}

/** The first steps are compared with the float64 reference, then all are timed. */
export async function measureLiterature(point: LiteraturePoint, rounds: number, tuning: number | null): Promise<LiteratureFigures> {
  const { network, plan, steps, input, dOutput } = point;
  const part = (values: Float32Array): Float32Array => values.slice(0, CHECKED_STEPS * BATCH * HIDDEN);

  const parameters = Object.fromEntries(await Promise.all(Object.entries(network.parameters).map(async ([name, array]) => [name, Float64Array.from(await array.read())] as const)));
  const truth = recurrentForward({ cell: cells.lstm, timeSteps: CHECKED_STEPS, batchSize: BATCH, inputSize: HIDDEN, hiddenSize: HIDDEN }, parameters, Float64Array.from(part(input)));
  const { gradients } = recurrentBackward(truth, { dOutput: Float64Array.from(part(dOutput)) });
  const short = network.plan({ timeSteps: CHECKED_STEPS, batchSize: BATCH, training: true });
  network.zeroGradients();
  short.forward({ input: part(input) });
  expectClose('output', await short.output.read(), truth.output, 1e-5);
  short.backward({ dOutput: part(dOutput) });
  for (const [name, expected] of Object.entries(gradients)) expectClose(`gradient of ${name}`, await network.gradients[name]!.read(), expected, 1e-4);
  short.destroy();

  const times: Record<Kind, Round[]> = { forward: [], both: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of ['forward', 'both'] as const) times[kind].push(await timeRound(point, kind, times[kind][0]));
  }
  // Time goes forward: the first steps of the long window are the short one's.
  expectClose('output of the first steps', part(await plan.output.read()), truth.output, 1e-5);
  return { steps, tuning, forward: summarize(times.forward)!, both: summarize(times.both)!, bytes: plan.memory.totalBytes };
}

async function timeRound(point: LiteraturePoint, kind: Kind, last: Round | undefined): Promise<Round> {
  const steps = last ? Math.min(200, Math.max(1, Math.ceil((500 * last.steps) / last.milliseconds))) : 1;
  return { steps, milliseconds: await point.time(steps, kind) };
}

function expectClose(what: string, given: Float32Array, expected: Float64Array, tolerance: number): void {
  let [difference, size] = [0, 0];
  expected.forEach((value, k) => {
    difference += (given[k]! - value) ** 2;
    size += value ** 2;
  });
  const error = Math.sqrt(difference / size);
  if (!(error <= tolerance)) throw new Error(`${what} is off by ${error.toExponential(1)} in relative L2, so it is not timed`);
}
