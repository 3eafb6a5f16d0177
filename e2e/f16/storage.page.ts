// Kernels over buffers of f16, at odd offsets, with rows of odd length.
import { openDevice, type Gpu } from '../../src/index.ts';
import { allocateProxy, reshape, subslice, type Slice } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { DIRECT_TILES, type Tiles } from '../../src/gpu/tiles.ts';
import { convert } from '../../src/kernels/arrange.ts';
import { columnSum } from '../../src/kernels/column_sum.ts';
import { gatherRows } from '../../src/kernels/embedding.ts';
import { matmul, matrix } from '../../src/kernels/matmul.ts';
import { randomArray } from '../gpu/random_arrays.ts';
import { relativeL2 } from '../golden.ts';

function replay(gpu: Gpu, recording: Recording): void {
  const made = new Replay(gpu, recording, 'f16 test');
  made.submit();
  made.destroy();
}

/** Whether the adapter has f16. */
export async function hasHalf(): Promise<boolean> {
  const gpu = await openDevice();
  return gpu.device.features.has('shader-f16');
}

/** What becomes of numbers on the way to f16 and back; null stands for what is not finite. */
export async function roundTrip(values: readonly number[]): Promise<(number | string)[]> {
  const gpu = await openDevice();
  const [wide, half, back] = [allocateProxy('wide', [values.length], 'input'), allocateProxy('half', [values.length], 'scratch', 2), allocateProxy('back', [values.length], 'result')];
  gpu.memory.allocate([wide, half, back].map((s) => s.buffer));
  gpu.write(wide, Float32Array.from(values));
  const recording = new Recording();
  convert(recording, wide, half);
  convert(recording, half, back);
  replay(gpu, recording);
  return Array.from(await gpu.read(back), (x) => (Number.isFinite(x) ? x : String(x)));
}

/** Clears, and copies from another buffer of the same, of f16 by elements: what a buffer of `count` then holds, each having been its number + 1. */
export async function transfers({ count, clear, copy }: { count: number; clear?: [from: number, count: number]; copy?: [from: number, to: number, count: number] }): Promise<number[]> {
  const gpu = await openDevice();
  const [wide, back] = [allocateProxy('wide', [count], 'input'), allocateProxy('back', [count], 'result')];
  const [half, other] = [allocateProxy('half', [count], 'scratch', 2), allocateProxy('other', [count], 'scratch', 2)];
  gpu.memory.allocate([wide, half, other, back].map((s) => s.buffer));
  gpu.write(wide, Float32Array.from({ length: count }, (_, i) => i + 1));
  const recording = new Recording();
  convert(recording, wide, half);
  convert(recording, wide, other);
  if (clear) recording.clear(subslice(half, clear[0], [clear[1]]));
  if (copy) recording.copy(subslice(other, copy[0], [copy[2]]), subslice(half, copy[1], [copy[2]]));
  convert(recording, half, back);
  replay(gpu, recording);
  return Array.from(await gpu.read(back));
}

export interface ProductCase {
  readonly form: 'nn' | 'nt' | 'tn';
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Which of a, b and c are f16. */
  readonly halves: string;
  /** Elements before the first of each, and between its rows. */
  readonly offset: number;
  readonly gap: number;
  readonly accumulate: boolean;
  readonly tiles: 'direct' | 'shared' | 'folded' | 'sliced';
}

const FAMILIES: Record<ProductCase['tiles'], Tiles> = {
  direct: DIRECT_TILES,
  shared: { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, rowQuads: 1, shared: true } },
  folded: { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, specializeAbove: 0 } },
  sliced: { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, slices: 8, specializeAbove: 0 } },
};

/** An array on the GPU in f32, and, where it is f16, the one that kernels take. */
interface Stored {
  readonly wide: Slice;
  readonly stored: Slice;
}

function store(gpu: Gpu, name: string, count: number, half: boolean, seed: number): Stored {
  const wide = allocateProxy(name, [count], 'scratch');
  const stored = half ? allocateProxy(`${name} in f16`, [count], 'scratch', 2) : wide;
  gpu.memory.allocate([wide.buffer, stored.buffer]);
  gpu.write(wide, randomArray(count, seed));
  const recording = new Recording();
  if (half) for (const [from, to] of [[wide, stored], [stored, wide]] as const) convert(recording, from, to);
  replay(gpu, recording);
  return { wide, stored };
}

async function load(gpu: Gpu, { wide, stored }: Stored): Promise<Float32Array> {
  const recording = new Recording();
  if (stored !== wide) convert(recording, stored, wide);
  replay(gpu, recording);
  return gpu.read(wide);
}

/** Each product's relative L2 error against float64 of what is stored, and whether anything outside C was touched. */
export async function products(cases: readonly ProductCase[]): Promise<{ error: number; touchedOutside: boolean }[]> {
  const gpu = await openDevice();
  const results = [];
  for (const { form, M, N, K, halves, offset, gap, accumulate, tiles } of cases) {
    const [aRows, aColumns] = form === 'tn' ? [K, M] : [M, K];
    const [bRows, bColumns] = form === 'nt' ? [N, K] : [K, N];
    const make = (name: string, rows: number, columns: number, seed: number) => {
      const count = offset + rows * (columns + gap);
      return { ...store(gpu, name, count, halves.includes(name), seed), count, rows, columns, stride: columns + gap };
    };
    const [a, b, c] = [make('a', aRows, aColumns, 1), make('b', bRows, bColumns, 2), make('c', M, N, 3)];
    const [x, y, before] = [await load(gpu, a), await load(gpu, b), await load(gpu, c)];
    const view = (of: typeof a) => matrix(subslice(of.stored, offset, [of.count - offset]), of.rows, of.columns, of.stride);
    const recording = new Recording(FAMILIES[tiles]);
    matmul(recording, { form, a: view(a), b: view(b), c: view(c), accumulate });
    replay(gpu, recording);
    const after = await load(gpu, c);
    gpu.memory.free([a, b, c].flatMap(({ wide, stored }) => [wide.buffer, stored.buffer]));
    const [actual, expected]: [number[], number[]] = [[], []];
    for (let m = 0; m < M; m++) for (let n = 0; n < N; n++) {
      const at = offset + m * c.stride + n;
      let sum = accumulate ? before[at]! : 0;
      for (let k = 0; k < K; k++) {
        sum += x[offset + (form === 'tn' ? k * a.stride + m : m * a.stride + k)]! * y[offset + (form === 'nt' ? n * b.stride + k : k * b.stride + n)]!;
      }
      expected.push(sum);
      actual.push(after[at]!);
    }
    const inside = (i: number): boolean => i >= offset && (i - offset) % c.stride < N;
    results.push({ error: relativeL2(actual, expected), touchedOutside: after.some((value, i) => !inside(i) && value !== before[i]) });
  }
  return results;
}

/** A table of f16, its rows gathered into f16 rows at odd places, and the f32 sums of their columns: worst absolute errors. */
export async function gathered({ vocabulary, columns, count }: { vocabulary: number; columns: number; count: number }): Promise<{ rows: number; sums: number }> {
  const gpu = await openDevice();
  const tokens = allocateProxy('tokens', [count], 'input');
  const total = allocateProxy('total', [columns], 'result');
  gpu.memory.allocate([tokens.buffer, total.buffer]);
  const drawn = Uint32Array.from({ length: count }, (_, i) => (i * 7) % vocabulary);
  gpu.write(tokens, drawn);
  const stride = columns + 3;
  const [table, rows] = [store(gpu, 'table', vocabulary * columns, true, 1), store(gpu, 'rows', 1 + count * stride, true, 2)];
  const values = await load(gpu, table);
  const recording = new Recording();
  const place = subslice(rows.stored, 1, [count * stride]);
  gatherRows(recording, { table: { slice: reshape(table.stored, [vocabulary, columns]), vocabulary, columns, layout: 'rows' }, tokens, count, rows: place, stride });
  columnSum(recording, matrix(place, count, columns, stride), total);
  replay(gpu, recording);
  const [got, sums] = [await load(gpu, rows), await gpu.read(total)];
  let worst = 0;
  const expected = new Float64Array(columns);
  for (let r = 0; r < count; r++) for (let j = 0; j < columns; j++) {
    const value = values[drawn[r]! * columns + j]!;
    worst = Math.max(worst, Math.abs(got[1 + r * stride + j]! - value));
    expected[j]! += value;
  }
  return { rows: worst, sums: Math.max(...expected.map((x, j) => Math.abs(x - sums[j]!))) };
}
