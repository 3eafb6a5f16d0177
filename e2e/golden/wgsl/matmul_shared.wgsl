// Matrix product through workgroup memory: C [M,N] (+)= A·B (+ bias [N]). A workgroup brings blocks of A and B into memory that its
// threads share, so each element is loaded once for a whole block. For adapters with such memory on the chip; on software ones
// the barriers cost more than the loads. Strides say how A and B lie: transposed or not is the same kernel.

struct SharedMatmulParams {
  M: u32,
  N: u32,
  K: u32,
  a_row: u32,     // elements from a row of A to the next
  a_depth: u32,   // and from a term of the sum to the next
  b_depth: u32,
  b_column: u32,
  ldc: u32,
  accumulate: u32,
  has_bias: u32,
  chained: u32,   // 1: one chain of additions from what C holds, last term first; 0: first term first, then bias and C
  a_offset: u32,
  b_offset: u32,
  c_offset: u32,
  bias_offset: u32,
}

@group(0) @binding(0) var<uniform> params: SharedMatmulParams;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;  // [M, N]
@group(0) @binding(4) var<storage, read> bias: array<f32>;     // [N]

const ROW_QUADS = 1u;     // a thread's tile: 4·ROW_QUADS rows
const COLUMN_QUADS = 1u;  // by 4·COLUMN_QUADS columns
const SIDE = 8u;          // a workgroup: SIDE tiles down by SIDE across
const DEPTH = 16u;        // terms of the sum at a time
const TILE_ROWS = 4u * ROW_QUADS;
const TILE_COLUMNS = 4u * COLUMN_QUADS;
const BLOCK_ROWS = SIDE * TILE_ROWS;
const BLOCK_COLUMNS = SIDE * TILE_COLUMNS;
const THREADS = SIDE * SIDE;

var<workgroup> a_block: array<array<f32, BLOCK_ROWS>, DEPTH>;
var<workgroup> b_block: array<array<f32, BLOCK_COLUMNS>, DEPTH>;

// Which term of the sum is the k-th to be added.
fn term(k: u32) -> u32 {
  return select(k, params.K - 1u - k, params.chained == 1u);
}

@compute @workgroup_size(THREADS)
fn product(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let at = group.x + group.y * groups.x;
  let columns = (params.N + BLOCK_COLUMNS - 1u) / BLOCK_COLUMNS;
  let m0 = (at / columns) * BLOCK_ROWS;
  let n0 = (at % columns) * BLOCK_COLUMNS;
  if (m0 >= params.M) { return; }
  // A thread's rows and columns are SIDE apart, so that neighbours read neighbouring words.
  let row = local / SIDE;
  let column = local % SIDE;
  var acc_0_0 = 0.0;
  var acc_0_1 = 0.0;
  var acc_0_2 = 0.0;
  var acc_0_3 = 0.0;
  var acc_1_0 = 0.0;
  var acc_1_1 = 0.0;
  var acc_1_2 = 0.0;
  var acc_1_3 = 0.0;
  var acc_2_0 = 0.0;
  var acc_2_1 = 0.0;
  var acc_2_2 = 0.0;
  var acc_2_3 = 0.0;
  var acc_3_0 = 0.0;
  var acc_3_1 = 0.0;
  var acc_3_2 = 0.0;
  var acc_3_3 = 0.0;
  if (params.chained == 1u && params.accumulate == 1u) {
    if (m0 + row + 0 * SIDE < params.M && n0 + column + 0 * SIDE < params.N) {
      acc_0_0 = c[params.c_offset + (m0 + row + 0 * SIDE) * params.ldc + n0 + column + 0 * SIDE];
    }
    if (m0 + row + 0 * SIDE < params.M && n0 + column + 1 * SIDE < params.N) {
      acc_0_1 = c[params.c_offset + (m0 + row + 0 * SIDE) * params.ldc + n0 + column + 1 * SIDE];
    }
    if (m0 + row + 0 * SIDE < params.M && n0 + column + 2 * SIDE < params.N) {
      acc_0_2 = c[params.c_offset + (m0 + row + 0 * SIDE) * params.ldc + n0 + column + 2 * SIDE];
    }
    if (m0 + row + 0 * SIDE < params.M && n0 + column + 3 * SIDE < params.N) {
      acc_0_3 = c[params.c_offset + (m0 + row + 0 * SIDE) * params.ldc + n0 + column + 3 * SIDE];
    }
    if (m0 + row + 1 * SIDE < params.M && n0 + column + 0 * SIDE < params.N) {
      acc_1_0 = c[params.c_offset + (m0 + row + 1 * SIDE) * params.ldc + n0 + column + 0 * SIDE];
    }
    if (m0 + row + 1 * SIDE < params.M && n0 + column + 1 * SIDE < params.N) {
      acc_1_1 = c[params.c_offset + (m0 + row + 1 * SIDE) * params.ldc + n0 + column + 1 * SIDE];
    }
    if (m0 + row + 1 * SIDE < params.M && n0 + column + 2 * SIDE < params.N) {
      acc_1_2 = c[params.c_offset + (m0 + row + 1 * SIDE) * params.ldc + n0 + column + 2 * SIDE];
    }
    if (m0 + row + 1 * SIDE < params.M && n0 + column + 3 * SIDE < params.N) {
      acc_1_3 = c[params.c_offset + (m0 + row + 1 * SIDE) * params.ldc + n0 + column + 3 * SIDE];
    }
    if (m0 + row + 2 * SIDE < params.M && n0 + column + 0 * SIDE < params.N) {
      acc_2_0 = c[params.c_offset + (m0 + row + 2 * SIDE) * params.ldc + n0 + column + 0 * SIDE];
    }
    if (m0 + row + 2 * SIDE < params.M && n0 + column + 1 * SIDE < params.N) {
      acc_2_1 = c[params.c_offset + (m0 + row + 2 * SIDE) * params.ldc + n0 + column + 1 * SIDE];
    }
    if (m0 + row + 2 * SIDE < params.M && n0 + column + 2 * SIDE < params.N) {
      acc_2_2 = c[params.c_offset + (m0 + row + 2 * SIDE) * params.ldc + n0 + column + 2 * SIDE];
    }
    if (m0 + row + 2 * SIDE < params.M && n0 + column + 3 * SIDE < params.N) {
      acc_2_3 = c[params.c_offset + (m0 + row + 2 * SIDE) * params.ldc + n0 + column + 3 * SIDE];
    }
    if (m0 + row + 3 * SIDE < params.M && n0 + column + 0 * SIDE < params.N) {
      acc_3_0 = c[params.c_offset + (m0 + row + 3 * SIDE) * params.ldc + n0 + column + 0 * SIDE];
    }
    if (m0 + row + 3 * SIDE < params.M && n0 + column + 1 * SIDE < params.N) {
      acc_3_1 = c[params.c_offset + (m0 + row + 3 * SIDE) * params.ldc + n0 + column + 1 * SIDE];
    }
    if (m0 + row + 3 * SIDE < params.M && n0 + column + 2 * SIDE < params.N) {
      acc_3_2 = c[params.c_offset + (m0 + row + 3 * SIDE) * params.ldc + n0 + column + 2 * SIDE];
    }
    if (m0 + row + 3 * SIDE < params.M && n0 + column + 3 * SIDE < params.N) {
      acc_3_3 = c[params.c_offset + (m0 + row + 3 * SIDE) * params.ldc + n0 + column + 3 * SIDE];
    }
  }
  for (var k0 = 0u; k0 < params.K; k0 += DEPTH) {
    // Neighbouring threads load what lies side by side.
    for (var at = local; at < BLOCK_ROWS * DEPTH; at += THREADS) {
      let r = select(at / DEPTH, at % BLOCK_ROWS, params.a_row == 1u);
      let d = select(at % DEPTH, at / BLOCK_ROWS, params.a_row == 1u);
      var value = 0.0;
      if (m0 + r < params.M && k0 + d < params.K) { value = a[params.a_offset + (m0 + r) * params.a_row + term(k0 + d) * params.a_depth]; }
      a_block[d][r] = value;
    }
    for (var at = local; at < BLOCK_COLUMNS * DEPTH; at += THREADS) {
      let j = select(at / DEPTH, at % BLOCK_COLUMNS, params.b_column == 1u);
      let d = select(at % DEPTH, at / BLOCK_COLUMNS, params.b_column == 1u);
      var value = 0.0;
      if (n0 + j < params.N && k0 + d < params.K) { value = b[params.b_offset + (n0 + j) * params.b_column + term(k0 + d) * params.b_depth]; }
      b_block[d][j] = value;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d += 1u) {
      let x_0 = a_block[d][row + 0 * SIDE];
      let x_1 = a_block[d][row + 1 * SIDE];
      let x_2 = a_block[d][row + 2 * SIDE];
      let x_3 = a_block[d][row + 3 * SIDE];
      let y_0 = b_block[d][column + 0 * SIDE];
      let y_1 = b_block[d][column + 1 * SIDE];
      let y_2 = b_block[d][column + 2 * SIDE];
      let y_3 = b_block[d][column + 3 * SIDE];
      acc_0_0 += x_0 * y_0;
      acc_0_1 += x_0 * y_1;
      acc_0_2 += x_0 * y_2;
      acc_0_3 += x_0 * y_3;
      acc_1_0 += x_1 * y_0;
      acc_1_1 += x_1 * y_1;
      acc_1_2 += x_1 * y_2;
      acc_1_3 += x_1 * y_3;
      acc_2_0 += x_2 * y_0;
      acc_2_1 += x_2 * y_1;
      acc_2_2 += x_2 * y_2;
      acc_2_3 += x_2 * y_3;
      acc_3_0 += x_3 * y_0;
      acc_3_1 += x_3 * y_1;
      acc_3_2 += x_3 * y_2;
      acc_3_3 += x_3 * y_3;
    }
    workgroupBarrier();
  }
  store(m0 + row + 0 * SIDE, n0 + column + 0 * SIDE, acc_0_0);
  store(m0 + row + 0 * SIDE, n0 + column + 1 * SIDE, acc_0_1);
  store(m0 + row + 0 * SIDE, n0 + column + 2 * SIDE, acc_0_2);
  store(m0 + row + 0 * SIDE, n0 + column + 3 * SIDE, acc_0_3);
  store(m0 + row + 1 * SIDE, n0 + column + 0 * SIDE, acc_1_0);
  store(m0 + row + 1 * SIDE, n0 + column + 1 * SIDE, acc_1_1);
  store(m0 + row + 1 * SIDE, n0 + column + 2 * SIDE, acc_1_2);
  store(m0 + row + 1 * SIDE, n0 + column + 3 * SIDE, acc_1_3);
  store(m0 + row + 2 * SIDE, n0 + column + 0 * SIDE, acc_2_0);
  store(m0 + row + 2 * SIDE, n0 + column + 1 * SIDE, acc_2_1);
  store(m0 + row + 2 * SIDE, n0 + column + 2 * SIDE, acc_2_2);
  store(m0 + row + 2 * SIDE, n0 + column + 3 * SIDE, acc_2_3);
  store(m0 + row + 3 * SIDE, n0 + column + 0 * SIDE, acc_3_0);
  store(m0 + row + 3 * SIDE, n0 + column + 1 * SIDE, acc_3_1);
  store(m0 + row + 3 * SIDE, n0 + column + 2 * SIDE, acc_3_2);
  store(m0 + row + 3 * SIDE, n0 + column + 3 * SIDE, acc_3_3);
}

fn store(m: u32, n: u32, sum: f32) {
  if (m >= params.M || n >= params.N) { return; }
  let at = params.c_offset + m * params.ldc + n;
  var value = sum;
  if (params.has_bias == 1u) { value += bias[params.bias_offset + n]; }
  if (params.accumulate == 1u && params.chained == 0u) { value += c[at]; }
  c[at] = value;
}
