// Matrix product, one register tile a thread: C [M,N] (+)= A·B (+ bias [N]), with A and B as stored or transposed.
//   nn: A [M,K], B [K,N]      nt: A [M,K], B [N,K]      tn: A [K,M], B [K,N]
// Rows past M repeat the last one and columns past N read what lies there: neither is stored.
#import quad

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
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;  // [M, N]
@group(0) @binding(4) var<storage, read> bias: array<f32>;     // [N]

const ROW_QUADS = 2u;     // the tile: QUAD_ROWS·ROW_QUADS rows
const COLUMN_QUADS = 2u;  // by 4·COLUMN_QUADS columns
const TILE_ROWS = QUAD_ROWS * ROW_QUADS;
const TILE_COLUMNS = 4u * COLUMN_QUADS;
const WORKGROUP = 16u;

struct Tile {
  m: u32,
  n: u32,
  lane: u32,
}

alias Sums = array<array<f32, TILE_COLUMNS>, TILE_ROWS>;

fn tile_of(id: vec3u, groups: vec3u) -> Tile {
  let thread = id.x + id.y * groups.x * WORKGROUP;
  let columns = quad_columns((params.N + TILE_COLUMNS - 1u) / TILE_COLUMNS);
  return Tile((thread / columns) * TILE_ROWS, (thread % columns) * TILE_COLUMNS, quad_lane(id.x));
}

// What the sums of a tile start from: 0, or what C holds.
fn begun(tile: Tile) -> Sums {
  var sums: Sums;
  if (params.accumulate == 0u || tile.n >= params.N) { return sums; }
  let rows = min(TILE_ROWS, params.M - tile.m);
  let columns = min(TILE_COLUMNS, params.N - tile.n);
  for (var r = 0u; r < rows; r += 1u) {
    for (var j = 0u; j < columns; j += 1u) { sums[r ^ tile.lane][j] = c[params.c_offset + (tile.m + r) * params.ldc + tile.n + j]; }
  }
  return sums;
}

// Looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
fn store(tile: Tile, sums: Sums, accumulate: bool) {
  var all = sums;
  if (tile.n >= params.N) { return; }
  let rows = min(TILE_ROWS, params.M - tile.m);
  let columns = min(TILE_COLUMNS, params.N - tile.n);
  for (var r = 0u; r < rows; r += 1u) {
    let held = r ^ tile.lane;  // where this lane accumulated row r
    for (var j = 0u; j < columns; j += 1u) {
      let at = params.c_offset + (tile.m + r) * params.ldc + tile.n + j;
      var value = all[held][j];
      if (params.has_bias == 1u) { value += bias[params.bias_offset + tile.n + j]; }
      if (accumulate) { value += c[at]; }
      c[at] = value;
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn nn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let a_$i_$x = params.a_offset + min(tile.m + QUAD_ROWS * $i + (tile.lane ^ $x), params.M - 1u) * params.lda; }
    #unroll x in 0..QUAD_ROWS {
      #unroll j in 0..TILE_COLUMNS { var acc_$i_$x_$j = 0.0; }
    }
  }
  let whole = params.K & ~1u;
  for (var k = 0u; k < whole; k += 2u) {
    let b0 = params.b_offset + k * params.ldb + tile.n;
    #unroll j in 0..TILE_COLUMNS { let y_$j = vec2f(b[b0 + $j], b[b0 + params.ldb + $j]); }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..LOADED_ROWS { let v_$i_$x = vec2f(a[a_$i_$x + k], a[a_$i_$x + k + 1u]); }
      #unroll quad in 0..QUADS {
        let v_$i_1 = quadSwapX(v_$i_0);
        let v_$i_2 = quadSwapY(v_$i_0);
        let v_$i_3 = quadSwapDiagonal(v_$i_0);
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll j in 0..TILE_COLUMNS { acc_$i_$x_$j = acc_$i_$x_$j + v_$i_$x.x * y_$j.x + v_$i_$x.y * y_$j.y; }
      }
    }
  }
  for (var k = whole; k < params.K; k += 1u) {
    let b0 = params.b_offset + k * params.ldb + tile.n;
    #unroll j in 0..TILE_COLUMNS { let y_$j = b[b0 + $j]; }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..LOADED_ROWS { let v_$i_$x = a[a_$i_$x + k]; }
      #unroll quad in 0..QUADS {
        let v_$i_1 = quadSwapX(v_$i_0);
        let v_$i_2 = quadSwapY(v_$i_0);
        let v_$i_3 = quadSwapDiagonal(v_$i_0);
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll j in 0..TILE_COLUMNS { acc_$i_$x_$j += v_$i_$x * y_$j; }
      }
    }
  }
  var sums: Sums;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll j in 0..TILE_COLUMNS { sums[QUAD_ROWS * $i + $x][$j] = acc_$i_$x_$j; }
    }
  }
  store(tile, sums, params.accumulate == 1u);
}

@compute @workgroup_size(WORKGROUP)
fn nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  #unroll j in 0..TILE_COLUMNS { let b_$j = params.b_offset + min(tile.n + $j, params.N - 1u) * params.ldb; }
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let a_$i_$x = params.a_offset + min(tile.m + QUAD_ROWS * $i + (tile.lane ^ $x), params.M - 1u) * params.lda; }
    #unroll x in 0..QUAD_ROWS {
      #unroll j in 0..TILE_COLUMNS { var acc_$i_$x_$j = 0.0; }
    }
  }
  let whole = params.K & ~1u;
  for (var k = 0u; k < whole; k += 2u) {
    #unroll j in 0..TILE_COLUMNS { let y_$j = vec2f(b[b_$j + k], b[b_$j + k + 1u]); }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..LOADED_ROWS { let v_$i_$x = vec2f(a[a_$i_$x + k], a[a_$i_$x + k + 1u]); }
      #unroll quad in 0..QUADS {
        let v_$i_1 = quadSwapX(v_$i_0);
        let v_$i_2 = quadSwapY(v_$i_0);
        let v_$i_3 = quadSwapDiagonal(v_$i_0);
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll j in 0..TILE_COLUMNS { acc_$i_$x_$j = acc_$i_$x_$j + v_$i_$x.x * y_$j.x + v_$i_$x.y * y_$j.y; }
      }
    }
  }
  for (var k = whole; k < params.K; k += 1u) {
    #unroll j in 0..TILE_COLUMNS { let y_$j = b[b_$j + k]; }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..LOADED_ROWS { let v_$i_$x = a[a_$i_$x + k]; }
      #unroll quad in 0..QUADS {
        let v_$i_1 = quadSwapX(v_$i_0);
        let v_$i_2 = quadSwapY(v_$i_0);
        let v_$i_3 = quadSwapDiagonal(v_$i_0);
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll j in 0..TILE_COLUMNS { acc_$i_$x_$j += v_$i_$x * y_$j; }
      }
    }
  }
  var sums: Sums;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll j in 0..TILE_COLUMNS { sums[QUAD_ROWS * $i + $x][$j] = acc_$i_$x_$j; }
    }
  }
  store(tile, sums, params.accumulate == 1u);
}

// Each sum is one chain of additions, from the last row to the first, going on from what C holds: sums over parts of the rows, the
// last part first, are those over all of them, to the bit. So gradients do not depend on where a window of time is cut.
@compute @workgroup_size(WORKGROUP)
fn tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  var sums = begun(tile);
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let a_$i_$x = params.a_offset + min(tile.m + QUAD_ROWS * $i + (tile.lane ^ $x), params.M - 1u); }
    #unroll x in 0..QUAD_ROWS {
      #unroll j in 0..TILE_COLUMNS { var acc_$i_$x_$j = sums[QUAD_ROWS * $i + $x][$j]; }
    }
  }
  let rest = params.K & 1u;
  for (var k = params.K; k > rest; k -= 2u) {
    let a0 = (k - 1u) * params.lda;
    let b0 = params.b_offset + (k - 1u) * params.ldb + tile.n;
    #unroll j in 0..TILE_COLUMNS { let y_$j = vec2f(b[b0 + $j], b[b0 - params.ldb + $j]); }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..LOADED_ROWS { let v_$i_$x = vec2f(a[a_$i_$x + a0], a[a_$i_$x + a0 - params.lda]); }
      #unroll quad in 0..QUADS {
        let v_$i_1 = quadSwapX(v_$i_0);
        let v_$i_2 = quadSwapY(v_$i_0);
        let v_$i_3 = quadSwapDiagonal(v_$i_0);
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll j in 0..TILE_COLUMNS { acc_$i_$x_$j = acc_$i_$x_$j + v_$i_$x.x * y_$j.x + v_$i_$x.y * y_$j.y; }
      }
    }
  }
  if (rest == 1u) {
    let b0 = params.b_offset + tile.n;
    #unroll j in 0..TILE_COLUMNS { let y_$j = b[b0 + $j]; }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..LOADED_ROWS { let v_$i_$x = a[a_$i_$x]; }
      #unroll quad in 0..QUADS {
        let v_$i_1 = quadSwapX(v_$i_0);
        let v_$i_2 = quadSwapY(v_$i_0);
        let v_$i_3 = quadSwapDiagonal(v_$i_0);
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll j in 0..TILE_COLUMNS { acc_$i_$x_$j += v_$i_$x * y_$j; }
      }
    }
  }
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll j in 0..TILE_COLUMNS { sums[QUAD_ROWS * $i + $x][$j] = acc_$i_$x_$j; }
    }
  }
  store(tile, sums, false);
}
