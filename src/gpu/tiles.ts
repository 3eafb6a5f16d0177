// How the kernels spread work over threads: the tile of one thread, and whether neighbouring threads share loads. Chosen by
// the class of adapter; the result never depends on it beyond rounding, the time does.

export interface Tile {
  /** Rows of a thread's tile, in fours. */
  readonly rowQuads: number;
  /** Four consecutive invocations are a quad that shares its rows' loads by swaps. */
  readonly quads: boolean;
  /** Ops with at least this many multiply-adds get a pipeline of their own, which is specialized for their sizes. */
  readonly specializeAbove: number;
}

export interface MatmulTile extends Tile {
  /** Columns of a thread's tile, in fours. */
  readonly columnQuads: number;
  /** Terms of its sums that a thread adds in one turn of its loop, in fours. `shared` and `slices` have loops of their own. */
  readonly depthQuads: number;
  /** A workgroup brings blocks of both factors into memory of its own: for adapters that have it on the chip. Then without quads. */
  readonly shared: boolean;
  /**
   * Threads that share the sum of one tile, at most 16, in the form 'tn' alone; 1: none do. With more, sums over parts of a window are
   * those over all of it to rounding only.
   */
  readonly slices: number;
}

export interface RecurrentTile extends Tile {
  /** Neighbouring hidden units of a thread, with all their gates; backward in fours. */
  readonly units: number;
  /** Terms of the product in a turn of its loop, in fours. */
  readonly depthQuads: number;
  /** 'step': a dispatch a timestep, over all threads there are. 'sequence': one dispatch for all timesteps, a workgroup for each tile of rows. */
  readonly mode: 'step' | 'sequence';
  /** Threads a workgroup, a multiple of 4; of a sequence at most as many as there are columns. */
  readonly workgroup: number;
}

/** One operation at one size: a matrix product, or a recurrence over a window. */
export type Op = MatmulOp | RecurrentOp;

export interface MatmulOp {
  readonly kind: 'matmul';
  readonly form: 'nn' | 'nt' | 'tn';
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

export interface RecurrentOp {
  readonly kind: 'forward' | 'backward';
  readonly cell: string;
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly hiddenSize: number;
  readonly directions: number;
}

/** The schedule of every op: plain data, carried by each recording. */
export interface Tiles {
  readonly matmul: MatmulTile;
  readonly forward: RecurrentTile;
  readonly backward: RecurrentTile;
  /** Of ops so large that a longer compilation is worth it. */
  readonly large: { readonly matmul: MatmulTile; readonly forward: RecurrentTile; readonly backward: RecurrentTile };
  /** Of products that are worth a second of it. */
  readonly huge: { readonly matmul: MatmulTile };
  /** Workgroup size of the kernels that reduce one row per workgroup. It is small on software adapters, where a barrier costs time per thread. */
  readonly rowThreads: number;
  /** What measuring chose for single ops, by `opKey`; those above are for all others. */
  readonly tuned?: TunedTiles;
}

export interface TunedTiles {
  readonly matmul: ReadonlyMap<string, MatmulTile>;
  readonly recurrent: ReadonlyMap<string, RecurrentTile>;
}

/** Names an op, its kind and its size: `matmul.nt 2048x512x128`, `lstm.forward T=64 N=32 H=128 D=1`. */
export function opKey(op: Op): string {
  if (op.kind === 'matmul') return `matmul.${op.form} ${op.M}x${op.N}x${op.K}`;
  return `${op.cell}.${op.kind} T=${op.timeSteps} N=${op.batchSize} H=${op.hiddenSize} D=${op.directions}`;
}

/** The op of such a name, or null where it is none. */
export function opOfKey(key: string): Op | null {
  const [, form, M, N, K] = /^matmul\.(nn|nt|tn) (\d{1,10})x(\d{1,10})x(\d{1,10})$/.exec(key) ?? [];
  if (form) return { kind: 'matmul', form: form as MatmulOp['form'], M: Number(M), N: Number(N), K: Number(K) };
  const [, cell, kind, T, batch, H, D] = /^(\w+)\.(forward|backward) T=(\d{1,10}) N=(\d{1,10}) H=(\d{1,10}) D=([12])$/.exec(key) ?? [];
  return cell ? { kind: kind as RecurrentOp['kind'], cell, timeSteps: Number(T), batchSize: Number(batch), hiddenSize: Number(H), directions: Number(D) } : null;
}

export const matmulTile = (tiles: Tiles, op: MatmulOp): MatmulTile => tiles.tuned?.matmul.get(opKey(op)) ?? fixedMatmulTile(tiles, op);

export const recurrentTile = (tiles: Tiles, op: RecurrentOp): RecurrentTile => tiles.tuned?.recurrent.get(opKey(op)) ?? fixedRecurrentTile(tiles, op);

/** The tile where nothing was measured. */
function fixedMatmulTile(tiles: Tiles, { M, N, K }: MatmulOp): MatmulTile {
  if (M * N * K < LARGE_MATMUL || M * N < LARGE_ELEMENTS) return tiles.matmul;
  return (M * N * K < HUGE_MATMUL ? tiles.large : tiles.huge).matmul;
}

/** Likewise. Cells differ in their gates; four are counted. */
const fixedRecurrentTile = (tiles: Tiles, { kind, timeSteps, batchSize, hiddenSize, directions }: RecurrentOp): RecurrentTile =>
  (4 * timeSteps * batchSize * directions * hiddenSize * hiddenSize >= LARGE_RECURRENCE ? tiles.large : tiles)[kind];

/** The same tiles with this one for that op. */
export function withTile(tiles: Tiles, op: Op, tile: MatmulTile | RecurrentTile): Tiles {
  const one = new Map([[opKey(op), tile]]);
  return { ...tiles, tuned: op.kind === 'matmul' ? { matmul: one as Map<string, MatmulTile>, recurrent: new Map() } : { matmul: new Map(), recurrent: one as Map<string, RecurrentTile> } };
}

/** A pipeline takes a software adapter about as long as this many multiply-adds. */
const SPECIALIZE_ABOVE = 2 ** 23;

/**
 * Multiply-adds of a product, and of a recurrence's window, from which a large tile pays: on a software adapter it compiles in 0.4 to
 * 0.8 s, not in 0.1 to 0.2, and every run takes a sixth less. A training step has a few such ops, and runs hundreds of times.
 */
const LARGE_MATMUL = 2 ** 26;
const LARGE_RECURRENCE = 2 ** 24;
/** And from which a second of compiling pays for another tenth. */
const HUGE_MATMUL = 2 ** 28;
/** Elements that a product makes: as large tiles they are four workgroups, and fewer leave cores idle. */
const LARGE_ELEMENTS = 2 ** 14;

const DIRECT_MATMUL: MatmulTile = { rowQuads: 2, columnQuads: 2, depthQuads: 1, quads: false, shared: false, slices: 1, specializeAbove: SPECIALIZE_ABOVE };
const DIRECT_STEP: RecurrentTile = { rowQuads: 2, units: 1, depthQuads: 1, quads: false, specializeAbove: SPECIALIZE_ABOVE, mode: 'step', workgroup: 16 };

/** Each thread loads what it needs: runs everywhere. */
export const DIRECT_TILES: Tiles = {
  matmul: DIRECT_MATMUL,
  forward: DIRECT_STEP,
  backward: DIRECT_STEP,
  large: { matmul: DIRECT_MATMUL, forward: DIRECT_STEP, backward: DIRECT_STEP },
  huge: { matmul: DIRECT_MATMUL },
  rowThreads: 64,
};

const QUAD_MATMUL: MatmulTile = { ...DIRECT_MATMUL, rowQuads: 4, columnQuads: 1, quads: true };
const QUAD_LARGE: MatmulTile = { ...QUAD_MATMUL, rowQuads: 8, columnQuads: 2 };
const QUAD_STEP: RecurrentTile = { ...DIRECT_STEP, rowQuads: 4, quads: true };

/** Subgroups of exactly four, as software adapters have them: there a load costs as much as ten multiply-adds, a swap as one. */
const QUAD_TILES: Tiles = {
  matmul: QUAD_MATMUL,
  forward: QUAD_STEP,
  backward: QUAD_STEP,
  large: {
    matmul: QUAD_LARGE,
    // Few threads, in workgroups so small that there is one for every core.
    forward: { ...QUAD_STEP, rowQuads: 8, units: 2, workgroup: 8 },
    backward: { ...QUAD_STEP, rowQuads: 8, units: 2, workgroup: 4 },
  },
  huge: { matmul: { ...QUAD_LARGE, depthQuads: 2 } },
  rowThreads: 4,
};

/** The tiles for a device, by what its adapter says of itself. */
export function tilesFor(device: GPUDevice): Tiles {
  const { subgroupMinSize, subgroupMaxSize } = (device.adapterInfo as Partial<GPUAdapterInfo> | undefined) ?? {};
  return device.features.has('subgroups') && subgroupMinSize === 4 && subgroupMaxSize === 4 ? QUAD_TILES : DIRECT_TILES;
}

const QUAD_MATMULS: readonly Partial<MatmulTile>[] = [
  { rowQuads: 4, columnQuads: 1, depthQuads: 1 }, { rowQuads: 8, columnQuads: 2, depthQuads: 1 }, { rowQuads: 2, columnQuads: 1, depthQuads: 1 },
];
/** Besides, where products have more than the small tile: a second and two to compile, and a tenth to a fifth less to run. */
const QUAD_LARGE_MATMULS: readonly Partial<MatmulTile>[] = [{ rowQuads: 8, columnQuads: 2, depthQuads: 2 }, { rowQuads: 8, columnQuads: 4, depthQuads: 2 }];
const DIRECT_MATMULS: readonly Partial<MatmulTile>[] = [{ shared: true }, { shared: true, rowQuads: 1, columnQuads: 1 }, { rowQuads: 1, columnQuads: 1 }];
/** 4x8 and 16x4: twice the threads of the default's 8x8, or as many, for more loads a multiply-add. */
const BETWEEN: readonly Partial<MatmulTile>[] = [{ rowQuads: 1, columnQuads: 2 }, { rowQuads: 4, columnQuads: 1 }];
/** Instead of those where a sum can be cut: eight times the threads for the same loads. */
const SLICED: readonly Partial<MatmulTile>[] = [{ slices: 8 }, { slices: 8, rowQuads: 1, columnQuads: 1 }];
/** The shortest sum that is cut: 8 rows a slice. */
const SLICED_FROM = 64;

/** Ways to run a matrix product, the default first; at most 6 that differ. What is best, only measuring says. */
export function matmulCandidates(tiles: Tiles, op: MatmulOp): readonly MatmulTile[] {
  const fixed = fixedMatmulTile(tiles, op);
  const others = fixed.quads ? [...QUAD_MATMULS, ...(fixed === tiles.matmul ? [] : QUAD_LARGE_MATMULS)] : [...DIRECT_MATMULS, ...(op.form === 'tn' && op.K >= SLICED_FROM ? SLICED : BETWEEN)];
  return [fixed, ...others.map((changes) => ({ ...fixed, ...changes }))];
}

const QUAD_RECURRENCES: readonly Partial<RecurrentTile>[] = [
  { rowQuads: 8, units: 4, depthQuads: 2, workgroup: 4 }, { rowQuads: 4, units: 1 }, { mode: 'sequence', rowQuads: 4, units: 2, workgroup: 4 },
  { mode: 'sequence', rowQuads: 2, units: 1, workgroup: 4 }, { mode: 'sequence', rowQuads: 1, units: 2, workgroup: 4 },
];
const DIRECT_RECURRENCES: readonly Partial<RecurrentTile>[] = [
  { rowQuads: 1, workgroup: 64 }, { mode: 'sequence', workgroup: 256, rowQuads: 1 }, { mode: 'sequence', workgroup: 64, rowQuads: 1 },
  { mode: 'sequence', workgroup: 128 }, { workgroup: 64 },
];

/** Ways to run a recurrence, likewise. Cells whose steps have phases run the sequences step by step. */
export function recurrentCandidates(tiles: Tiles, op: RecurrentOp): readonly RecurrentTile[] {
  const fixed = fixedRecurrentTile(tiles, op);
  return [fixed, ...(fixed.quads ? QUAD_RECURRENCES : DIRECT_RECURRENCES).map((changes) => ({ ...fixed, ...changes }))];
}

/** The tile's constants in a shader, with no more rows than there are: fewer than four are a thread's own, as a stream's single row is. */
export function tileConstants(tile: Tile, rows: number): { ROW_QUADS: number; QUAD_ROWS: number; QUADS: number; LOADED_ROWS: number } {
  if (rows < 4) return { ROW_QUADS: rows, QUAD_ROWS: 1, QUADS: 0, LOADED_ROWS: 1 };
  const rowQuads = Math.min(tile.rowQuads, Math.ceil(rows / 4));
  return { ROW_QUADS: rowQuads, QUAD_ROWS: 4, QUADS: Number(tile.quads), LOADED_ROWS: tile.quads ? 1 : 4 };
}

/** Whether a sum of so many terms leaves some over from the turns of its loop: known of a pipeline of one size alone. */
export const restConstant = ({ depthQuads }: MatmulTile | RecurrentTile, terms: number, folded: boolean): number => Number(!folded || terms % (4 * depthQuads) !== 0);

/** Hidden units of a thread. Of few rows the weights are nearly all that is loaded, and quads, which share nothing then, save half of the rest. */
export const unitsOf = ({ units, quads }: RecurrentTile, rows: number): number => (rows < 4 && quads ? 2 : units);

/** Rows of a thread's tile. */
export function tileRows(tile: Tile, rows: number): number {
  const { ROW_QUADS, QUAD_ROWS } = tileConstants(tile, rows);
  return ROW_QUADS * QUAD_ROWS;
}

/** Threads that cover so many rows and so many tiles side by side; a quad never spans two rows of tiles. */
export function tileThreads(tile: Tile, rows: number, columns: number): number {
  const { QUADS } = tileConstants(tile, rows);
  return Math.ceil(rows / tileRows(tile, rows)) * (QUADS ? Math.ceil(columns / 4) * 4 : columns);
}
