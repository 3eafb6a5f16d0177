import { openDevice, type Gpu } from '../../src/index.ts';
import { allocateProxy, type Slice } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { gatherRows, gatherRowsGradient } from '../../src/kernels/embedding.ts';
import { softmaxCrossEntropy } from '../../src/kernels/loss.ts';
import { gradientNorm, NORM_PARTIALS, NORM_STATE } from '../../src/kernels/optimizer.ts';
import { randomBits } from '../../src/layers/random.ts';
import { embeddingBackward, embeddingForward } from '../../src/reference/embedding.ts';
import { softmaxCrossEntropy as reference } from '../../src/reference/softmax_cross_entropy.ts';
import { positionsByToken } from '../../src/layers/token_positions.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

function array(gpu: Gpu, name: string, values: Float32Array | Uint32Array, shape: readonly number[] = [values.length]): Slice {
  const slice = allocateProxy(name, shape, 'scratch');
  gpu.memory.allocate([slice.buffer]);
  gpu.write(slice, values);
  return slice;
}

function run(gpu: Gpu, recording: Recording): void {
  new Replay(gpu, recording, 'kernel test').submit();
}

/** Rows gathered from a table stored either way round, and the table's gradient: relative L2 errors. */
export async function embedding({ vocabulary, columns, count, layout }: { vocabulary: number; columns: number; count: number; layout: 'rows' | 'columns' }) {
  const gpu = await openDevice();
  const tokens = Uint32Array.from({ length: count }, (_, i) => randomBits(1, 2, i) % vocabulary);
  const table = randomArray(vocabulary * columns, 3);
  const stored = layout === 'rows' ? table : Float32Array.from(table, (_, i) => table[(i % vocabulary) * columns + Math.floor(i / vocabulary)]!);
  const bias = randomArray(columns, 4);
  const dRows = randomArray(count * columns, 5);
  const before = randomArray(vocabulary * columns, 6);
  const index = positionsByToken(tokens, vocabulary);
  const rows = array(gpu, 'rows', new Float32Array(count * columns));
  const dTable = array(gpu, 'd_table', before);
  const recording = new Recording();
  const shape = { vocabulary, columns, layout };
  gatherRows(recording, { table: { slice: array(gpu, 'table', stored), ...shape }, tokens: array(gpu, 'tokens', tokens), count, rows, bias: array(gpu, 'bias', bias) });
  gatherRowsGradient(recording, {
    dTable: { slice: dTable, ...shape },
    index: { starts: array(gpu, 'starts', index.starts), positions: array(gpu, 'positions', index.positions) },
    dRows: array(gpu, 'd_rows', dRows),
    count,
  });
  run(gpu, recording);
  const expectedRows = embeddingForward(tokens, Float64Array.from(table), vocabulary, columns).map((x, i) => x + bias[i % columns]!);
  const gradient = embeddingBackward(tokens, Float64Array.from(dRows), vocabulary, columns);
  const place = (v: number, c: number): number => (layout === 'rows' ? v * columns + c : c * vocabulary + v);
  const expectedGradient = Float64Array.from(before);
  for (let v = 0; v < vocabulary; v++) for (let c = 0; c < columns; c++) expectedGradient[place(v, c)]! += gradient[v * columns + c]!;
  return { rows: relativeL2(await gpu.read(rows), expectedRows), gradient: relativeL2(await gpu.read(dTable), expectedGradient) };
}

/** Loss by step, their mean and the logits' gradient, with some targets ignored and logits of any size: relative L2 errors. */
export async function crossEntropy({ steps, batch, vocabulary, scale, ignore }: { steps: number; batch: number; vocabulary: number; scale: number; ignore: boolean }) {
  const gpu = await openDevice();
  const rows = steps * batch;
  const values = randomArray(rows * vocabulary, 1, scale);
  const answers = Uint32Array.from({ length: rows }, (_, i) => (ignore && i % 3 === 0 ? 0xffffffff : randomBits(7, 1, i) % vocabulary));
  const logits = array(gpu, 'logits', values);
  const stepLoss = array(gpu, 'step loss', new Float32Array(steps));
  const total = array(gpu, 'total', new Float32Array(2));
  const recording = new Recording();
  softmaxCrossEntropy(recording, { logits, targets: array(gpu, 'targets', answers), rowLoss: array(gpu, 'row loss', new Float32Array(rows)), stepLoss, total, timeSteps: steps, batchSize: batch, vocabulary });
  run(gpu, recording);
  const expected = reference(Float64Array.from(values), answers, { timeSteps: steps, batchSize: batch, vocabulary });
  const [loss, counted] = await gpu.read(total);
  return {
    loss: Math.abs(loss! - expected.loss) / expected.loss,
    counted,
    steps: relativeL2(await gpu.read(stepLoss), expected.losses),
    gradient: relativeL2(await gpu.read(logits), expected.dLogits),
  };
}

/** The norm of `count` values, relative to float64. */
export async function norm({ count }: { count: number }): Promise<number> {
  const gpu = await openDevice();
  const values = randomArray(count, 9, 3);
  const result = array(gpu, 'norm', new Float32Array(NORM_STATE));
  const recording = new Recording();
  gradientNorm(recording, array(gpu, 'gradient', values), array(gpu, 'partials', new Float32Array(NORM_PARTIALS)), result);
  run(gpu, recording);
  const expected = Math.hypot(...[...values].reduce<number[]>((sums, x, i) => ((sums[i % 64] = Math.hypot(sums[i % 64] ?? 0, x)), sums), []));
  return Math.abs((await gpu.read(result))[0]! - expected) / expected;
}
