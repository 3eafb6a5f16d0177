// A weights' gradient with its sum cut into slices: C [M,N] (+)= Aᵀ·B, with A [K,M] and B [K,N] as stored, K being long. Where C's tiles
// alone are too few threads for a GPU, SLICES threads share one: each sums every SLICES-th row, the last first, and their sums are
// added through workgroup memory, always in the same order. A sum is not one chain, as it is in matmul.wgsl: sums over parts of the
// rows are those over all of them to rounding only.

struct SlicedMatmulParams {
  M: u32,
  N: u32,
  K: u32,
  lda: u32,  // elements from one stored row of A to the next
  ldb: u32,
  ldc: u32,
  accumulate: u32,
  a_offset: u32,
  b_offset: u32,
  c_offset: u32,
}

@group(0) @binding(0) var<uniform> params: SlicedMatmulParams;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;  // [M, N]

const ROWS = 8u;     // a thread's tile: ROWS
const COLUMNS = 8u;  // by COLUMNS
const SLICES = 8u;   // threads of a tile
const TILES = 16u;   // tiles of a workgroup, side by side as neighbouring threads
const WIDTH = TILES * COLUMNS;
const THREADS = SLICES * TILES;

// What each slice has of one row of all tiles. Rows take the two halves in turn: a half is written again only behind the barrier of
// the other.
var<workgroup> parts: array<array<f32, WIDTH>, 2u * SLICES>;

// Threads past the last tile sum too, and store nothing: all have to reach the barriers.
@compute @workgroup_size(THREADS)
fn tn(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let first = (group.x + group.y * groups.x) * TILES;
  let slice = local / TILES;
  let own = local % TILES;
  let across = (params.N + COLUMNS - 1u) / COLUMNS;
  let m = (first + own) / across * ROWS;
  let n = (first + own) % across * COLUMNS;
  #unroll i in 0..ROWS {
    let a_$i = params.a_offset + min(m + $i, params.M - 1u);
    #unroll j in 0..COLUMNS { var acc_$i_$j = 0.0; }
  }
  for (var done = slice; done < params.K; done += SLICES) {
    let k = params.K - 1u - done;
    let b0 = params.b_offset + k * params.ldb + n;
    #unroll i in 0..ROWS { let x_$i = a[a_$i + k * params.lda]; }
    #unroll j in 0..COLUMNS { let y_$j = b[b0 + $j]; }
    #unroll i in 0..ROWS {
      #unroll j in 0..COLUMNS { acc_$i_$j += x_$i * y_$j; }
    }
  }
  #unroll i in 0..ROWS {
    #unroll j in 0..COLUMNS { parts[($i % 2u) * SLICES + slice][own * COLUMNS + $j] = acc_$i_$j; }
    workgroupBarrier();
    store($i, first, local);
  }
}

// One row of the workgroup's tiles: its slices added, neighbouring columns by neighbouring threads.
fn store(row: u32, first: u32, local: u32) {
  let across = (params.N + COLUMNS - 1u) / COLUMNS;
  for (var column = local; column < WIDTH; column += THREADS) {
    let tile = first + column / COLUMNS;
    let m = tile / across * ROWS + row;
    let n = tile % across * COLUMNS + column % COLUMNS;
    if (m >= params.M || n >= params.N) { continue; }
    var sum = 0.0;
    for (var slice = 0u; slice < SLICES; slice += 1u) { sum += parts[(row % 2u) * SLICES + slice][column]; }
    let at = params.c_offset + m * params.ldc + n;
    if (params.accumulate == 1u) { sum += c[at]; }
    c[at] = sum;
  }
}
