// One timestep of any pointwise cell: the recurrent matmul and then the cell, in one dispatch, forward or backward.
// The importing file defines how many gates read the state and what the cell does with them:
//   const RECURRENT_GATES = 4u;                                               R
//   fn cell_forward(at: Place, recurrent: array<f32, RECURRENT_GATES>) -> f32   gives h[t]; keeps what it needs in `gates`
//   fn cell_backward(at: Place, dh: f32) -> f32                                 turns `gates` into their gradients in place;
//                                                                               gives the part of dh[t-1] that bypasses W_hh
// History arrays have a slot more than steps: a step reads slot_from and writes slot_to, so no step is special.
// Activations' gradients are assigned, never accumulated.

struct StepParams {
  time: u32,       // which step of `gates` and `d_output`
  slot_from: u32,  // history slot of the state that this step starts from
  slot_to: u32,    // history slot of the state that it makes
  next_time: u32,  // backward: the step that started from slot_to
  has_next: u32,   // backward: 0 at the last step of the window
  batch: u32,      // N
  hidden: u32,     // H
  d_output_offset: u32,
}

struct Place {
  unit: u32,   // u in 0..H
  gates: u32,  // element of gates [time, n, 0*H + u]; gate q is H*q further
  before: u32, // element of a history array [slot_from, n, u]
  after: u32,  // element of a history array [slot_to, n, u]
  state: u32,  // element of a state array [n, u]
}

@group(0) @binding(0) var<uniform> params: StepParams;
@group(0) @binding(1) var<storage, read> weight_hh: array<f32>;         // [R*H, H]
@group(0) @binding(2) var<storage, read> bias_hh: array<f32>;           // [R*H]
@group(0) @binding(3) var<storage, read_write> gates: array<f32>;       // [T, N, G*H] W_ih x + b_ih, then activations, then gradients
@group(0) @binding(4) var<storage, read_write> h: array<f32>;           // [T+1, N, H]
@group(0) @binding(5) var<storage, read> d_output: array<f32>;          // [T, N, H]
@group(0) @binding(6) var<storage, read_write> d_hidden: array<f32>;    // [N, H] in: dL/dh past this window or step; out: what bypasses W_hh

const STEP_ROWS = 8u;   // batch rows a thread, forward
const BPTT_ROWS = 8u;   // batch rows a thread, backward

fn place(n: u32, u: u32) -> Place {
  let state = n * params.hidden + u;
  let slot = params.batch * params.hidden;
  return Place(u, (params.time * params.batch + n) * SAVED_GATES * params.hidden + u, params.slot_from * slot + state, params.slot_to * slot + state, state);
}

// A thread: STEP_ROWS batch rows of one hidden unit, all its gates.
@compute @workgroup_size(16)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let hidden = params.hidden;
  let thread = id.x + id.y * groups.x * 16u;
  let u = thread % hidden;
  let n0 = (thread / hidden) * STEP_ROWS;
  if (n0 >= params.batch) { return; }

  #unroll g in 0..RECURRENT_GATES { let w_$g = ($g * hidden + u) * hidden; }
  #unroll r in 0..STEP_ROWS {
    let h_$r = (params.slot_from * params.batch + min(n0 + $r, params.batch - 1u)) * hidden;
    #unroll g in 0..RECURRENT_GATES { var acc_$r_$g = 0.0; }
  }
  let whole = hidden & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    #unroll g in 0..RECURRENT_GATES {
      let b_$g = vec4f(weight_hh[w_$g + k], weight_hh[w_$g + k + 1u], weight_hh[w_$g + k + 2u], weight_hh[w_$g + k + 3u]);
    }
    #unroll r in 0..STEP_ROWS {
      let a_$r = vec4f(h[h_$r + k], h[h_$r + k + 1u], h[h_$r + k + 2u], h[h_$r + k + 3u]);
      #unroll g in 0..RECURRENT_GATES { acc_$r_$g += dot(a_$r, b_$g); }
    }
  }
  for (var k = whole; k < hidden; k += 1u) {
    #unroll g in 0..RECURRENT_GATES { let b_$g = weight_hh[w_$g + k]; }
    #unroll r in 0..STEP_ROWS {
      let a_$r = h[h_$r + k];
      #unroll g in 0..RECURRENT_GATES { acc_$r_$g += a_$r * b_$g; }
    }
  }

  // The cell is looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
  var tile: array<array<f32, RECURRENT_GATES>, STEP_ROWS>;
  #unroll r in 0..STEP_ROWS {
    #unroll g in 0..RECURRENT_GATES { tile[$r][$g] = acc_$r_$g; }
  }
  var bias: array<f32, RECURRENT_GATES>;
  #unroll g in 0..RECURRENT_GATES { bias[$g] = bias_hh[$g * hidden + u]; }
  let rows = min(STEP_ROWS, params.batch - n0);
  for (var r = 0u; r < rows; r += 1u) {
    var recurrent: array<f32, RECURRENT_GATES>;
    #unroll g in 0..RECURRENT_GATES { recurrent[$g] = tile[r][$g] + bias[$g]; }
    let at = place(n0 + r, u);
    h[at.after] = cell_forward(at, recurrent);
  }
}

// A thread: BPTT_ROWS batch rows of four neighbouring hidden units.
@compute @workgroup_size(16)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let hidden = params.hidden;
  let thread = id.x + id.y * groups.x * 16u;
  let quads = (hidden + 3u) / 4u;
  let u0 = (thread % quads) * 4u;
  let n0 = (thread / quads) * BPTT_ROWS;
  if (n0 >= params.batch) { return; }

  let depth = RECURRENT_GATES * hidden;
  let whole = select(0u, depth & ~3u, params.has_next == 1u);
  let end = select(0u, depth, params.has_next == 1u);
  #unroll r in 0..BPTT_ROWS {
    let d_$r = (params.next_time * params.batch + min(n0 + $r, params.batch - 1u)) * SAVED_GATES * hidden;
    var acc_$r = vec4f();
  }
  for (var k = 0u; k < whole; k += 4u) {
    #unroll j in 0..4 {
      let row_$j = (k + $j) * hidden + u0;
      let w_$j = vec4f(weight_hh[row_$j], weight_hh[row_$j + 1u], weight_hh[row_$j + 2u], weight_hh[row_$j + 3u]);
    }
    #unroll r in 0..BPTT_ROWS {
      let a_$r = d_$r + k;
      acc_$r += gates[a_$r] * w_0 + gates[a_$r + 1u] * w_1 + gates[a_$r + 2u] * w_2 + gates[a_$r + 3u] * w_3;
    }
  }
  for (var k = whole; k < end; k += 1u) {
    let row = k * hidden + u0;
    let w = vec4f(weight_hh[row], weight_hh[row + 1u], weight_hh[row + 2u], weight_hh[row + 3u]);
    #unroll r in 0..BPTT_ROWS { acc_$r += gates[d_$r + k] * w; }
  }

  var tile: array<vec4f, BPTT_ROWS>;
  #unroll r in 0..BPTT_ROWS { tile[$r] = acc_$r; }
  let rows = min(BPTT_ROWS, params.batch - n0);
  let units = min(4u, hidden - u0);
  for (var r = 0u; r < rows; r += 1u) {
    for (var j = 0u; j < units; j += 1u) {
      let at = place(n0 + r, u0 + j);
      let dy = d_output[params.d_output_offset + params.time * params.batch * hidden + at.state];
      d_hidden[at.state] = cell_backward(at, tile[r][j] + dy + d_hidden[at.state]);
    }
  }
}
