// Choosing by measuring: candidates of one operation, recorded over the same scratch memory, each compiled, verified against the
// first, then timed in turn, round by round. Knows the GPU and no network: what a candidate is, its caller knows.
import type { Gpu } from './device.ts';
import { elements, copyRange, type Slice } from './memory.ts';
import { Replay } from './submit.ts';
import type { TuningResult, TuningTask } from './tuning_task.ts';

export const MOST_CANDIDATES = 6;
const ROUNDS = 3;
/** A sample is as many runs as take this long, so that waiting for it costs little beside it. */
const SAMPLE_MS = 8;
/** Runs a submit: several even of a slow operation hide the submit, many of a fast one fill the sample. */
const RUNS = { least: 2, most: 64 } as const;
/** A candidate this much slower than the best after a round is not timed again. */
const HOPELESS = 1.5;
/** Relative L2 difference from the default's results: another order of float32 sums, and no more. */
const TOLERANCE = 1e-4;

/**
 * Measure a task's candidates.
 * @throws DeviceLostError, or the signal's reason; a candidate that fails is refused instead. @throws RangeError for more than 6 candidates or none.
 */
export async function tune<Choice>(gpu: Gpu, task: TuningTask<Choice>, signal?: AbortSignal): Promise<TuningResult<Choice>> {
  const { key, candidates, memory } = task;
  if (candidates.length === 0 || candidates.length > MOST_CANDIDATES) {
    throw new RangeError(`${key}: ${candidates.length} candidates; a shortlist has 1 to ${MOST_CANDIDATES}`);
  }
  signal?.throwIfAborted();
  if (candidates.length === 1) return { key, best: candidates[0]!, times: [] };
  gpu.allocate(key, memory);
  const trials: Trial<Choice>[] = [];
  try {
    await gpu.settle(memory);
    const inputs = task.inputs.map((slice) => randomValues(slice));
    let expected: Float32Array[] | null = null;
    for (const choice of candidates) {
      signal?.throwIfAborted();
      task.inputs.forEach((slice, i) => gpu.write(slice, inputs[i]!));
      for (const { slice, values } of task.words ?? []) gpu.write(slice, values);
      // A candidate that writes nothing must not be taken for the one before it.
      gpu.submit(key, (encoder) => task.results.forEach((slice) => {
        gpu.touch([], [slice.buffer]);
        const { start, bytes } = copyRange(slice);
        encoder.clearBuffer(gpu.memory.get(slice.buffer), start, bytes);
      }));
      const trial = await Trial.begin(gpu, task, choice);
      trials.push(trial);
      if (trial.refused !== null) {
        if (!expected) throw new Error(`${key}: the default failed: ${trial.refused}`);
        continue;
      }
      const results = await Promise.all(task.results.map((slice) => gpu.read(slice)));
      if (expected) trial.verify(results, expected);
      else expected = results;
    }
    let best = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      for (const trial of trials) {
        signal?.throwIfAborted();
        if (trial.refused !== null || (round > 0 && trial.fastest > HOPELESS * best)) continue;
        await trial.time();
        best = Math.min(best, trial.fastest);
      }
    }
  } finally {
    for (const trial of trials) trial.destroy();
    gpu.memory.free(memory);
  }
  const times = trials.map(({ choice, fastest, compileMilliseconds, refused }) => ({ choice, milliseconds: refused === null ? fastest : Infinity, compileMilliseconds, refused }));
  const best = times.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
  return { key, best: best.choice, times };
}

class Trial<Choice> {
  fastest = Infinity;
  refused: string | null = null;
  compileMilliseconds = 0;
  readonly choice: Choice;
  readonly #gpu: Gpu;
  #replay: Replay | null = null;
  #runs: number = RUNS.least;

  private constructor(gpu: Gpu, choice: Choice) {
    this.#gpu = gpu;
    this.choice = choice;
  }

  /** Compile and run once; what the GPU reports of it refuses the candidate and nothing else. */
  static async begin<Choice>(gpu: Gpu, task: TuningTask<Choice>, choice: Choice): Promise<Trial<Choice>> {
    const trial = new Trial(gpu, choice);
    const start = performance.now();
    try {
      trial.#replay = new Replay(gpu, task.record(choice), task.key);
      trial.#replay.submit();
      await gpu.device.queue.onSubmittedWorkDone();
      await gpu.settle(task.memory);
    } catch (error) {
      gpu.assertAlive();
      trial.refused = error instanceof Error ? error.message : String(error);
      return trial;
    }
    trial.compileMilliseconds = performance.now() - start;
    const again = performance.now();
    trial.#replay!.submit();
    await gpu.device.queue.onSubmittedWorkDone();
    trial.#runs = Math.min(RUNS.most, Math.max(RUNS.least, Math.ceil(SAMPLE_MS / (performance.now() - again))));
    return trial;
  }

  verify(results: readonly Float32Array[], expected: readonly Float32Array[]): void {
    const error = Math.max(...results.map((values, i) => relativeDifference(values, expected[i]!)));
    if (!(error <= TOLERANCE)) this.refused = `its results are ${error.toExponential(1)} from the default's, relative L2; ${TOLERANCE} is allowed`;
  }

  async time(): Promise<void> {
    const { queue } = this.#gpu.device;
    const start = performance.now();
    this.#gpu.submit('tuning', (encoder) => {
      for (let run = 0; run < this.#runs; run++) this.#replay!.encode(encoder);
    });
    await queue.onSubmittedWorkDone();
    this.#gpu.assertAlive();
    this.fastest = Math.min(this.fastest, (performance.now() - start) / this.#runs);
  }

  destroy(): void {
    this.#replay?.destroy();
  }
}

/** Small numbers of both signs, the same for every call of the same size, so that sums stay in the range of a trained network's. */
function randomValues({ shape }: Slice): Float32Array {
  const values = new Float32Array(elements(shape));
  let state = 0x9e3779b9;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) * 0.2;
  }
  return values;
}

/** ‖a - b‖ / ‖b‖; NaN where either has one. */
function relativeDifference(a: Float32Array, b: Float32Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(size), Number.MIN_VALUE);
}
