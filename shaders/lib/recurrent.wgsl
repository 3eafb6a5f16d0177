// One timestep of any pointwise cell: the recurrent matmul and then the cell, in one dispatch, forward or backward. Or, with
// SEQUENCE 1, all timesteps in one dispatch: a workgroup owns some batch rows, which need nothing of other rows, and loops over time.
// Both directions of a bidirectional layer run side by side: direction d is the workgroup's z, its columns are d·H ...
// The importing file defines how many gates read the state, where they lie, and what the cell does with them:
//   const RECURRENT_GATES = 4u;     R, gates with a row block in weight_hh (0: the product vanishes)
//   const RECURRENT_SIZE = 4u;      the same, but at least 1: WGSL has no empty arrays
//   const SAVED_GATES = 4u;         S, values kept a unit, one block of H each
//   fn recurrent_block(gate: u32) -> u32                                 block that holds the gradient of a gate's recurrent side
//   fn recurrent_row(at: RowPlace) -> u32, fn recurrent_input(element: u32) -> f32     what the product multiplies
//   fn cell_forward(at: Place, recurrent: Recurrent) -> f32              gives h[t]; keeps what it needs in `gates`
//   fn cell_backward(at: Place, product: f32) -> f32                     turns `gates` into their gradients in place, `product` being
//                                                                        W_hhᵀ times the gradients one step on; gives what of dh[t-1] bypasses W_hh
// Rows past their length are skipped: their output and their gradients are 0. Activations' gradients assign.
// Two kinds of layers split the step into phases. With layer normalization (lib/normalized.wgsl) the dispatch here is the product
// alone. With a projection (ops/projection.wgsl) it is all but the projection: `h` is the array of what the cell makes, and the
// state, F features a row, is bound to `masked`.
#import places
#import quad
#import state_masks

struct StepParams {
  step: u32,        // in the order in which the directions run, from 0; not of a sequence
  steps: u32,       // T
  batch: u32,       // N
  hidden: u32,      // H
  features: u32,    // F of the state that the product reads: H, or fewer of a projected one
  directions: u32,  // D
  reverse: u32,     // 1: the only direction runs from the end
  weight_stride: u32,  // elements from one direction's weight_hh to the other's
  bias_stride: u32,
  diagonal_stride: u32,
  norm_stride: u32,
  norm_cell: u32,       // elements from norm_hh to norm_c
  norm_cell_bias: u32,  // and to norm_c_bias
  d_output_columns: u32,    // elements of one row of d_output
  d_output_direction: u32,  // elements from one direction's columns to the other's: 0 where their outputs were merged
  d_output_scale: f32,
  stream: u32,      // tells this layer's random numbers from another's
  continued: u32,   // backward: 1 where gates' slot T holds the gradients of the step that follows the window
  tokens: u32,      // elements from lengths to the window's tokens [T, N]
  vocabulary: u32,  // V
  weight_hh_offset: u32,
  bias_hh_offset: u32,
  diagonal_offset: u32,
  norm_offset: u32,
}

@group(0) @binding(0) var<uniform> params: StepParams;
@group(0) @binding(1) var<storage, read> weight_hh: array<f32>;       // [R·H, F], of the first direction
@group(0) @binding(1) var<storage, read> weight_hh_vec4: array<vec4f>;  // the same, where four are read at once
@group(0) @binding(2) var<storage, read> bias_hh: array<f32>;         // [R·H]
@group(0) @binding(3) var<storage, read_write> gates: array<f32>;     // [T, N, D, S, H] input side, then activations, then gradients; continued: [T+1, ..]; with TOKENS behind it [V, S, H]
@group(0) @binding(4) var<storage, read_write> h: array<f32>;         // [slots, N, D·H]
@group(0) @binding(5) var<storage, read_write> d_output: array<f32>;  // [T, N, D·H], or [T, N, H] merged; traced: becomes dL/dh[t] whole
@group(0) @binding(6) var<storage, read_write> d_hidden: array<f32>;  // [D, N, H] in: dL/dh past this window or step; out: what bypasses W_hh
@group(0) @binding(11) var<storage, read_write> masked: array<f32>;   // [slots, N, D·F] h times its mask; one element where nothing is dropped
@group(0) @binding(7) var<storage, read> lengths: array<u32>;         // [N] steps of each row, then the seed and counter of random numbers and the time at which the window begins; with TOKENS [T, N] behind that

const ROW_QUADS = 2u;      // a thread's tile: QUAD_ROWS·ROW_QUADS batch rows
const UNITS = 1u;          // by so many neighbouring hidden units, all their gates; backward in fours
const DEPTH_QUADS = 1u;    // terms of the product in a turn of its loop, in fours
const TILE_ROWS = QUAD_ROWS * ROW_QUADS;
const DEPTH = 4u * DEPTH_QUADS;
const TOKENS = 0u;         // forward, D = 1: 1 where the input side is a row of a table for each token, which lies behind the steps of `gates`
const KEEP = 1u;           // forward: 0 where no backward pass follows, so that nobody reads the activations in `gates`
const TRACE = 0u;          // backward: 1 to leave dL/dh[t] in d_output, where directions are not merged
const PRODUCT_BLOCK = 0u;  // above 0: the product alone, its gates in the blocks from there on; backward: dL/dh[t] whole, in d_hidden
const PROJECTED = 0u;      // 1: the state is `masked`; backward there is no product, and d_hidden is all that arrives
const WITHIN_STEP = 0u;    // backward: 1 where the product takes gradients of the same step, not of the next
const REST = 1u;           // 0 where the turns leave no terms over: shorter to compile
const VECTORS = 0u;        // 1 where weight_hh is read four at a time, F and where it begins being multiples of four
const UNIT = 1u + 3u * VECTORS;  // elements of weight_hh that one index stands for
const FOUR = 4u / UNIT;          // four of them in units
const SEQUENCE = 0u;       // 1: all steps, a workgroup for each tile of rows
const WORKGROUP = 16u;
alias Recurrent = array<f32, RECURRENT_SIZE>;

// How much of a state stays as it was. `which` tells states apart.
fn zoneout_keep(at: Place, probability: f32, which: u32) -> f32 {
  return zoneout_share(at.step, params.hidden, probability, which);
}

// What recurrent dropout multiplies a row's unit by.
fn recurrent_mask(at: Place) -> f32 {
  return dropout_share(at.state);
}

fn keep_state(at: Place, made: f32) {
  var next = made;
  if (ZONEOUT_H > 0.0) { next += zoneout_keep(at, ZONEOUT_H, 0u) * (h[at.before] - next); }
  h[at.after] = next;
  if (RECURRENT_DROPOUT > 0.0) { masked[at.after] = next * recurrent_mask(at); }
}

// The gradient that reaches the cell's new h: of h[t] whole, less what zoneout sends past it.
fn incoming_gradient(at: Place, product: f32) -> f32 {
  if (PROJECTED == 1u) { return d_hidden[at.state]; }
  let dh = product + params.d_output_scale * d_output[at.d_output] + d_hidden[at.state];
  if (TRACE == 1u) { d_output[at.d_output] = dh; }
  return (1.0 - zoneout_keep(at, ZONEOUT_H, 0u)) * dh;
}

// What zoneout sends past the cell, to h[t-1]. The cell overwrites nothing that this reads.
fn zoneout_bypass(at: Place, product: f32) -> f32 {
  if (ZONEOUT_H == 0.0 || WITHIN_STEP == 1u) { return 0.0; }
  return zoneout_keep(at, ZONEOUT_H, 0u) * (product + params.d_output_scale * d_output[at.d_output] + d_hidden[at.state]);
}

// The threads of a workgroup take a tile of rows through all steps; what one writes, the others read at the next step.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let tiles = quad_columns((params.hidden + UNITS - 1u) / UNITS);
  #unroll once in 0..1 - SEQUENCE {
    let thread = (group.x + group.y * groups.x) * WORKGROUP + local;
    forward_step(params.step, (thread / tiles) * TILE_ROWS, (thread % tiles) * UNITS, group.z, quad_lane(local));
  }
  #unroll once in 0..SEQUENCE {
    for (var step = 0u; step < params.steps; step += 1u) {
      for (var t = local; t < tiles; t += WORKGROUP) { forward_step(step, group.x * TILE_ROWS, t * UNITS, group.z, quad_lane(local)); }
      storageBarrier();
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let tiles = quad_columns((params.hidden + 4u * UNITS - 1u) / (4u * UNITS));
  #unroll once in 0..1 - SEQUENCE {
    let thread = (group.x + group.y * groups.x) * WORKGROUP + local;
    backward_step(params.step, (thread / tiles) * TILE_ROWS, (thread % tiles) * 4u * UNITS, group.z, quad_lane(local));
  }
  #unroll once in 0..SEQUENCE {
    for (var before = params.steps; before > 0u; before -= 1u) {
      for (var t = local; t < tiles; t += WORKGROUP) { backward_step(before - 1u, group.x * TILE_ROWS, t * 4u * UNITS, group.z, quad_lane(local)); }
      storageBarrier();
    }
  }
}

// A weight; and four in a row, from UNIT times so many on. Loops count in units: compilers for CPUs divide by four as by any number.
fn weight_at(at: u32) -> f32 {
  #unroll vector in 0..VECTORS { return weight_hh_vec4[at / 4u][at % 4u]; }
  #unroll scalar in 0..1 - VECTORS { return weight_hh[at]; }
}

fn weight_four(units: u32) -> vec4f {
  #unroll vector in 0..VECTORS { return weight_hh_vec4[units]; }
  #unroll scalar in 0..1 - VECTORS { return vec4f(weight_hh[units], weight_hh[units + 1u], weight_hh[units + 2u], weight_hh[units + 3u]); }
}

// The tile's batch rows from n0 on of the hidden units from u0 on. Units past the last compute for their quad and store nothing.
fn forward_step(step: u32, n0: u32, u0: u32, direction: u32, lane: u32) {
  let hidden = params.hidden;
  if (n0 >= params.batch) { return; }
  let rows = min(TILE_ROWS, params.batch - n0);
  let units = min(UNITS, hidden - min(u0, hidden));
  let time = time_of(step, params.steps, reversed(direction));
  var running = false;
  for (var r = 0u; r < rows; r += 1u) {
    running = running || time < lengths[n0 + r];
  }
  if (!running) {
    for (var r = 0u; r < rows; r += 1u) {
      for (var e = 0u; e < units; e += 1u) { h[history_row(time + 1u, n0 + r, direction) + u0 + e] = 0.0; }
    }
    return;
  }

  #unroll g in 0..RECURRENT_GATES {
    #unroll e in 0..UNITS {
      let w_$g_$e = (params.weight_hh_offset + direction * params.weight_stride + ($gu * hidden + min(u0 + $eu, hidden - 1u)) * params.features) / UNIT;
    }
  }
  // Row (i, x) of the tile is QUAD_ROWS·i + (lane ^ x). In a quad each lane loads one row of four and the swaps bring the others.
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS {
      let h_$i_$x = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * $i + (lane ^ $x), params.batch - 1u), direction));
    }
    #unroll x in 0..QUAD_ROWS {
      #unroll g in 0..RECURRENT_GATES {
        #unroll e in 0..UNITS { var acc_$i_$x_$g_$e = 0.0; }
      }
    }
  }
  let depth = select(params.features, 0u, RECURRENT_GATES == 0u);
  let turns = depth / DEPTH;
  for (var turn = 0u; turn < turns; turn += 1u) {
    #unroll p in 0..DEPTH_QUADS {
      #unroll g in 0..RECURRENT_GATES {
        #unroll e in 0..UNITS { let b_$p_$g_$e = weight_four(w_$g_$e + (turn * DEPTH_QUADS + $pu) * FOUR); }
      }
      #unroll i in 0..ROW_QUADS {
        #unroll x in 0..LOADED_ROWS {
          let h_$p_$i_$x = h_$i_$x + turn * DEPTH + 4u * $pu;
          let a_$p_$i_$x = vec4f(recurrent_input(h_$p_$i_$x), recurrent_input(h_$p_$i_$x + 1u), recurrent_input(h_$p_$i_$x + 2u), recurrent_input(h_$p_$i_$x + 3u));
        }
        #unroll quad in 0..QUADS {
          let a_$p_$i_1 = quadSwapX(a_$p_$i_0);
          let a_$p_$i_2 = quadSwapY(a_$p_$i_0);
          let a_$p_$i_3 = quadSwapDiagonal(a_$p_$i_0);
        }
      }
    }
    // The weight first and a sum's terms together: software adapters spill least so.
    #unroll i in 0..ROW_QUADS {
      #unroll x in 0..QUAD_ROWS {
        #unroll g in 0..RECURRENT_GATES {
          #unroll e in 0..UNITS {
            #unroll p in 0..DEPTH_QUADS {
              #unroll d in 0..4 { acc_$i_$x_$g_$e += b_$p_$g_$e[$d] * a_$p_$i_$x[$d]; }
            }
          }
        }
      }
    }
  }
  #unroll rest in 0..REST {
    for (var k = turns * DEPTH; k < depth; k += 1u) {
      #unroll g in 0..RECURRENT_GATES {
        #unroll e in 0..UNITS { let b_$g_$e = weight_at(w_$g_$e * UNIT + k); }
      }
      #unroll i in 0..ROW_QUADS {
        #unroll x in 0..LOADED_ROWS { let a_$i_$x = recurrent_input(h_$i_$x + k); }
        #unroll quad in 0..QUADS {
          let a_$i_1 = quadSwapX(a_$i_0);
          let a_$i_2 = quadSwapY(a_$i_0);
          let a_$i_3 = quadSwapDiagonal(a_$i_0);
        }
        #unroll x in 0..QUAD_ROWS {
          #unroll g in 0..RECURRENT_GATES {
            #unroll e in 0..UNITS { acc_$i_$x_$g_$e += b_$g_$e * a_$i_$x; }
          }
        }
      }
    }
  }

  // The cell is looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
  var tile: array<array<Recurrent, UNITS>, TILE_ROWS>;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll e in 0..UNITS {
        #unroll g in 0..RECURRENT_GATES { tile[QUAD_ROWS * $i + $x][$e][$g] = acc_$i_$x_$g_$e; }
      }
    }
  }
  for (var e = 0u; e < units; e += 1u) {
    let u = u0 + e;
    var bias: Recurrent;
    #unroll g in 0..RECURRENT_GATES { bias[$g] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + $g * hidden + u]; }
    for (var r = 0u; r < rows; r += 1u) {
      let at = place(row_place(step, n0 + r, direction), u);
      let held = r ^ lane;  // where this lane accumulated row r
      if (time >= lengths[n0 + r]) {
        h[at.after] = 0.0;
        continue;
      }
      if (PRODUCT_BLOCK > 0u) {
        #unroll g in 0..RECURRENT_GATES { gates[at.gates + (PRODUCT_BLOCK + $g) * hidden] = tile[held][e][$g]; }
        continue;
      }
      var recurrent: Recurrent;
      #unroll g in 0..RECURRENT_GATES { recurrent[$g] = tile[held][e][$g] + bias[$g]; }
      keep_state(at, cell_forward(at, recurrent));
    }
  }
}

// The tile's batch rows from n0 on of the hidden units from u0 on. Their weights lie side by side in each row of weight_hh.
fn backward_step(step: u32, n0: u32, u0: u32, direction: u32, lane: u32) {
  let hidden = params.hidden;
  if (n0 >= params.batch) { return; }

  let time = time_of(step, params.steps, reversed(direction));
  let has_product = WITHIN_STEP == 1u || step + 1u < params.steps + params.continued;
  // The last step has no next one: its product is skipped, and the time only has to be one that exists.
  let product_time = select(time_of(min(step + 1u, params.steps + params.continued - 1u), params.steps, reversed(direction)), time, WITHIN_STEP == 1u);
  let end = select(0u, hidden, has_product && RECURRENT_GATES > 0u && PROJECTED == 0u);
  let turns = end / DEPTH;
  let weight_row = hidden / UNIT;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..LOADED_ROWS { let d_$i_$x = gates_row(product_time, min(n0 + QUAD_ROWS * $i + (lane ^ $x), params.batch - 1u), direction); }
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..UNITS {
        #unroll c in 0..4 { var acc_$i_$x_$q_$c = 0.0; }
      }
    }
  }
  for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
    let w_g = (params.weight_hh_offset + direction * params.weight_stride + g * hidden * hidden + u0) / UNIT;
    let column = select(recurrent_block(g), PRODUCT_BLOCK + g, PRODUCT_BLOCK > 0u) * hidden;
    for (var turn = 0u; turn < turns; turn += 1u) {
      let k = turn * DEPTH;
      #unroll p in 0..DEPTH_QUADS {
        #unroll d in 0..4 {
          #unroll q in 0..UNITS { let b_$p_$d_$q = weight_four(w_g + (k + 4u * $pu + $du) * weight_row + FOUR * $qu); }
        }
        #unroll i in 0..ROW_QUADS {
          #unroll x in 0..LOADED_ROWS {
            let d_$p_$i_$x = d_$i_$x + column + k + 4u * $pu;
            let a_$p_$i_$x = vec4f(gates[d_$p_$i_$x], gates[d_$p_$i_$x + 1u], gates[d_$p_$i_$x + 2u], gates[d_$p_$i_$x + 3u]);
          }
          #unroll quad in 0..QUADS {
            let a_$p_$i_1 = quadSwapX(a_$p_$i_0);
            let a_$p_$i_2 = quadSwapY(a_$p_$i_0);
            let a_$p_$i_3 = quadSwapDiagonal(a_$p_$i_0);
          }
        }
      }
      #unroll i in 0..ROW_QUADS {
        #unroll x in 0..QUAD_ROWS {
          #unroll q in 0..UNITS {
            #unroll c in 0..4 {
              #unroll p in 0..DEPTH_QUADS {
                #unroll d in 0..4 { acc_$i_$x_$q_$c += b_$p_$d_$q[$c] * a_$p_$i_$x[$d]; }
              }
            }
          }
        }
      }
    }
    #unroll rest in 0..REST {
      for (var k = turns * DEPTH; k < end; k += 1u) {
        #unroll q in 0..UNITS { let b_$q = weight_four(w_g + k * weight_row + FOUR * $qu); }
        #unroll i in 0..ROW_QUADS {
          #unroll x in 0..LOADED_ROWS { let a_$i_$x = gates[d_$i_$x + column + k]; }
          #unroll quad in 0..QUADS {
            let a_$i_1 = quadSwapX(a_$i_0);
            let a_$i_2 = quadSwapY(a_$i_0);
            let a_$i_3 = quadSwapDiagonal(a_$i_0);
          }
          #unroll x in 0..QUAD_ROWS {
            #unroll q in 0..UNITS {
              #unroll c in 0..4 { acc_$i_$x_$q_$c += b_$q[$c] * a_$i_$x; }
            }
          }
        }
      }
    }
  }
  if (u0 >= hidden) { return; }

  var tile: array<array<f32, 4u * UNITS>, TILE_ROWS>;
  #unroll i in 0..ROW_QUADS {
    #unroll x in 0..QUAD_ROWS {
      #unroll q in 0..UNITS {
        #unroll c in 0..4 { tile[QUAD_ROWS * $i + $x][4 * $q + $c] = acc_$i_$x_$q_$c; }
      }
    }
  }
  let rows = min(TILE_ROWS, params.batch - n0);
  let units = min(4u * UNITS, hidden - u0);
  for (var r = 0u; r < rows; r += 1u) {
    let row = row_place(step, n0 + r, direction);
    let running = row.time < lengths[n0 + r];
    let held = r ^ lane;
    for (var j = 0u; j < units; j += 1u) {
      let at = place(row, u0 + j);
      if (running) {
        let product = tile[held][j] * recurrent_mask(at);
        if (PRODUCT_BLOCK > 0u) {
          d_hidden[at.state] = incoming_gradient(at, product);
          continue;
        }
        let past = zoneout_bypass(at, product);
        d_hidden[at.state] = cell_backward(at, product) + past;
      } else {
        for (var q = 0u; q < SAVED_GATES; q += 1u) { gates[at.gates + q * hidden] = 0.0; }
      }
    }
  }
}
