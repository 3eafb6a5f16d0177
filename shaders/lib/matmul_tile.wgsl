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
  #unroll r in 0..4*ROW_QUADS {
    let a_$r = params.a_offset + min(tile.m + $r, params.M - 1u) * params.lda;
    #unroll q in 0..COLUMN_QUADS { var acc_$r_$q = vec4f(); }
  }
  let whole = params.K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let b0 = params.b_offset + k * params.ldb + tile.n;
    #unroll q in 0..COLUMN_QUADS {
      let x_$q = load_b4(b0 + 4u * $q);
      let y_$q = load_b4(b0 + params.ldb + 4u * $q);
      let z_$q = load_b4(b0 + 2u * params.ldb + 4u * $q);
      let w_$q = load_b4(b0 + 3u * params.ldb + 4u * $q);
    }
    #unroll r in 0..4*ROW_QUADS {
      let v_$r = load_a4(a_$r + k);
      #unroll q in 0..COLUMN_QUADS { acc_$r_$q += v_$r.x * x_$q + v_$r.y * y_$q + v_$r.z * z_$q + v_$r.w * w_$q; }
    }
  }
  for (var k = whole; k < params.K; k += 1u) {
    let b0 = params.b_offset + k * params.ldb + tile.n;
    #unroll q in 0..COLUMN_QUADS {
      let x_$q = vec4f(load_b(b0 + 4u * $q), load_b(b0 + 4u * $q + 1u), load_b(b0 + 4u * $q + 2u), load_b(b0 + 4u * $q + 3u));
    }
    #unroll r in 0..4*ROW_QUADS {
      let v_$r = load_a(a_$r + k);
      #unroll q in 0..COLUMN_QUADS { acc_$r_$q += v_$r * x_$q; }
    }
  }
  var sums: Sums;
  #unroll r in 0..4*ROW_QUADS {
    #unroll q in 0..COLUMN_QUADS { sums[$r][$q] = acc_$r_$q; }
  }
  store(tile, sums);
}

@compute @workgroup_size(16)
fn nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  #unroll q in 0..COLUMN_QUADS {
    #unroll j in 0..4 { let b_$q_$j = params.b_offset + min(tile.n + 4u * $q + $j, params.N - 1u) * params.ldb; }
  }
  #unroll r in 0..4*ROW_QUADS {
    let a_$r = params.a_offset + min(tile.m + $r, params.M - 1u) * params.lda;
    #unroll q in 0..COLUMN_QUADS { var acc_$r_$q = vec4f(); }
  }
  let whole = params.K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    #unroll q in 0..COLUMN_QUADS {
      #unroll j in 0..4 { let u_$q_$j = load_b4(b_$q_$j + k); }
    }
    #unroll r in 0..4*ROW_QUADS {
      let v_$r = load_a4(a_$r + k);
      #unroll q in 0..COLUMN_QUADS { acc_$r_$q += vec4f(dot(v_$r, u_$q_0), dot(v_$r, u_$q_1), dot(v_$r, u_$q_2), dot(v_$r, u_$q_3)); }
    }
  }
  for (var k = whole; k < params.K; k += 1u) {
    #unroll q in 0..COLUMN_QUADS {
      let u_$q = vec4f(load_b(b_$q_0 + k), load_b(b_$q_1 + k), load_b(b_$q_2 + k), load_b(b_$q_3 + k));
    }
    #unroll r in 0..4*ROW_QUADS {
      let v_$r = load_a(a_$r + k);
      #unroll q in 0..COLUMN_QUADS { acc_$r_$q += v_$r * u_$q; }
    }
  }
  var sums: Sums;
  #unroll r in 0..4*ROW_QUADS {
    #unroll q in 0..COLUMN_QUADS { sums[$r][$q] = acc_$r_$q; }
  }
  store(tile, sums);
}

@compute @workgroup_size(16)
fn tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  #unroll p in 0..ROW_QUADS {
    #unroll q in 0..COLUMN_QUADS {
      #unroll j in 0..4 { var acc_$p_$j_$q = vec4f(); }
    }
  }
  let whole = params.K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    #unroll i in 0..4 {
      let a_$i = params.a_offset + (k + $i) * params.lda + tile.m;
      let b_$i = params.b_offset + (k + $i) * params.ldb + tile.n;
      #unroll p in 0..ROW_QUADS { let v_$i_$p = load_a4(a_$i + 4u * $p); }
      #unroll q in 0..COLUMN_QUADS { let u_$i_$q = load_b4(b_$i + 4u * $q); }
    }
    #unroll p in 0..ROW_QUADS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll j in 0..4 {
          acc_$p_$j_$q += v_0_$p[$j] * u_0_$q + v_1_$p[$j] * u_1_$q + v_2_$p[$j] * u_2_$q + v_3_$p[$j] * u_3_$q;
        }
      }
    }
  }
  for (var k = whole; k < params.K; k += 1u) {
    let a_k = params.a_offset + k * params.lda + tile.m;
    let b_k = params.b_offset + k * params.ldb + tile.n;
    #unroll q in 0..COLUMN_QUADS {
      let u_$q = vec4f(load_b(b_k + 4u * $q), load_b(b_k + 4u * $q + 1u), load_b(b_k + 4u * $q + 2u), load_b(b_k + 4u * $q + 3u));
    }
    #unroll p in 0..ROW_QUADS {
      #unroll j in 0..4 {
        let v_$p_$j = load_a(a_k + 4u * $p + $j);
        #unroll q in 0..COLUMN_QUADS { acc_$p_$j_$q += v_$p_$j * u_$q; }
      }
    }
  }
  var sums: Sums;
  #unroll p in 0..ROW_QUADS {
    #unroll q in 0..COLUMN_QUADS {
      #unroll j in 0..4 { sums[4 * $p + $j][$q] = acc_$p_$j_$q; }
    }
  }
  store(tile, sums);
}
