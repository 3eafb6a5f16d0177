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
  #unroll i in 0..ROWS {
    let a_$i = (params.a_offset + $i * params.lda) / 4u;
    #unroll j in 0..COLUMNS { var acc_$i_$j = 0.0; }
  }
  #unroll j in 0..COLUMNS { let b_$j = (params.b_offset + min(n + $j, params.N - 1u) * params.ldb) / 4u; }
  let fours = params.K / 4u;  // out of the loop: compilers for CPUs divide by four as by any number
  for (var k = 0u; k < fours; k += 1u) {
    #unroll j in 0..COLUMNS { let y_$j = b[b_$j + k]; }
    #unroll i in 0..ROWS {
      let v_$i = a[a_$i + k];
      #unroll j in 0..COLUMNS { acc_$i_$j = acc_$i_$j + v_$i.x * y_$j.x + v_$i.y * y_$j.y + v_$i.z * y_$j.z + v_$i.w * y_$j.w; }
    }
  }
  #unroll j in 0..COLUMNS {
    if (n + $j < params.N) {
      #unroll i in 0..ROWS {
        if (params.has_bias == 1u) { acc_$i_$j += bias[params.bias_offset + n + $j]; }
        c[params.c_offset + $i * params.ldc + n + $j] = acc_$i_$j;
      }
    }
  }
}
