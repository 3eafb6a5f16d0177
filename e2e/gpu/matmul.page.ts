import { openDevice } from '../../src/gpu/device.ts';
import { allocateProxy, subslice } from '../../src/gpu/memory.ts';
import { DIRECT_TILES, matmulCandidates, withTile, type MatmulOp, type MatmulTile, type Tiles } from '../../src/gpu/tiles.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { matmul, matrix } from '../../src/kernels/matmul.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

export type TileFamily = 'adapter' | 'direct' | 'shared' | 'folded' | 'sliced' | 'small sliced';

export interface MatmulCase {
  readonly form: 'nn' | 'nt' | 'tn';
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly bias?: boolean;
  readonly accumulate?: boolean;
  /** Elements that every row is longer than the matrix is wide. */
  readonly gap?: number;
  /**
   * 'adapter': those chosen for it; 'shared': blocks in workgroup memory; 'folded': the adapter's, with the sizes in the shader;
   * 'sliced': eight threads a tile, where the form is 'tn'; 'small sliced': the same of 4x4, with the sizes in the shader.
   */
  readonly tiles?: TileFamily;
  /** Elements by which A, B and C start past their buffer's start. */
  readonly offset?: number;
}

export interface MatmulResult {
  /** Relative L2 against float64. */ readonly error: number;
  /** Whether anything outside C was changed. */ readonly touchedOutside: boolean;
  /** A second run gave the same bits. */ readonly same: boolean;
}

export async function run(cases: readonly MatmulCase[]): Promise<MatmulResult[]> {
  const gpu = await openDevice();
  const results = [];
  for (const given of cases) results.push(await one(gpu, given));
  return results;
}

type Gpu = Awaited<ReturnType<typeof openDevice>>;

/** The arrays of a case on the GPU, and the product recorded over them. */
function prepare(gpu: Gpu, { form, M, N, K, bias = false, accumulate = false, gap = 0, offset = 0 }: MatmulCase) {
  const [aRows, aColumns] = form === 'tn' ? [K, M] : [M, K];
  const [bRows, bColumns] = form === 'nt' ? [N, K] : [K, N];
  const make = (name: string, rows: number, columns: number, seed: number) => {
    const count = offset + rows * (columns + gap);
    return { slice: allocateProxy(name, [count], 'scratch'), data: randomArray(count, seed), rows, columns, stride: columns + gap };
  };
  const [a, b, c] = [make('a', aRows, aColumns, 1), make('b', bRows, bColumns, 2), make('c', M, N, 3)];
  const biasSlice = allocateProxy('bias', [N], 'scratch');
  const biasData = randomArray(N, 4);
  gpu.memory.allocate([a, b, c].map((x) => x.slice.buffer).concat(biasSlice.buffer));
  for (const x of [a, b, c]) gpu.write(x.slice, x.data);
  gpu.write(biasSlice, biasData);
  const view = (x: typeof a) => matrix(subslice(x.slice, offset, [x.data.length - offset]), x.rows, x.columns, x.stride);
  const record = (tiles: Tiles): Recording => {
    const recording = new Recording(tiles);
    matmul(recording, { form, a: view(a), b: view(b), c: view(c), accumulate, ...(bias && { bias: biasSlice }) });
    return recording;
  };
  const free = (): void => gpu.memory.free([a, b, c].map((x) => x.slice.buffer).concat(biasSlice.buffer));
  return { a, b, c, biasData, record, free };
}

async function one(gpu: Gpu, given: MatmulCase): Promise<MatmulResult> {
  const { form, M, N, K, bias = false, accumulate = false, offset = 0, tiles = 'adapter' } = given;
  const { a, b, c, biasData, record, free } = prepare(gpu, given);
  const { matmul: own } = gpu.tiles;
  const families: Record<TileFamily, Tiles> = {
    adapter: gpu.tiles,
    direct: DIRECT_TILES,
    shared: { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, rowQuads: 1, shared: true } },
    folded: { ...gpu.tiles, matmul: { ...own, specializeAbove: 0 } },
    sliced: { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, slices: 8 } },
    'small sliced': { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, slices: 8, rowQuads: 1, columnQuads: 1, specializeAbove: 0 } },
  };
  const replay = new Replay(gpu, record(families[tiles]), 'matmul test');
  replay.submit();
  const actual = await gpu.read(c.slice);
  gpu.write(c.slice, c.data);
  replay.submit();
  const again = await gpu.read(c.slice);
  replay.destroy();
  free();

  const expected = Float64Array.from(c.data);
  const got = Float64Array.from(actual);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) {
        const x = form === 'tn' ? a.data[offset + k * a.stride + m]! : a.data[offset + m * a.stride + k]!;
        const y = form === 'nt' ? b.data[offset + n * b.stride + k]! : b.data[offset + k * b.stride + n]!;
        sum += x * y;
      }
      const at = offset + m * c.stride + n;
      expected[at] = sum + (bias ? biasData[n]! : 0) + (accumulate ? c.data[at]! : 0);
    }
  }
  const inside = (i: number): boolean => i >= offset && (i - offset) % c.stride < N;
  const touchedOutside = got.some((value, i) => !inside(i) && value !== c.data[i]);
  const same = actual.every((value, i) => Object.is(value, again[i]));
  return { error: relativeL2(got.filter((_, i) => inside(i)), expected.filter((_, i) => inside(i))), touchedOutside, same };
}

export interface Agreement {
  /** Rows, columns and steps of the tile, in fours. */
  readonly tile: string;
  /** Whether it loaded four values at a time. */
  readonly vectors: boolean;
  /** Whether C is, bit for bit, what the kernel through workgroup memory makes, which adds a term a turn. */
  readonly same: boolean;
}

/** Every tile in registers that an adapter has for a product, its own and those that run everywhere. */
export async function agree(cases: readonly MatmulCase[]): Promise<Agreement[][]> {
  const gpu = await openDevice();
  const results: Agreement[][] = [];
  for (const given of cases) {
    const op: MatmulOp = { kind: 'matmul', form: given.form, M: given.M, N: given.N, K: given.K };
    const { c, record, free } = prepare(gpu, given);
    const run = async (tile: MatmulTile) => {
      gpu.write(c.slice, c.data);
      const recording = record(withTile(gpu.tiles, op, tile));
      const replay = new Replay(gpu, recording, 'matmul test');
      replay.submit();
      const values = await gpu.read(c.slice);
      replay.destroy();
      return { values, vectors: recording.commands.some((command) => command.kind === 'dispatch' && command.constants.VECTORS === 1) };
    };
    const expected = await run({ ...DIRECT_TILES.matmul, shared: true });
    const agreements: Agreement[] = [];
    for (const tile of [gpu.tiles, DIRECT_TILES].flatMap((tiles) => matmulCandidates(tiles, op))) {
      if (tile.shared || tile.slices > 1) continue;
      const { values, vectors } = await run(tile);
      const { quads, rowQuads, columnQuads, depthQuads } = tile;
      agreements.push({
        tile: `${quads ? 'quads ' : ''}${rowQuads}x${columnQuads}x${depthQuads}`,
        vectors,
        same: values.every((value, i) => Object.is(value, expected.values[i])),
      });
    }
    free();
    results.push(agreements);
  }
  return results;
}
