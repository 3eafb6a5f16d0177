// How the kernels spread work over threads: the tile of one thread, and whether neighbouring threads share loads. Chosen by
// the class of adapter; the result never depends on it beyond rounding, the time does.

export interface Tile {
  /** Rows of a thread's tile, in fours. */
  readonly rowQuads: number;
  /** Columns of a matrix product's tile, in fours; a recurrent step has one hidden unit, or four of them backward. */
  readonly columnQuads: number;
  /** Four consecutive invocations are a quad that shares its rows' loads by swaps. */
  readonly quads: boolean;
}

export interface Tiles {
  readonly matmul: Tile;
  readonly forward: Tile;
  readonly backward: Tile;
  /** Threads of a workgroup that has one row to itself and sums over it: a software adapter pays for its barriers by the thread. */
  readonly rowThreads: number;
}

/** Each thread loads what it needs: runs everywhere. */
export const DIRECT_TILES: Tiles = {
  matmul: { rowQuads: 2, columnQuads: 2, quads: false },
  forward: { rowQuads: 2, columnQuads: 1, quads: false },
  backward: { rowQuads: 2, columnQuads: 1, quads: false },
  rowThreads: 64,
};

/** Subgroups of exactly four, as software adapters have them: there a load costs as much as ten multiply-adds, a swap as one. */
const QUAD_TILES: Tiles = {
  matmul: { rowQuads: 4, columnQuads: 1, quads: true },
  forward: { rowQuads: 4, columnQuads: 1, quads: true },
  backward: { rowQuads: 4, columnQuads: 1, quads: true },
  rowThreads: 4,
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
