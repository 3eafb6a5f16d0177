// How the kernels spread work over threads: the tile of one thread, and whether neighbouring threads share loads. Chosen by
// the class of adapter; the result never depends on it beyond rounding, the time does.

export interface Tile {
  /** Rows of a thread's tile, in fours. */
  readonly rowQuads: number;
  /** Four consecutive invocations are a quad that shares its rows' loads by swaps. */
  readonly quads: boolean;
  /** Multiply-adds of one recording from which an op has a pipeline of its own, with its sizes folded in. */
  readonly foldFrom: number;
}

export interface MatmulTile extends Tile {
  /** Columns of a thread's tile, in fours. */
  readonly columnQuads: number;
}

/** A thread makes one hidden unit of its rows, or four of them backward. */
export interface RecurrentTile extends Tile {
  /** 'step': a dispatch a timestep, over all threads there are. 'sequence': one dispatch for all timesteps, a workgroup for each tile of rows. */
  readonly mode: 'step' | 'sequence';
  /** Threads a workgroup, a multiple of 4; of a sequence at most as many as there are columns. */
  readonly workgroup: number;
}

/** One operation at one size: a matrix product, or a recurrence over a window. */
export type Op =
  | { readonly kind: 'matmul'; readonly form: 'nn' | 'nt' | 'tn'; readonly M: number; readonly N: number; readonly K: number }
  | { readonly kind: 'forward' | 'backward'; readonly cell: string; readonly steps: number; readonly batch: number; readonly hidden: number; readonly directions: number };

/** The schedule of every op: plain data, carried by each recording. */
export interface Tiles {
  readonly matmul: MatmulTile;
  readonly forward: RecurrentTile;
  readonly backward: RecurrentTile;
  /** What measuring chose for single ops, by `opKey`; the three above are for all others. */
  readonly tuned?: { readonly matmul: ReadonlyMap<string, MatmulTile>; readonly recurrent: ReadonlyMap<string, RecurrentTile> };
}

/** Names an op, its kind and its size: `matmul.nt 2048x512x128`, `lstm.forward T=64 N=32 H=128 D=1`. */
export function opKey(op: Op): string {
  if (op.kind === 'matmul') return `matmul.${op.form} ${op.M}x${op.N}x${op.K}`;
  return `${op.cell}.${op.kind} T=${op.steps} N=${op.batch} H=${op.hidden} D=${op.directions}`;
}

export const matmulTile = (tiles: Tiles, op: Op & { kind: 'matmul' }): MatmulTile => tiles.tuned?.matmul.get(opKey(op)) ?? tiles.matmul;

export const recurrentTile = (tiles: Tiles, op: Op & { kind: 'forward' | 'backward' }): RecurrentTile =>
  tiles.tuned?.recurrent.get(opKey(op)) ?? tiles[op.kind];

/** A pipeline takes a software adapter about as long as this many multiply-adds. */
const FOLD_FROM = 2 ** 23;

const WORKGROUP = 16;

/** Each thread loads what it needs: runs everywhere. */
export const DIRECT_TILES: Tiles = {
  matmul: { rowQuads: 2, columnQuads: 2, quads: false, foldFrom: FOLD_FROM },
  forward: { rowQuads: 2, quads: false, foldFrom: FOLD_FROM, mode: 'step', workgroup: WORKGROUP },
  backward: { rowQuads: 2, quads: false, foldFrom: FOLD_FROM, mode: 'step', workgroup: WORKGROUP },
};

/** Subgroups of exactly four, as software adapters have them: there a load costs as much as ten multiply-adds, a swap as one. */
const QUAD_TILES: Tiles = {
  matmul: { rowQuads: 4, columnQuads: 1, quads: true, foldFrom: FOLD_FROM },
  forward: { rowQuads: 4, quads: true, foldFrom: FOLD_FROM, mode: 'step', workgroup: WORKGROUP },
  backward: { rowQuads: 4, quads: true, foldFrom: FOLD_FROM, mode: 'step', workgroup: WORKGROUP },
};

/** The tiles for a device, by what its adapter says of itself. */
export function tilesFor(device: GPUDevice): Tiles {
  const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo;
  return device.features.has('subgroups') && subgroupMinSize === 4 && subgroupMaxSize === 4 ? QUAD_TILES : DIRECT_TILES;
}

/** The tile's constants in a shader, with no more rows than there are. */
export function tileConstants(tile: Tile, rows: number): { ROW_QUADS: number; QUADS: number; LOADED_ROWS: number } {
  const rowQuads = Math.min(tile.rowQuads, Math.ceil(rows / 4));
  return { ROW_QUADS: rowQuads, QUADS: Number(tile.quads), LOADED_ROWS: tile.quads ? 1 : 4 };
}

/** Threads that cover so many rows and so many tiles side by side; a quad never spans two rows of tiles. */
export function tileThreads(tile: Tile, rows: number, columns: number): number {
  const { ROW_QUADS } = tileConstants(tile, rows);
  return Math.ceil(rows / (4 * ROW_QUADS)) * (tile.quads ? Math.ceil(columns / 4) * 4 : columns);
}
