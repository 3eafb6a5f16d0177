// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), gates i f g o.
//   c[t] = f * c[t-1] + i * g      h[t] = o * tanh(c[t])
// Activations, and their derivatives as functions of the output y.

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

fn d_sigmoid(y: f32) -> f32 {
  return y * (1.0 - y);
}

// Some drivers compute tanh as a quotient of exponentials, which is NaN far out; at 15 float32 is already 1.
fn bounded_tanh(x: f32) -> f32 {
  return tanh(clamp(x, -15.0, 15.0));
}

fn d_tanh(y: f32) -> f32 {
  return 1.0 - y * y;
}
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

  let w_0 = (0 * hidden + u) * hidden;
  let w_1 = (1 * hidden + u) * hidden;
  let w_2 = (2 * hidden + u) * hidden;
  let w_3 = (3 * hidden + u) * hidden;
  let h_0 = (params.slot_from * params.batch + min(n0 + 0, params.batch - 1u)) * hidden;
  var acc_0_0 = 0.0;
  var acc_0_1 = 0.0;
  var acc_0_2 = 0.0;
  var acc_0_3 = 0.0;
  let h_1 = (params.slot_from * params.batch + min(n0 + 1, params.batch - 1u)) * hidden;
  var acc_1_0 = 0.0;
  var acc_1_1 = 0.0;
  var acc_1_2 = 0.0;
  var acc_1_3 = 0.0;
  let h_2 = (params.slot_from * params.batch + min(n0 + 2, params.batch - 1u)) * hidden;
  var acc_2_0 = 0.0;
  var acc_2_1 = 0.0;
  var acc_2_2 = 0.0;
  var acc_2_3 = 0.0;
  let h_3 = (params.slot_from * params.batch + min(n0 + 3, params.batch - 1u)) * hidden;
  var acc_3_0 = 0.0;
  var acc_3_1 = 0.0;
  var acc_3_2 = 0.0;
  var acc_3_3 = 0.0;
  let h_4 = (params.slot_from * params.batch + min(n0 + 4, params.batch - 1u)) * hidden;
  var acc_4_0 = 0.0;
  var acc_4_1 = 0.0;
  var acc_4_2 = 0.0;
  var acc_4_3 = 0.0;
  let h_5 = (params.slot_from * params.batch + min(n0 + 5, params.batch - 1u)) * hidden;
  var acc_5_0 = 0.0;
  var acc_5_1 = 0.0;
  var acc_5_2 = 0.0;
  var acc_5_3 = 0.0;
  let h_6 = (params.slot_from * params.batch + min(n0 + 6, params.batch - 1u)) * hidden;
  var acc_6_0 = 0.0;
  var acc_6_1 = 0.0;
  var acc_6_2 = 0.0;
  var acc_6_3 = 0.0;
  let h_7 = (params.slot_from * params.batch + min(n0 + 7, params.batch - 1u)) * hidden;
  var acc_7_0 = 0.0;
  var acc_7_1 = 0.0;
  var acc_7_2 = 0.0;
  var acc_7_3 = 0.0;
  let whole = hidden & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let b_0 = vec4f(weight_hh[w_0 + k], weight_hh[w_0 + k + 1u], weight_hh[w_0 + k + 2u], weight_hh[w_0 + k + 3u]);
    let b_1 = vec4f(weight_hh[w_1 + k], weight_hh[w_1 + k + 1u], weight_hh[w_1 + k + 2u], weight_hh[w_1 + k + 3u]);
    let b_2 = vec4f(weight_hh[w_2 + k], weight_hh[w_2 + k + 1u], weight_hh[w_2 + k + 2u], weight_hh[w_2 + k + 3u]);
    let b_3 = vec4f(weight_hh[w_3 + k], weight_hh[w_3 + k + 1u], weight_hh[w_3 + k + 2u], weight_hh[w_3 + k + 3u]);
    let a_0 = vec4f(h[h_0 + k], h[h_0 + k + 1u], h[h_0 + k + 2u], h[h_0 + k + 3u]);
    acc_0_0 += dot(a_0, b_0);
    acc_0_1 += dot(a_0, b_1);
    acc_0_2 += dot(a_0, b_2);
    acc_0_3 += dot(a_0, b_3);
    let a_1 = vec4f(h[h_1 + k], h[h_1 + k + 1u], h[h_1 + k + 2u], h[h_1 + k + 3u]);
    acc_1_0 += dot(a_1, b_0);
    acc_1_1 += dot(a_1, b_1);
    acc_1_2 += dot(a_1, b_2);
    acc_1_3 += dot(a_1, b_3);
    let a_2 = vec4f(h[h_2 + k], h[h_2 + k + 1u], h[h_2 + k + 2u], h[h_2 + k + 3u]);
    acc_2_0 += dot(a_2, b_0);
    acc_2_1 += dot(a_2, b_1);
    acc_2_2 += dot(a_2, b_2);
    acc_2_3 += dot(a_2, b_3);
    let a_3 = vec4f(h[h_3 + k], h[h_3 + k + 1u], h[h_3 + k + 2u], h[h_3 + k + 3u]);
    acc_3_0 += dot(a_3, b_0);
    acc_3_1 += dot(a_3, b_1);
    acc_3_2 += dot(a_3, b_2);
    acc_3_3 += dot(a_3, b_3);
    let a_4 = vec4f(h[h_4 + k], h[h_4 + k + 1u], h[h_4 + k + 2u], h[h_4 + k + 3u]);
    acc_4_0 += dot(a_4, b_0);
    acc_4_1 += dot(a_4, b_1);
    acc_4_2 += dot(a_4, b_2);
    acc_4_3 += dot(a_4, b_3);
    let a_5 = vec4f(h[h_5 + k], h[h_5 + k + 1u], h[h_5 + k + 2u], h[h_5 + k + 3u]);
    acc_5_0 += dot(a_5, b_0);
    acc_5_1 += dot(a_5, b_1);
    acc_5_2 += dot(a_5, b_2);
    acc_5_3 += dot(a_5, b_3);
    let a_6 = vec4f(h[h_6 + k], h[h_6 + k + 1u], h[h_6 + k + 2u], h[h_6 + k + 3u]);
    acc_6_0 += dot(a_6, b_0);
    acc_6_1 += dot(a_6, b_1);
    acc_6_2 += dot(a_6, b_2);
    acc_6_3 += dot(a_6, b_3);
    let a_7 = vec4f(h[h_7 + k], h[h_7 + k + 1u], h[h_7 + k + 2u], h[h_7 + k + 3u]);
    acc_7_0 += dot(a_7, b_0);
    acc_7_1 += dot(a_7, b_1);
    acc_7_2 += dot(a_7, b_2);
    acc_7_3 += dot(a_7, b_3);
  }
  for (var k = whole; k < hidden; k += 1u) {
    let b_0 = weight_hh[w_0 + k];
    let b_1 = weight_hh[w_1 + k];
    let b_2 = weight_hh[w_2 + k];
    let b_3 = weight_hh[w_3 + k];
    let a_0 = h[h_0 + k];
    acc_0_0 += a_0 * b_0;
    acc_0_1 += a_0 * b_1;
    acc_0_2 += a_0 * b_2;
    acc_0_3 += a_0 * b_3;
    let a_1 = h[h_1 + k];
    acc_1_0 += a_1 * b_0;
    acc_1_1 += a_1 * b_1;
    acc_1_2 += a_1 * b_2;
    acc_1_3 += a_1 * b_3;
    let a_2 = h[h_2 + k];
    acc_2_0 += a_2 * b_0;
    acc_2_1 += a_2 * b_1;
    acc_2_2 += a_2 * b_2;
    acc_2_3 += a_2 * b_3;
    let a_3 = h[h_3 + k];
    acc_3_0 += a_3 * b_0;
    acc_3_1 += a_3 * b_1;
    acc_3_2 += a_3 * b_2;
    acc_3_3 += a_3 * b_3;
    let a_4 = h[h_4 + k];
    acc_4_0 += a_4 * b_0;
    acc_4_1 += a_4 * b_1;
    acc_4_2 += a_4 * b_2;
    acc_4_3 += a_4 * b_3;
    let a_5 = h[h_5 + k];
    acc_5_0 += a_5 * b_0;
    acc_5_1 += a_5 * b_1;
    acc_5_2 += a_5 * b_2;
    acc_5_3 += a_5 * b_3;
    let a_6 = h[h_6 + k];
    acc_6_0 += a_6 * b_0;
    acc_6_1 += a_6 * b_1;
    acc_6_2 += a_6 * b_2;
    acc_6_3 += a_6 * b_3;
    let a_7 = h[h_7 + k];
    acc_7_0 += a_7 * b_0;
    acc_7_1 += a_7 * b_1;
    acc_7_2 += a_7 * b_2;
    acc_7_3 += a_7 * b_3;
  }

  // The cell is looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
  var tile: array<array<f32, RECURRENT_GATES>, STEP_ROWS>;
  tile[0][0] = acc_0_0;
  tile[0][1] = acc_0_1;
  tile[0][2] = acc_0_2;
  tile[0][3] = acc_0_3;
  tile[1][0] = acc_1_0;
  tile[1][1] = acc_1_1;
  tile[1][2] = acc_1_2;
  tile[1][3] = acc_1_3;
  tile[2][0] = acc_2_0;
  tile[2][1] = acc_2_1;
  tile[2][2] = acc_2_2;
  tile[2][3] = acc_2_3;
  tile[3][0] = acc_3_0;
  tile[3][1] = acc_3_1;
  tile[3][2] = acc_3_2;
  tile[3][3] = acc_3_3;
  tile[4][0] = acc_4_0;
  tile[4][1] = acc_4_1;
  tile[4][2] = acc_4_2;
  tile[4][3] = acc_4_3;
  tile[5][0] = acc_5_0;
  tile[5][1] = acc_5_1;
  tile[5][2] = acc_5_2;
  tile[5][3] = acc_5_3;
  tile[6][0] = acc_6_0;
  tile[6][1] = acc_6_1;
  tile[6][2] = acc_6_2;
  tile[6][3] = acc_6_3;
  tile[7][0] = acc_7_0;
  tile[7][1] = acc_7_1;
  tile[7][2] = acc_7_2;
  tile[7][3] = acc_7_3;
  var bias: array<f32, RECURRENT_GATES>;
  bias[0] = bias_hh[0 * hidden + u];
  bias[1] = bias_hh[1 * hidden + u];
  bias[2] = bias_hh[2 * hidden + u];
  bias[3] = bias_hh[3 * hidden + u];
  let rows = min(STEP_ROWS, params.batch - n0);
  for (var r = 0u; r < rows; r += 1u) {
    var recurrent: array<f32, RECURRENT_GATES>;
    recurrent[0] = tile[r][0] + bias[0];
    recurrent[1] = tile[r][1] + bias[1];
    recurrent[2] = tile[r][2] + bias[2];
    recurrent[3] = tile[r][3] + bias[3];
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
  let d_0 = (params.next_time * params.batch + min(n0 + 0, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_0 = vec4f();
  let d_1 = (params.next_time * params.batch + min(n0 + 1, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_1 = vec4f();
  let d_2 = (params.next_time * params.batch + min(n0 + 2, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_2 = vec4f();
  let d_3 = (params.next_time * params.batch + min(n0 + 3, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_3 = vec4f();
  let d_4 = (params.next_time * params.batch + min(n0 + 4, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_4 = vec4f();
  let d_5 = (params.next_time * params.batch + min(n0 + 5, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_5 = vec4f();
  let d_6 = (params.next_time * params.batch + min(n0 + 6, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_6 = vec4f();
  let d_7 = (params.next_time * params.batch + min(n0 + 7, params.batch - 1u)) * SAVED_GATES * hidden;
  var acc_7 = vec4f();
  for (var k = 0u; k < whole; k += 4u) {
    let row_0 = (k + 0) * hidden + u0;
    let w_0 = vec4f(weight_hh[row_0], weight_hh[row_0 + 1u], weight_hh[row_0 + 2u], weight_hh[row_0 + 3u]);
    let row_1 = (k + 1) * hidden + u0;
    let w_1 = vec4f(weight_hh[row_1], weight_hh[row_1 + 1u], weight_hh[row_1 + 2u], weight_hh[row_1 + 3u]);
    let row_2 = (k + 2) * hidden + u0;
    let w_2 = vec4f(weight_hh[row_2], weight_hh[row_2 + 1u], weight_hh[row_2 + 2u], weight_hh[row_2 + 3u]);
    let row_3 = (k + 3) * hidden + u0;
    let w_3 = vec4f(weight_hh[row_3], weight_hh[row_3 + 1u], weight_hh[row_3 + 2u], weight_hh[row_3 + 3u]);
    let a_0 = d_0 + k;
    acc_0 += gates[a_0] * w_0 + gates[a_0 + 1u] * w_1 + gates[a_0 + 2u] * w_2 + gates[a_0 + 3u] * w_3;
    let a_1 = d_1 + k;
    acc_1 += gates[a_1] * w_0 + gates[a_1 + 1u] * w_1 + gates[a_1 + 2u] * w_2 + gates[a_1 + 3u] * w_3;
    let a_2 = d_2 + k;
    acc_2 += gates[a_2] * w_0 + gates[a_2 + 1u] * w_1 + gates[a_2 + 2u] * w_2 + gates[a_2 + 3u] * w_3;
    let a_3 = d_3 + k;
    acc_3 += gates[a_3] * w_0 + gates[a_3 + 1u] * w_1 + gates[a_3 + 2u] * w_2 + gates[a_3 + 3u] * w_3;
    let a_4 = d_4 + k;
    acc_4 += gates[a_4] * w_0 + gates[a_4 + 1u] * w_1 + gates[a_4 + 2u] * w_2 + gates[a_4 + 3u] * w_3;
    let a_5 = d_5 + k;
    acc_5 += gates[a_5] * w_0 + gates[a_5 + 1u] * w_1 + gates[a_5 + 2u] * w_2 + gates[a_5 + 3u] * w_3;
    let a_6 = d_6 + k;
    acc_6 += gates[a_6] * w_0 + gates[a_6 + 1u] * w_1 + gates[a_6 + 2u] * w_2 + gates[a_6 + 3u] * w_3;
    let a_7 = d_7 + k;
    acc_7 += gates[a_7] * w_0 + gates[a_7 + 1u] * w_1 + gates[a_7 + 2u] * w_2 + gates[a_7 + 3u] * w_3;
  }
  for (var k = whole; k < end; k += 1u) {
    let row = k * hidden + u0;
    let w = vec4f(weight_hh[row], weight_hh[row + 1u], weight_hh[row + 2u], weight_hh[row + 3u]);
    acc_0 += gates[d_0 + k] * w;
    acc_1 += gates[d_1 + k] * w;
    acc_2 += gates[d_2 + k] * w;
    acc_3 += gates[d_3 + k] * w;
    acc_4 += gates[d_4 + k] * w;
    acc_5 += gates[d_5 + k] * w;
    acc_6 += gates[d_6 + k] * w;
    acc_7 += gates[d_7 + k] * w;
  }

  var tile: array<vec4f, BPTT_ROWS>;
  tile[0] = acc_0;
  tile[1] = acc_1;
  tile[2] = acc_2;
  tile[3] = acc_3;
  tile[4] = acc_4;
  tile[5] = acc_5;
  tile[6] = acc_6;
  tile[7] = acc_7;
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

const RECURRENT_GATES = 4u;
const SAVED_GATES = 4u;

@group(0) @binding(8) var<storage, read_write> c: array<f32>;       // [T+1, N, H]
@group(0) @binding(9) var<storage, read_write> d_cell: array<f32>;  // [N, H] in: dL/dc[t]; out: dL/dc[t-1]

fn cell_forward(at: Place, recurrent: array<f32, RECURRENT_GATES>) -> f32 {
  let stride = params.hidden;
  let i = sigmoid(gates[at.gates] + recurrent[0]);
  let f = sigmoid(gates[at.gates + stride] + recurrent[1]);
  let g = bounded_tanh(gates[at.gates + 2u * stride] + recurrent[2]);
  let o = sigmoid(gates[at.gates + 3u * stride] + recurrent[3]);
  let cell = f * c[at.before] + i * g;
  c[at.after] = cell;
  gates[at.gates] = i;
  gates[at.gates + stride] = f;
  gates[at.gates + 2u * stride] = g;
  gates[at.gates + 3u * stride] = o;
  return o * bounded_tanh(cell);
}

fn cell_backward(at: Place, dh: f32) -> f32 {
  let stride = params.hidden;
  let i = gates[at.gates];
  let f = gates[at.gates + stride];
  let g = gates[at.gates + 2u * stride];
  let o = gates[at.gates + 3u * stride];
  let squashed = bounded_tanh(c[at.after]);
  let dc = d_cell[at.state] + dh * o * d_tanh(squashed);
  d_cell[at.state] = dc * f;
  gates[at.gates] = dc * g * d_sigmoid(i);
  gates[at.gates + stride] = dc * c[at.before] * d_sigmoid(f);
  gates[at.gates + 2u * stride] = dc * i * d_tanh(g);
  gates[at.gates + 3u * stride] = dh * squashed * d_sigmoid(o);
  return 0.0;
}
