// Matrix product of one to three rows, as a stream has them: C [M,N] = A·Bᵀ (+ bias [N]), A [M,K], B [N,K], K, ldb and where
// they begin multiples of four. A row is a thread's own, so nothing is shared but what the thread loads, four values at a time.
// Every sum is the chain that ops/matmul.wgsl makes of it.

struct MatvecParams {
  N: u32,
  K: u32,
  lda: u32,  // elements from one stored row of A to the next
  ldb: u32,
  ldc: u32,
  has_bias: u32,
  a_offset: u32,
  b_offset: u32,
  c_offset: u32,
  bias_offset: u32,
}

@group(0) @binding(0) var<uniform> params: MatvecParams;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;  // [M, N]
@group(0) @binding(4) var<storage, read> bias: array<f32>;     // [N]

const ROWS = 1u;     // M
const COLUMNS = 1u;  // of a thread
const WORKGROUP = 16u;

@compute @workgroup_size(WORKGROUP)
fn nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = (id.x + id.y * groups.x * WORKGROUP) * COLUMNS;
  if (n >= params.N) { return; }
  let a_0 = (params.a_offset + 0 * params.lda) / 4u;
  var acc_0_0 = 0.0;
  let b_0 = (params.b_offset + min(n + 0, params.N - 1u) * params.ldb) / 4u;
  let fours = params.K / 4u;  // out of the loop: compilers for CPUs divide by four as by any number
  for (var k = 0u; k < fours; k += 1u) {
    let y_0 = b[b_0 + k];
    let v_0 = a[a_0 + k];
    acc_0_0 = acc_0_0 + v_0.x * y_0.x + v_0.y * y_0.y + v_0.z * y_0.z + v_0.w * y_0.w;
  }
  if (n + 0 < params.N) {
    if (params.has_bias == 1u) { acc_0_0 += bias[params.bias_offset + n + 0]; }
    c[params.c_offset + 0 * params.ldc + n + 0] = acc_0_0;
  }
}
