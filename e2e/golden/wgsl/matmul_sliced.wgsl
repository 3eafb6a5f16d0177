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
  let a_0 = params.a_offset + min(m + 0, params.M - 1u);
  var acc_0_0 = 0.0;
  var acc_0_1 = 0.0;
  var acc_0_2 = 0.0;
  var acc_0_3 = 0.0;
  var acc_0_4 = 0.0;
  var acc_0_5 = 0.0;
  var acc_0_6 = 0.0;
  var acc_0_7 = 0.0;
  let a_1 = params.a_offset + min(m + 1, params.M - 1u);
  var acc_1_0 = 0.0;
  var acc_1_1 = 0.0;
  var acc_1_2 = 0.0;
  var acc_1_3 = 0.0;
  var acc_1_4 = 0.0;
  var acc_1_5 = 0.0;
  var acc_1_6 = 0.0;
  var acc_1_7 = 0.0;
  let a_2 = params.a_offset + min(m + 2, params.M - 1u);
  var acc_2_0 = 0.0;
  var acc_2_1 = 0.0;
  var acc_2_2 = 0.0;
  var acc_2_3 = 0.0;
  var acc_2_4 = 0.0;
  var acc_2_5 = 0.0;
  var acc_2_6 = 0.0;
  var acc_2_7 = 0.0;
  let a_3 = params.a_offset + min(m + 3, params.M - 1u);
  var acc_3_0 = 0.0;
  var acc_3_1 = 0.0;
  var acc_3_2 = 0.0;
  var acc_3_3 = 0.0;
  var acc_3_4 = 0.0;
  var acc_3_5 = 0.0;
  var acc_3_6 = 0.0;
  var acc_3_7 = 0.0;
  let a_4 = params.a_offset + min(m + 4, params.M - 1u);
  var acc_4_0 = 0.0;
  var acc_4_1 = 0.0;
  var acc_4_2 = 0.0;
  var acc_4_3 = 0.0;
  var acc_4_4 = 0.0;
  var acc_4_5 = 0.0;
  var acc_4_6 = 0.0;
  var acc_4_7 = 0.0;
  let a_5 = params.a_offset + min(m + 5, params.M - 1u);
  var acc_5_0 = 0.0;
  var acc_5_1 = 0.0;
  var acc_5_2 = 0.0;
  var acc_5_3 = 0.0;
  var acc_5_4 = 0.0;
  var acc_5_5 = 0.0;
  var acc_5_6 = 0.0;
  var acc_5_7 = 0.0;
  let a_6 = params.a_offset + min(m + 6, params.M - 1u);
  var acc_6_0 = 0.0;
  var acc_6_1 = 0.0;
  var acc_6_2 = 0.0;
  var acc_6_3 = 0.0;
  var acc_6_4 = 0.0;
  var acc_6_5 = 0.0;
  var acc_6_6 = 0.0;
  var acc_6_7 = 0.0;
  let a_7 = params.a_offset + min(m + 7, params.M - 1u);
  var acc_7_0 = 0.0;
  var acc_7_1 = 0.0;
  var acc_7_2 = 0.0;
  var acc_7_3 = 0.0;
  var acc_7_4 = 0.0;
  var acc_7_5 = 0.0;
  var acc_7_6 = 0.0;
  var acc_7_7 = 0.0;
  for (var done = slice; done < params.K; done += SLICES) {
    let k = params.K - 1u - done;
    let b0 = params.b_offset + k * params.ldb + n;
    let x_0 = a[a_0 + k * params.lda];
    let x_1 = a[a_1 + k * params.lda];
    let x_2 = a[a_2 + k * params.lda];
    let x_3 = a[a_3 + k * params.lda];
    let x_4 = a[a_4 + k * params.lda];
    let x_5 = a[a_5 + k * params.lda];
    let x_6 = a[a_6 + k * params.lda];
    let x_7 = a[a_7 + k * params.lda];
    let y_0 = b[b0 + 0];
    let y_1 = b[b0 + 1];
    let y_2 = b[b0 + 2];
    let y_3 = b[b0 + 3];
    let y_4 = b[b0 + 4];
    let y_5 = b[b0 + 5];
    let y_6 = b[b0 + 6];
    let y_7 = b[b0 + 7];
    acc_0_0 += x_0 * y_0;
    acc_0_1 += x_0 * y_1;
    acc_0_2 += x_0 * y_2;
    acc_0_3 += x_0 * y_3;
    acc_0_4 += x_0 * y_4;
    acc_0_5 += x_0 * y_5;
    acc_0_6 += x_0 * y_6;
    acc_0_7 += x_0 * y_7;
    acc_1_0 += x_1 * y_0;
    acc_1_1 += x_1 * y_1;
    acc_1_2 += x_1 * y_2;
    acc_1_3 += x_1 * y_3;
    acc_1_4 += x_1 * y_4;
    acc_1_5 += x_1 * y_5;
    acc_1_6 += x_1 * y_6;
    acc_1_7 += x_1 * y_7;
    acc_2_0 += x_2 * y_0;
    acc_2_1 += x_2 * y_1;
    acc_2_2 += x_2 * y_2;
    acc_2_3 += x_2 * y_3;
    acc_2_4 += x_2 * y_4;
    acc_2_5 += x_2 * y_5;
    acc_2_6 += x_2 * y_6;
    acc_2_7 += x_2 * y_7;
    acc_3_0 += x_3 * y_0;
    acc_3_1 += x_3 * y_1;
    acc_3_2 += x_3 * y_2;
    acc_3_3 += x_3 * y_3;
    acc_3_4 += x_3 * y_4;
    acc_3_5 += x_3 * y_5;
    acc_3_6 += x_3 * y_6;
    acc_3_7 += x_3 * y_7;
    acc_4_0 += x_4 * y_0;
    acc_4_1 += x_4 * y_1;
    acc_4_2 += x_4 * y_2;
    acc_4_3 += x_4 * y_3;
    acc_4_4 += x_4 * y_4;
    acc_4_5 += x_4 * y_5;
    acc_4_6 += x_4 * y_6;
    acc_4_7 += x_4 * y_7;
    acc_5_0 += x_5 * y_0;
    acc_5_1 += x_5 * y_1;
    acc_5_2 += x_5 * y_2;
    acc_5_3 += x_5 * y_3;
    acc_5_4 += x_5 * y_4;
    acc_5_5 += x_5 * y_5;
    acc_5_6 += x_5 * y_6;
    acc_5_7 += x_5 * y_7;
    acc_6_0 += x_6 * y_0;
    acc_6_1 += x_6 * y_1;
    acc_6_2 += x_6 * y_2;
    acc_6_3 += x_6 * y_3;
    acc_6_4 += x_6 * y_4;
    acc_6_5 += x_6 * y_5;
    acc_6_6 += x_6 * y_6;
    acc_6_7 += x_6 * y_7;
    acc_7_0 += x_7 * y_0;
    acc_7_1 += x_7 * y_1;
    acc_7_2 += x_7 * y_2;
    acc_7_3 += x_7 * y_3;
    acc_7_4 += x_7 * y_4;
    acc_7_5 += x_7 * y_5;
    acc_7_6 += x_7 * y_6;
    acc_7_7 += x_7 * y_7;
  }
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_0_0;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_0_1;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_0_2;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_0_3;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_0_4;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_0_5;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_0_6;
  parts[(0 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_0_7;
  workgroupBarrier();
  store(0, first, local);
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_1_0;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_1_1;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_1_2;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_1_3;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_1_4;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_1_5;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_1_6;
  parts[(1 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_1_7;
  workgroupBarrier();
  store(1, first, local);
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_2_0;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_2_1;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_2_2;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_2_3;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_2_4;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_2_5;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_2_6;
  parts[(2 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_2_7;
  workgroupBarrier();
  store(2, first, local);
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_3_0;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_3_1;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_3_2;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_3_3;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_3_4;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_3_5;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_3_6;
  parts[(3 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_3_7;
  workgroupBarrier();
  store(3, first, local);
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_4_0;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_4_1;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_4_2;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_4_3;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_4_4;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_4_5;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_4_6;
  parts[(4 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_4_7;
  workgroupBarrier();
  store(4, first, local);
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_5_0;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_5_1;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_5_2;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_5_3;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_5_4;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_5_5;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_5_6;
  parts[(5 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_5_7;
  workgroupBarrier();
  store(5, first, local);
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_6_0;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_6_1;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_6_2;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_6_3;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_6_4;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_6_5;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_6_6;
  parts[(6 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_6_7;
  workgroupBarrier();
  store(6, first, local);
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 0] = acc_7_0;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 1] = acc_7_1;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 2] = acc_7_2;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 3] = acc_7_3;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 4] = acc_7_4;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 5] = acc_7_5;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 6] = acc_7_6;
  parts[(7 % 2u) * SLICES + slice][own * COLUMNS + 7] = acc_7_7;
  workgroupBarrier();
  store(7, first, local);
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
