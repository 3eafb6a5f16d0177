import { openDevice } from '../../src/gpu/device.ts';
import { allocateProxy } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { DIRECT_TILES, type MatmulTile } from '../../src/gpu/tiles.ts';
import { tune } from '../../src/gpu/tuning.ts';
import type { TuningTask } from '../../src/gpu/tuning_task.ts';
import { openTuningStore } from '../../src/gpu/tuning_store.ts';
import { matmul, matrix } from '../../src/kernels/matmul.ts';

/** How a candidate of the test goes wrong. */
export type Fault = 'none' | 'wrong result' | 'no result' | 'not a number' | 'does not compile';
type Choice = MatmulTile & { readonly fault: Fault };

const [M, N, K] = [64, 32, 48];

function task(candidates: readonly Choice[]): TuningTask<Choice> {
  const [a, b, c] = [allocateProxy('a', [M, K], 'scratch'), allocateProxy('b', [N, K], 'scratch'), allocateProxy('c', [M, N], 'scratch')];
  return {
    key: `test ${M}x${N}x${K}`,
    candidates,
    memory: [a, b, c].map(({ buffer }) => buffer),
    inputs: [a, b],
    results: [c],
    record({ fault, ...tile }) {
      const recording = new Recording({ ...DIRECT_TILES, matmul: tile });
      if (fault === 'no result') return recording;
      // The transposed product is another one.
      matmul(recording, fault === 'wrong result'
        ? { form: 'nt', a: matrix(b, N, K), b: matrix(a, M, K), c: matrix({ ...c, shape: [N, M] }, N, M) }
        : { form: 'nt', a: matrix(a, M, K), b: matrix(b, N, K), c: matrix(c, M, N) });
      const [dispatch] = recording.commands;
      if (dispatch?.kind !== 'dispatch') throw new Error('a matmul is a dispatch');
      const changed = (from: string, to: string): void => {
        if (!dispatch.shader.code.includes(from)) throw new Error(`the shader has no ${from}`);
        recording.commands[0] = { ...dispatch, shader: { ...dispatch.shader, code: dispatch.shader.code.replace(from, to) } };
      };
      if (fault === 'does not compile') changed('fn store(', 'fn store(unknown_type: Nowhere, ');
      // One element; with the size in its bits, since a constant may not be NaN.
      if (fault === 'not a number') changed('c[at] = value;', 'c[at] = select(value, bitcast<f32>(0x7fc00000u | params.N), at == 7u);');
      return recording;
    },
  };
}

export async function choose(faults: readonly Fault[]) {
  const gpu = await openDevice();
  const candidates = faults.map((fault, i) => ({ rowQuads: 1 + (i % 2), columnQuads: 1, depthQuads: 1, quads: false, shared: false, slices: 1, specializeAbove: Infinity, fault }));
  const before = gpu.memory.report().totalBytes;
  const { best, times } = await tune(gpu, task(candidates));
  await gpu.check(); // what refused a candidate is not left to be thrown at the next read
  return {
    best: candidates.indexOf(best),
    times: times.map(({ milliseconds, refused, compileMilliseconds }) => ({ finite: Number.isFinite(milliseconds), milliseconds, compiled: compileMilliseconds > 0, refused })),
    leaked: gpu.memory.report().totalBytes - before,
  };
}

/** What comes of a signal aborted before the tuning, and of one aborted while its second candidate is recorded. */
export async function abort() {
  const gpu = await openDevice();
  const before = gpu.memory.report().totalBytes;
  const candidates: Choice[] = [1, 2].map((rowQuads) => ({ rowQuads, columnQuads: 1, depthQuads: 1, quads: false, shared: false, slices: 1, specializeAbove: Infinity, fault: 'none' }));
  const early = new AbortController();
  early.abort(new Error('enough'));
  const messages = [await tune(gpu, task(candidates.slice(0, 1)), early.signal).catch((error: Error) => error.message)];
  const late = new AbortController();
  const measured = task(candidates);
  const aborting: TuningTask<Choice> = {
    ...measured,
    record(choice) {
      if (choice === candidates[1]) late.abort(new Error('enough of the second'));
      return measured.record(choice);
    },
  };
  messages.push(await tune(gpu, aborting, late.signal).catch((error: Error) => error.message));
  return { messages, leaked: gpu.memory.report().totalBytes - before };
}

/** What two stores of one machine and one of another find, after the first has saved twice. */
export async function storage() {
  const [one, again, other] = [openTuningStore('machine'), openTuningStore('machine'), openTuningStore('another machine')];
  const empty = await one.load();
  await one.save({ a: { rowQuads: 2 }, b: 1 });
  await one.save({ b: 2 });
  return { empty, again: await again.load(), other: await other.load() };
}
