// Matrix product whose A and B have rows of whole vec4s (lda, ldb and both starts multiples of 4): a quarter of the loads.
// Matrix product, one register tile a thread: C [M,N] (+)= A·B (+ bias [N]), with A and B as stored or transposed.
//   nn: A [M,K], B [K,N]      nt: A [M,K], B [N,K]      tn: A [K,M], B [K,N]
// The importing file binds a and b and defines load_a, load_b (one element) and load_a4, load_b4 (four in a row).
// Rows past M repeat the last one and columns past N read what lies there: neither is stored.

struct MatmulParams {
  M: u32,
  N: u32,
  K: u32,
  lda: u32,  // elements from one stored row of A to the next
  ldb: u32,
  ldc: u32,
  accumulate: u32,
  has_bias: u32,
  a_offset: u32,
  b_offset: u32,
  c_offset: u32,
  bias_offset: u32,
}

@group(0) @binding(0) var<uniform> params: MatmulParams;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;  // [M, N]
@group(0) @binding(4) var<storage, read> bias: array<f32>;     // [N]

const ROW_QUADS = 2u;     // the tile: 4·ROW_QUADS rows
const COLUMN_QUADS = 2u;  // by 4·COLUMN_QUADS columns

struct Tile { m: u32, n: u32 }
alias Sums = array<array<vec4f, COLUMN_QUADS>, 4u * ROW_QUADS>;

fn tile_of(id: vec3u, groups: vec3u) -> Tile {
  let thread = id.x + id.y * groups.x * 16u;
  let columns = (params.N + 4u * COLUMN_QUADS - 1u) / (4u * COLUMN_QUADS);
  return Tile((thread / columns) * 4u * ROW_QUADS, (thread % columns) * 4u * COLUMN_QUADS);
}

// Looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
fn store(tile: Tile, sums: Sums) {
  var all = sums;
  let rows = min(4u * ROW_QUADS, params.M - tile.m);
  let columns = min(4u * COLUMN_QUADS, params.N - tile.n);
  for (var r = 0u; r < rows; r += 1u) {
    for (var j = 0u; j < columns; j += 1u) {
      let at = params.c_offset + (tile.m + r) * params.ldc + tile.n + j;
      var value = all[r][j / 4u][j % 4u];
      if (params.has_bias == 1u) { value += bias[params.bias_offset + tile.n + j]; }
      if (params.accumulate == 1u) { value += c[at]; }
      c[at] = value;
    }
  }
}

@compute @workgroup_size(16)
fn nn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  let a_0 = params.a_offset + min(tile.m + 0, params.M - 1u) * params.lda;
  var acc_0_0 = vec4f();
  var acc_0_1 = vec4f();
  let a_1 = params.a_offset + min(tile.m + 1, params.M - 1u) * params.lda;
  var acc_1_0 = vec4f();
  var acc_1_1 = vec4f();
  let a_2 = params.a_offset + min(tile.m + 2, params.M - 1u) * params.lda;
  var acc_2_0 = vec4f();
  var acc_2_1 = vec4f();
  let a_3 = params.a_offset + min(tile.m + 3, params.M - 1u) * params.lda;
  var acc_3_0 = vec4f();
  var acc_3_1 = vec4f();
  let a_4 = params.a_offset + min(tile.m + 4, params.M - 1u) * params.lda;
  var acc_4_0 = vec4f();
  var acc_4_1 = vec4f();
  let a_5 = params.a_offset + min(tile.m + 5, params.M - 1u) * params.lda;
  var acc_5_0 = vec4f();
  var acc_5_1 = vec4f();
  let a_6 = params.a_offset + min(tile.m + 6, params.M - 1u) * params.lda;
  var acc_6_0 = vec4f();
  var acc_6_1 = vec4f();
  let a_7 = params.a_offset + min(tile.m + 7, params.M - 1u) * params.lda;
  var acc_7_0 = vec4f();
  var acc_7_1 = vec4f();
  let whole = params.K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let b0 = params.b_offset + k * params.ldb + tile.n;
    let x_0 = load_b4(b0 + 4u * 0);
    let y_0 = load_b4(b0 + params.ldb + 4u * 0);
    let z_0 = load_b4(b0 + 2u * params.ldb + 4u * 0);
    let w_0 = load_b4(b0 + 3u * params.ldb + 4u * 0);
    let x_1 = load_b4(b0 + 4u * 1);
    let y_1 = load_b4(b0 + params.ldb + 4u * 1);
    let z_1 = load_b4(b0 + 2u * params.ldb + 4u * 1);
    let w_1 = load_b4(b0 + 3u * params.ldb + 4u * 1);
    let v_0 = load_a4(a_0 + k);
    acc_0_0 += v_0.x * x_0 + v_0.y * y_0 + v_0.z * z_0 + v_0.w * w_0;
    acc_0_1 += v_0.x * x_1 + v_0.y * y_1 + v_0.z * z_1 + v_0.w * w_1;
    let v_1 = load_a4(a_1 + k);
    acc_1_0 += v_1.x * x_0 + v_1.y * y_0 + v_1.z * z_0 + v_1.w * w_0;
    acc_1_1 += v_1.x * x_1 + v_1.y * y_1 + v_1.z * z_1 + v_1.w * w_1;
    let v_2 = load_a4(a_2 + k);
    acc_2_0 += v_2.x * x_0 + v_2.y * y_0 + v_2.z * z_0 + v_2.w * w_0;
    acc_2_1 += v_2.x * x_1 + v_2.y * y_1 + v_2.z * z_1 + v_2.w * w_1;
    let v_3 = load_a4(a_3 + k);
    acc_3_0 += v_3.x * x_0 + v_3.y * y_0 + v_3.z * z_0 + v_3.w * w_0;
    acc_3_1 += v_3.x * x_1 + v_3.y * y_1 + v_3.z * z_1 + v_3.w * w_1;
    let v_4 = load_a4(a_4 + k);
    acc_4_0 += v_4.x * x_0 + v_4.y * y_0 + v_4.z * z_0 + v_4.w * w_0;
    acc_4_1 += v_4.x * x_1 + v_4.y * y_1 + v_4.z * z_1 + v_4.w * w_1;
    let v_5 = load_a4(a_5 + k);
    acc_5_0 += v_5.x * x_0 + v_5.y * y_0 + v_5.z * z_0 + v_5.w * w_0;
    acc_5_1 += v_5.x * x_1 + v_5.y * y_1 + v_5.z * z_1 + v_5.w * w_1;
    let v_6 = load_a4(a_6 + k);
    acc_6_0 += v_6.x * x_0 + v_6.y * y_0 + v_6.z * z_0 + v_6.w * w_0;
    acc_6_1 += v_6.x * x_1 + v_6.y * y_1 + v_6.z * z_1 + v_6.w * w_1;
    let v_7 = load_a4(a_7 + k);
    acc_7_0 += v_7.x * x_0 + v_7.y * y_0 + v_7.z * z_0 + v_7.w * w_0;
    acc_7_1 += v_7.x * x_1 + v_7.y * y_1 + v_7.z * z_1 + v_7.w * w_1;
  }
  for (var k = whole; k < params.K; k += 1u) {
    let b0 = params.b_offset + k * params.ldb + tile.n;
    let x_0 = vec4f(load_b(b0 + 4u * 0), load_b(b0 + 4u * 0 + 1u), load_b(b0 + 4u * 0 + 2u), load_b(b0 + 4u * 0 + 3u));
    let x_1 = vec4f(load_b(b0 + 4u * 1), load_b(b0 + 4u * 1 + 1u), load_b(b0 + 4u * 1 + 2u), load_b(b0 + 4u * 1 + 3u));
    let v_0 = load_a(a_0 + k);
    acc_0_0 += v_0 * x_0;
    acc_0_1 += v_0 * x_1;
    let v_1 = load_a(a_1 + k);
    acc_1_0 += v_1 * x_0;
    acc_1_1 += v_1 * x_1;
    let v_2 = load_a(a_2 + k);
    acc_2_0 += v_2 * x_0;
    acc_2_1 += v_2 * x_1;
    let v_3 = load_a(a_3 + k);
    acc_3_0 += v_3 * x_0;
    acc_3_1 += v_3 * x_1;
    let v_4 = load_a(a_4 + k);
    acc_4_0 += v_4 * x_0;
    acc_4_1 += v_4 * x_1;
    let v_5 = load_a(a_5 + k);
    acc_5_0 += v_5 * x_0;
    acc_5_1 += v_5 * x_1;
    let v_6 = load_a(a_6 + k);
    acc_6_0 += v_6 * x_0;
    acc_6_1 += v_6 * x_1;
    let v_7 = load_a(a_7 + k);
    acc_7_0 += v_7 * x_0;
    acc_7_1 += v_7 * x_1;
  }
  var sums: Sums;
  sums[0][0] = acc_0_0;
  sums[0][1] = acc_0_1;
  sums[1][0] = acc_1_0;
  sums[1][1] = acc_1_1;
  sums[2][0] = acc_2_0;
  sums[2][1] = acc_2_1;
  sums[3][0] = acc_3_0;
  sums[3][1] = acc_3_1;
  sums[4][0] = acc_4_0;
  sums[4][1] = acc_4_1;
  sums[5][0] = acc_5_0;
  sums[5][1] = acc_5_1;
  sums[6][0] = acc_6_0;
  sums[6][1] = acc_6_1;
  sums[7][0] = acc_7_0;
  sums[7][1] = acc_7_1;
  store(tile, sums);
}

@compute @workgroup_size(16)
fn nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  let b_0_0 = params.b_offset + min(tile.n + 4u * 0 + 0, params.N - 1u) * params.ldb;
  let b_0_1 = params.b_offset + min(tile.n + 4u * 0 + 1, params.N - 1u) * params.ldb;
  let b_0_2 = params.b_offset + min(tile.n + 4u * 0 + 2, params.N - 1u) * params.ldb;
  let b_0_3 = params.b_offset + min(tile.n + 4u * 0 + 3, params.N - 1u) * params.ldb;
  let b_1_0 = params.b_offset + min(tile.n + 4u * 1 + 0, params.N - 1u) * params.ldb;
  let b_1_1 = params.b_offset + min(tile.n + 4u * 1 + 1, params.N - 1u) * params.ldb;
  let b_1_2 = params.b_offset + min(tile.n + 4u * 1 + 2, params.N - 1u) * params.ldb;
  let b_1_3 = params.b_offset + min(tile.n + 4u * 1 + 3, params.N - 1u) * params.ldb;
  let a_0 = params.a_offset + min(tile.m + 0, params.M - 1u) * params.lda;
  var acc_0_0 = vec4f();
  var acc_0_1 = vec4f();
  let a_1 = params.a_offset + min(tile.m + 1, params.M - 1u) * params.lda;
  var acc_1_0 = vec4f();
  var acc_1_1 = vec4f();
  let a_2 = params.a_offset + min(tile.m + 2, params.M - 1u) * params.lda;
  var acc_2_0 = vec4f();
  var acc_2_1 = vec4f();
  let a_3 = params.a_offset + min(tile.m + 3, params.M - 1u) * params.lda;
  var acc_3_0 = vec4f();
  var acc_3_1 = vec4f();
  let a_4 = params.a_offset + min(tile.m + 4, params.M - 1u) * params.lda;
  var acc_4_0 = vec4f();
  var acc_4_1 = vec4f();
  let a_5 = params.a_offset + min(tile.m + 5, params.M - 1u) * params.lda;
  var acc_5_0 = vec4f();
  var acc_5_1 = vec4f();
  let a_6 = params.a_offset + min(tile.m + 6, params.M - 1u) * params.lda;
  var acc_6_0 = vec4f();
  var acc_6_1 = vec4f();
  let a_7 = params.a_offset + min(tile.m + 7, params.M - 1u) * params.lda;
  var acc_7_0 = vec4f();
  var acc_7_1 = vec4f();
  let whole = params.K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let u_0_0 = load_b4(b_0_0 + k);
    let u_0_1 = load_b4(b_0_1 + k);
    let u_0_2 = load_b4(b_0_2 + k);
    let u_0_3 = load_b4(b_0_3 + k);
    let u_1_0 = load_b4(b_1_0 + k);
    let u_1_1 = load_b4(b_1_1 + k);
    let u_1_2 = load_b4(b_1_2 + k);
    let u_1_3 = load_b4(b_1_3 + k);
    let v_0 = load_a4(a_0 + k);
    acc_0_0 += vec4f(dot(v_0, u_0_0), dot(v_0, u_0_1), dot(v_0, u_0_2), dot(v_0, u_0_3));
    acc_0_1 += vec4f(dot(v_0, u_1_0), dot(v_0, u_1_1), dot(v_0, u_1_2), dot(v_0, u_1_3));
    let v_1 = load_a4(a_1 + k);
    acc_1_0 += vec4f(dot(v_1, u_0_0), dot(v_1, u_0_1), dot(v_1, u_0_2), dot(v_1, u_0_3));
    acc_1_1 += vec4f(dot(v_1, u_1_0), dot(v_1, u_1_1), dot(v_1, u_1_2), dot(v_1, u_1_3));
    let v_2 = load_a4(a_2 + k);
    acc_2_0 += vec4f(dot(v_2, u_0_0), dot(v_2, u_0_1), dot(v_2, u_0_2), dot(v_2, u_0_3));
    acc_2_1 += vec4f(dot(v_2, u_1_0), dot(v_2, u_1_1), dot(v_2, u_1_2), dot(v_2, u_1_3));
    let v_3 = load_a4(a_3 + k);
    acc_3_0 += vec4f(dot(v_3, u_0_0), dot(v_3, u_0_1), dot(v_3, u_0_2), dot(v_3, u_0_3));
    acc_3_1 += vec4f(dot(v_3, u_1_0), dot(v_3, u_1_1), dot(v_3, u_1_2), dot(v_3, u_1_3));
    let v_4 = load_a4(a_4 + k);
    acc_4_0 += vec4f(dot(v_4, u_0_0), dot(v_4, u_0_1), dot(v_4, u_0_2), dot(v_4, u_0_3));
    acc_4_1 += vec4f(dot(v_4, u_1_0), dot(v_4, u_1_1), dot(v_4, u_1_2), dot(v_4, u_1_3));
    let v_5 = load_a4(a_5 + k);
    acc_5_0 += vec4f(dot(v_5, u_0_0), dot(v_5, u_0_1), dot(v_5, u_0_2), dot(v_5, u_0_3));
    acc_5_1 += vec4f(dot(v_5, u_1_0), dot(v_5, u_1_1), dot(v_5, u_1_2), dot(v_5, u_1_3));
    let v_6 = load_a4(a_6 + k);
    acc_6_0 += vec4f(dot(v_6, u_0_0), dot(v_6, u_0_1), dot(v_6, u_0_2), dot(v_6, u_0_3));
    acc_6_1 += vec4f(dot(v_6, u_1_0), dot(v_6, u_1_1), dot(v_6, u_1_2), dot(v_6, u_1_3));
    let v_7 = load_a4(a_7 + k);
    acc_7_0 += vec4f(dot(v_7, u_0_0), dot(v_7, u_0_1), dot(v_7, u_0_2), dot(v_7, u_0_3));
    acc_7_1 += vec4f(dot(v_7, u_1_0), dot(v_7, u_1_1), dot(v_7, u_1_2), dot(v_7, u_1_3));
  }
  for (var k = whole; k < params.K; k += 1u) {
    let u_0 = vec4f(load_b(b_0_0 + k), load_b(b_0_1 + k), load_b(b_0_2 + k), load_b(b_0_3 + k));
    let u_1 = vec4f(load_b(b_1_0 + k), load_b(b_1_1 + k), load_b(b_1_2 + k), load_b(b_1_3 + k));
    let v_0 = load_a(a_0 + k);
    acc_0_0 += v_0 * u_0;
    acc_0_1 += v_0 * u_1;
    let v_1 = load_a(a_1 + k);
    acc_1_0 += v_1 * u_0;
    acc_1_1 += v_1 * u_1;
    let v_2 = load_a(a_2 + k);
    acc_2_0 += v_2 * u_0;
    acc_2_1 += v_2 * u_1;
    let v_3 = load_a(a_3 + k);
    acc_3_0 += v_3 * u_0;
    acc_3_1 += v_3 * u_1;
    let v_4 = load_a(a_4 + k);
    acc_4_0 += v_4 * u_0;
    acc_4_1 += v_4 * u_1;
    let v_5 = load_a(a_5 + k);
    acc_5_0 += v_5 * u_0;
    acc_5_1 += v_5 * u_1;
    let v_6 = load_a(a_6 + k);
    acc_6_0 += v_6 * u_0;
    acc_6_1 += v_6 * u_1;
    let v_7 = load_a(a_7 + k);
    acc_7_0 += v_7 * u_0;
    acc_7_1 += v_7 * u_1;
  }
  var sums: Sums;
  sums[0][0] = acc_0_0;
  sums[0][1] = acc_0_1;
  sums[1][0] = acc_1_0;
  sums[1][1] = acc_1_1;
  sums[2][0] = acc_2_0;
  sums[2][1] = acc_2_1;
  sums[3][0] = acc_3_0;
  sums[3][1] = acc_3_1;
  sums[4][0] = acc_4_0;
  sums[4][1] = acc_4_1;
  sums[5][0] = acc_5_0;
  sums[5][1] = acc_5_1;
  sums[6][0] = acc_6_0;
  sums[6][1] = acc_6_1;
  sums[7][0] = acc_7_0;
  sums[7][1] = acc_7_1;
  store(tile, sums);
}

@compute @workgroup_size(16)
fn tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  var acc_0_0_0 = vec4f();
  var acc_0_1_0 = vec4f();
  var acc_0_2_0 = vec4f();
  var acc_0_3_0 = vec4f();
  var acc_0_0_1 = vec4f();
  var acc_0_1_1 = vec4f();
  var acc_0_2_1 = vec4f();
  var acc_0_3_1 = vec4f();
  var acc_1_0_0 = vec4f();
  var acc_1_1_0 = vec4f();
  var acc_1_2_0 = vec4f();
  var acc_1_3_0 = vec4f();
  var acc_1_0_1 = vec4f();
  var acc_1_1_1 = vec4f();
  var acc_1_2_1 = vec4f();
  var acc_1_3_1 = vec4f();
  let whole = params.K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let a_0 = params.a_offset + (k + 0) * params.lda + tile.m;
    let b_0 = params.b_offset + (k + 0) * params.ldb + tile.n;
    let v_0_0 = load_a4(a_0 + 4u * 0);
    let v_0_1 = load_a4(a_0 + 4u * 1);
    let u_0_0 = load_b4(b_0 + 4u * 0);
    let u_0_1 = load_b4(b_0 + 4u * 1);
    let a_1 = params.a_offset + (k + 1) * params.lda + tile.m;
    let b_1 = params.b_offset + (k + 1) * params.ldb + tile.n;
    let v_1_0 = load_a4(a_1 + 4u * 0);
    let v_1_1 = load_a4(a_1 + 4u * 1);
    let u_1_0 = load_b4(b_1 + 4u * 0);
    let u_1_1 = load_b4(b_1 + 4u * 1);
    let a_2 = params.a_offset + (k + 2) * params.lda + tile.m;
    let b_2 = params.b_offset + (k + 2) * params.ldb + tile.n;
    let v_2_0 = load_a4(a_2 + 4u * 0);
    let v_2_1 = load_a4(a_2 + 4u * 1);
    let u_2_0 = load_b4(b_2 + 4u * 0);
    let u_2_1 = load_b4(b_2 + 4u * 1);
    let a_3 = params.a_offset + (k + 3) * params.lda + tile.m;
    let b_3 = params.b_offset + (k + 3) * params.ldb + tile.n;
    let v_3_0 = load_a4(a_3 + 4u * 0);
    let v_3_1 = load_a4(a_3 + 4u * 1);
    let u_3_0 = load_b4(b_3 + 4u * 0);
    let u_3_1 = load_b4(b_3 + 4u * 1);
    acc_0_0_0 += v_0_0[0] * u_0_0 + v_1_0[0] * u_1_0 + v_2_0[0] * u_2_0 + v_3_0[0] * u_3_0;
    acc_0_1_0 += v_0_0[1] * u_0_0 + v_1_0[1] * u_1_0 + v_2_0[1] * u_2_0 + v_3_0[1] * u_3_0;
    acc_0_2_0 += v_0_0[2] * u_0_0 + v_1_0[2] * u_1_0 + v_2_0[2] * u_2_0 + v_3_0[2] * u_3_0;
    acc_0_3_0 += v_0_0[3] * u_0_0 + v_1_0[3] * u_1_0 + v_2_0[3] * u_2_0 + v_3_0[3] * u_3_0;
    acc_0_0_1 += v_0_0[0] * u_0_1 + v_1_0[0] * u_1_1 + v_2_0[0] * u_2_1 + v_3_0[0] * u_3_1;
    acc_0_1_1 += v_0_0[1] * u_0_1 + v_1_0[1] * u_1_1 + v_2_0[1] * u_2_1 + v_3_0[1] * u_3_1;
    acc_0_2_1 += v_0_0[2] * u_0_1 + v_1_0[2] * u_1_1 + v_2_0[2] * u_2_1 + v_3_0[2] * u_3_1;
    acc_0_3_1 += v_0_0[3] * u_0_1 + v_1_0[3] * u_1_1 + v_2_0[3] * u_2_1 + v_3_0[3] * u_3_1;
    acc_1_0_0 += v_0_1[0] * u_0_0 + v_1_1[0] * u_1_0 + v_2_1[0] * u_2_0 + v_3_1[0] * u_3_0;
    acc_1_1_0 += v_0_1[1] * u_0_0 + v_1_1[1] * u_1_0 + v_2_1[1] * u_2_0 + v_3_1[1] * u_3_0;
    acc_1_2_0 += v_0_1[2] * u_0_0 + v_1_1[2] * u_1_0 + v_2_1[2] * u_2_0 + v_3_1[2] * u_3_0;
    acc_1_3_0 += v_0_1[3] * u_0_0 + v_1_1[3] * u_1_0 + v_2_1[3] * u_2_0 + v_3_1[3] * u_3_0;
    acc_1_0_1 += v_0_1[0] * u_0_1 + v_1_1[0] * u_1_1 + v_2_1[0] * u_2_1 + v_3_1[0] * u_3_1;
    acc_1_1_1 += v_0_1[1] * u_0_1 + v_1_1[1] * u_1_1 + v_2_1[1] * u_2_1 + v_3_1[1] * u_3_1;
    acc_1_2_1 += v_0_1[2] * u_0_1 + v_1_1[2] * u_1_1 + v_2_1[2] * u_2_1 + v_3_1[2] * u_3_1;
    acc_1_3_1 += v_0_1[3] * u_0_1 + v_1_1[3] * u_1_1 + v_2_1[3] * u_2_1 + v_3_1[3] * u_3_1;
  }
  for (var k = whole; k < params.K; k += 1u) {
    let a_k = params.a_offset + k * params.lda + tile.m;
    let b_k = params.b_offset + k * params.ldb + tile.n;
    let u_0 = vec4f(load_b(b_k + 4u * 0), load_b(b_k + 4u * 0 + 1u), load_b(b_k + 4u * 0 + 2u), load_b(b_k + 4u * 0 + 3u));
    let u_1 = vec4f(load_b(b_k + 4u * 1), load_b(b_k + 4u * 1 + 1u), load_b(b_k + 4u * 1 + 2u), load_b(b_k + 4u * 1 + 3u));
    let v_0_0 = load_a(a_k + 4u * 0 + 0);
    acc_0_0_0 += v_0_0 * u_0;
    acc_0_0_1 += v_0_0 * u_1;
    let v_0_1 = load_a(a_k + 4u * 0 + 1);
    acc_0_1_0 += v_0_1 * u_0;
    acc_0_1_1 += v_0_1 * u_1;
    let v_0_2 = load_a(a_k + 4u * 0 + 2);
    acc_0_2_0 += v_0_2 * u_0;
    acc_0_2_1 += v_0_2 * u_1;
    let v_0_3 = load_a(a_k + 4u * 0 + 3);
    acc_0_3_0 += v_0_3 * u_0;
    acc_0_3_1 += v_0_3 * u_1;
    let v_1_0 = load_a(a_k + 4u * 1 + 0);
    acc_1_0_0 += v_1_0 * u_0;
    acc_1_0_1 += v_1_0 * u_1;
    let v_1_1 = load_a(a_k + 4u * 1 + 1);
    acc_1_1_0 += v_1_1 * u_0;
    acc_1_1_1 += v_1_1 * u_1;
    let v_1_2 = load_a(a_k + 4u * 1 + 2);
    acc_1_2_0 += v_1_2 * u_0;
    acc_1_2_1 += v_1_2 * u_1;
    let v_1_3 = load_a(a_k + 4u * 1 + 3);
    acc_1_3_0 += v_1_3 * u_0;
    acc_1_3_1 += v_1_3 * u_1;
  }
  var sums: Sums;
  sums[4 * 0 + 0][0] = acc_0_0_0;
  sums[4 * 0 + 1][0] = acc_0_1_0;
  sums[4 * 0 + 2][0] = acc_0_2_0;
  sums[4 * 0 + 3][0] = acc_0_3_0;
  sums[4 * 0 + 0][1] = acc_0_0_1;
  sums[4 * 0 + 1][1] = acc_0_1_1;
  sums[4 * 0 + 2][1] = acc_0_2_1;
  sums[4 * 0 + 3][1] = acc_0_3_1;
  sums[4 * 1 + 0][0] = acc_1_0_0;
  sums[4 * 1 + 1][0] = acc_1_1_0;
  sums[4 * 1 + 2][0] = acc_1_2_0;
  sums[4 * 1 + 3][0] = acc_1_3_0;
  sums[4 * 1 + 0][1] = acc_1_0_1;
  sums[4 * 1 + 1][1] = acc_1_1_1;
  sums[4 * 1 + 2][1] = acc_1_2_1;
  sums[4 * 1 + 3][1] = acc_1_3_1;
  store(tile, sums);
}

@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;

fn load_a(at: u32) -> f32 { return a[at / 4u][at % 4u]; }
fn load_b(at: u32) -> f32 { return b[at / 4u][at % 4u]; }
fn load_a4(at: u32) -> vec4f { return a[at / 4u]; }
fn load_b4(at: u32) -> vec4f { return b[at / 4u]; }
