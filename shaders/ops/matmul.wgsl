// Matrix product, one register tile a thread: C [M,N] (+)= A·B (+ bias [N]), with A and B as stored or transposed.
//   nn: A [M,K], B [K,N]      nt: A [M,K], B [N,K]      tn: A [K,M], B [K,N]
// Rows past M repeat the last one and columns past N read what lies there: neither is stored.
// A turn of a loop takes several steps of k, because compilers for CPUs carry every sum through memory from turn to turn; what K leaves
// over goes step by step. Numbers in names: i, x are row x of row quad i; q, e column e of column quad q; p, d step d of step quad p.
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
@group(0) @binding(1) var<storage, read> a_vec4: array<vec4f>;  // the same, where four are read at once
@group(0) @binding(2) var<storage, read> b_vec4: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;  // [M, N]
@group(0) @binding(4) var<storage, read> bias: array<f32>;     // [N]

const ROW_QUADS = 2u;     // the tile: QUAD_ROWS·ROW_QUADS rows
const COLUMN_QUADS = 2u;  // by 4·COLUMN_QUADS columns
const DEPTH_QUADS = 1u;   // a turn: 4·DEPTH_QUADS steps of k
const REST = 1u;          // 0 where the turns leave no step over: shorter to compile
const VECTORS = 0u;       // nn, nt: 1 to read A and B four at a time, lengths and strides of rows and where they begin being multiples of four
const TILE_ROWS = QUAD_ROWS * ROW_QUADS;
const TILE_COLUMNS = 4u * COLUMN_QUADS;
const DEPTH = 4u * DEPTH_QUADS;
const UNIT = 1u + 3u * VECTORS;  // elements that one index of A or of B stands for
const FOUR = 4u / UNIT;          // four elements in units
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

// An element of A or of B.
fn a_at(at: u32) -> f32 {
  #unroll vector in 0..VECTORS { return a_vec4[at / 4u][at % 4u]; }
  #unroll scalar in 0..1 - VECTORS { return a[at]; }
}

fn b_at(at: u32) -> f32 {
  #unroll vector in 0..VECTORS { return b_vec4[at / 4u][at % 4u]; }
  #unroll scalar in 0..1 - VECTORS { return b[at]; }
}

// Four in a row, from UNIT times so many on. Loops count in units: compilers for CPUs divide by four as by any number.
fn a_four(units: u32) -> vec4f {
  #unroll vector in 0..VECTORS { return a_vec4[units]; }
  #unroll scalar in 0..1 - VECTORS { return vec4f(a[units], a[units + 1u], a[units + 2u], a[units + 3u]); }
}

fn b_four(units: u32) -> vec4f {
  #unroll vector in 0..VECTORS { return b_vec4[units]; }
  #unroll scalar in 0..1 - VECTORS { return vec4f(b[units], b[units + 1u], b[units + 2u], b[units + 3u]); }
}

@compute @workgroup_size(WORKGROUP)
fn nn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  let b0 = params.b_offset + tile.n;
  let ldb = params.ldb / UNIT;
  let b_0 = b0 / UNIT;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let a_$i_$x = (params.a_offset + min(tile.m + QUAD_ROWS * $i + (tile.lane ^ $x), params.M - 1u) * params.lda) / UNIT; }
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { var acc_$i_$x_$q_$e = 0.0; }
      }
    }
  }
  let turns = params.K / DEPTH;
  for (var turn = 0u; turn < turns; turn += 1u) {
    #unroll p in 0..DEPTH_QUADS {
      #unroll d in 0..4 {
        #unroll q in 0..COLUMN_QUADS { let y_$p_$d_$q = b_four(b_0 + (turn * DEPTH + 4u * $p + $d) * ldb + FOUR * $q); }
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll p in 0..DEPTH_QUADS {
        #unroll x in 0..LOADED_ROWS { let v_$p_$i_$x = a_four(a_$i_$x + (turn * DEPTH_QUADS + $pu) * FOUR); }
        #unroll d in 0..4 {
          #unroll x in 0..LOADED_ROWS { let v_$p_$d_$i_$x = v_$p_$i_$x[$d]; }
          #unroll quad in 0..QUADS {
            let v_$p_$d_$i_1 = quadSwapX(v_$p_$d_$i_0);
            let v_$p_$d_$i_2 = quadSwapY(v_$p_$d_$i_0);
            let v_$p_$d_$i_3 = quadSwapDiagonal(v_$p_$d_$i_0);
          }
        }
      }
      #unroll x in 0..QUAD_ROWS {
        #unroll q in 0..COLUMN_QUADS {
          #unroll e in 0..4 {
            #unroll p in 0..DEPTH_QUADS {
              #unroll d in 0..4 { acc_$i_$x_$q_$e += y_$p_$d_$q[$e] * v_$p_$d_$i_$x; }
            }
          }
        }
      }
    }
  }
  #unroll rest in 0..REST {
    for (var k = turns * DEPTH; k < params.K; k += 1u) {
      #unroll q in 0..COLUMN_QUADS { let y_$q = b_four(b_0 + k * ldb + FOUR * $q); }
      #unroll i in 0..ROW_QUADS {
        #unroll x in 0..LOADED_ROWS { let v_$i_$x = a_at(a_$i_$x * UNIT + k); }
        #unroll quad in 0..QUADS {
          let v_$i_1 = quadSwapX(v_$i_0);
          let v_$i_2 = quadSwapY(v_$i_0);
          let v_$i_3 = quadSwapDiagonal(v_$i_0);
        }
        #unroll x in 0..QUAD_ROWS {
          #unroll q in 0..COLUMN_QUADS {
            #unroll e in 0..4 { acc_$i_$x_$q_$e += y_$q[$e] * v_$i_$x; }
          }
        }
      }
    }
  }
  var sums: Sums;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { sums[QUAD_ROWS * $i + $x][4 * $q + $e] = acc_$i_$x_$q_$e; }
      }
    }
  }
  store(tile, sums, params.accumulate == 1u);
}

@compute @workgroup_size(WORKGROUP)
fn nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  #unroll q in 0..COLUMN_QUADS {
    #unroll e in 0..4 { let b_$q_$e = (params.b_offset + min(tile.n + 4u * $q + $e, params.N - 1u) * params.ldb) / UNIT; }
  }
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let a_$i_$x = (params.a_offset + min(tile.m + QUAD_ROWS * $i + (tile.lane ^ $x), params.M - 1u) * params.lda) / UNIT; }
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { var acc_$i_$x_$q_$e = 0.0; }
      }
    }
  }
  let turns = params.K / DEPTH;
  for (var turn = 0u; turn < turns; turn += 1u) {
    #unroll p in 0..DEPTH_QUADS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { let y_$p_$q_$e = b_four(b_$q_$e + (turn * DEPTH_QUADS + $pu) * FOUR); }
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll p in 0..DEPTH_QUADS {
        #unroll x in 0..LOADED_ROWS { let v_$p_$i_$x = a_four(a_$i_$x + (turn * DEPTH_QUADS + $pu) * FOUR); }
        #unroll d in 0..4 {
          #unroll x in 0..LOADED_ROWS { let v_$p_$d_$i_$x = v_$p_$i_$x[$d]; }
          #unroll quad in 0..QUADS {
            let v_$p_$d_$i_1 = quadSwapX(v_$p_$d_$i_0);
            let v_$p_$d_$i_2 = quadSwapY(v_$p_$d_$i_0);
            let v_$p_$d_$i_3 = quadSwapDiagonal(v_$p_$d_$i_0);
          }
        }
      }
      #unroll x in 0..QUAD_ROWS {
        #unroll q in 0..COLUMN_QUADS {
          #unroll e in 0..4 {
            #unroll p in 0..DEPTH_QUADS {
              #unroll d in 0..4 { acc_$i_$x_$q_$e += y_$p_$q_$e[$d] * v_$p_$d_$i_$x; }
            }
          }
        }
      }
    }
  }
  #unroll rest in 0..REST {
    for (var k = turns * DEPTH; k < params.K; k += 1u) {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { let y_$q_$e = b_at(b_$q_$e * UNIT + k); }
      }
      #unroll i in 0..ROW_QUADS {
        #unroll x in 0..LOADED_ROWS { let v_$i_$x = a_at(a_$i_$x * UNIT + k); }
        #unroll quad in 0..QUADS {
          let v_$i_1 = quadSwapX(v_$i_0);
          let v_$i_2 = quadSwapY(v_$i_0);
          let v_$i_3 = quadSwapDiagonal(v_$i_0);
        }
        #unroll x in 0..QUAD_ROWS {
          #unroll q in 0..COLUMN_QUADS {
            #unroll e in 0..4 { acc_$i_$x_$q_$e += y_$q_$e * v_$i_$x; }
          }
        }
      }
    }
  }
  var sums: Sums;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { sums[QUAD_ROWS * $i + $x][4 * $q + $e] = acc_$i_$x_$q_$e; }
      }
    }
  }
  store(tile, sums, params.accumulate == 1u);
}

// Each sum is one chain of additions, from the last row to the first, going on from what C holds: sums over parts of the rows, the
// last part first, are those over all of them, to the bit. So gradients do not depend on where a window of time is cut.
// Both factors are read value by value: loads of four make this form slower on software adapters, by a tenth and more.
@compute @workgroup_size(WORKGROUP)
fn tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = tile_of(id, groups);
  if (tile.m >= params.M) { return; }
  var sums = begun(tile);
  let b0 = params.b_offset + tile.n;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let a_$i_$x = params.a_offset + min(tile.m + QUAD_ROWS * $i + (tile.lane ^ $x), params.M - 1u); }
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { var acc_$i_$x_$q_$e = sums[QUAD_ROWS * $i + $x][4 * $q + $e]; }
      }
    }
  }
  let rest = params.K % DEPTH;
  for (var k = params.K; k > rest; k -= DEPTH) {
    #unroll p in 0..DEPTH_QUADS {
      #unroll d in 0..4 {
        #unroll q in 0..COLUMN_QUADS {
          #unroll e in 0..4 { let y_$p_$d_$q_$e = b[b0 + (k - (4u * $p + $d + 1u)) * params.ldb + 4u * $q + $e]; }
        }
      }
    }
    #unroll i in 0..ROW_QUADS {
      #unroll p in 0..DEPTH_QUADS {
        #unroll d in 0..4 {
          #unroll x in 0..LOADED_ROWS { let v_$p_$d_$i_$x = a[a_$i_$x + (k - (4u * $p + $d + 1u)) * params.lda]; }
          #unroll quad in 0..QUADS {
            let v_$p_$d_$i_1 = quadSwapX(v_$p_$d_$i_0);
            let v_$p_$d_$i_2 = quadSwapY(v_$p_$d_$i_0);
            let v_$p_$d_$i_3 = quadSwapDiagonal(v_$p_$d_$i_0);
          }
        }
      }
      #unroll x in 0..QUAD_ROWS {
        #unroll q in 0..COLUMN_QUADS {
          #unroll e in 0..4 {
            #unroll p in 0..DEPTH_QUADS {
              #unroll d in 0..4 { acc_$i_$x_$q_$e += y_$p_$d_$q_$e * v_$p_$d_$i_$x; }
            }
          }
        }
      }
    }
  }
  #unroll rest in 0..REST {
    for (var k = rest; k > 0u; k -= 1u) {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { let y_$q_$e = b[b0 + (k - 1u) * params.ldb + 4u * $q + $e]; }
      }
      #unroll i in 0..ROW_QUADS {
        #unroll x in 0..LOADED_ROWS { let v_$i_$x = a[a_$i_$x + (k - 1u) * params.lda]; }
        #unroll quad in 0..QUADS {
          let v_$i_1 = quadSwapX(v_$i_0);
          let v_$i_2 = quadSwapY(v_$i_0);
          let v_$i_3 = quadSwapDiagonal(v_$i_0);
        }
        #unroll x in 0..QUAD_ROWS {
          #unroll q in 0..COLUMN_QUADS {
            #unroll e in 0..4 { acc_$i_$x_$q_$e += y_$q_$e * v_$i_$x; }
          }
        }
      }
    }
  }
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..COLUMN_QUADS {
        #unroll e in 0..4 { sums[QUAD_ROWS * $i + $x][4 * $q + $e] = acc_$i_$x_$q_$e; }
      }
    }
  }
  store(tile, sums, false);
}
