// LSTM with peepholes (Gers & Schmidhuber 2000): i and f see c[t-1], o sees c[t], each through a diagonal weight.
// The LSTM family, gates i f g o, or i g o where the input gate is coupled (COUPLED 1: f = 1 - i, Greff et al. 2017).
// The importing file says what the gates see of the cell: see_input, see_forget, see_output and their derivatives.
// The three activations of a gated cell, ONNX's f, g and h, with the clip of the gates' pre-activations.
// Activations by kind, and their derivatives as functions of the output y. A schedule replaces the kinds below; the
// compiler folds the choice away.

const SIGMOID = 0u;
const TANH = 1u;
const RELU = 2u;
const AFFINE = 3u;        // alpha x + beta
const HARD_SIGMOID = 4u;  // max(0, min(1, alpha x + beta))

// exp overflows below -88, and some drivers then give NaN instead of 0.
fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-max(x, -80.0)));
}

// Some drivers compute tanh as a quotient of exponentials, which is NaN far out; at 15 float32 is already 1.
fn bounded_tanh(x: f32) -> f32 {
  return tanh(clamp(x, -15.0, 15.0));
}

fn activate(kind: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  if (kind == SIGMOID) { return sigmoid(x); }
  if (kind == TANH) { return bounded_tanh(x); }
  if (kind == RELU) { return max(x, 0.0); }
  if (kind == AFFINE) { return alpha * x + beta; }
  return clamp(alpha * x + beta, 0.0, 1.0);
}

fn d_activate(kind: u32, y: f32, alpha: f32) -> f32 {
  if (kind == SIGMOID) { return y * (1.0 - y); }
  if (kind == TANH) { return 1.0 - y * y; }
  if (kind == RELU) { return select(0.0, 1.0, y > 0.0); }
  if (kind == AFFINE) { return alpha; }
  return select(0.0, alpha, y > 0.0 && y < 1.0);
}

const GATE_KIND = 0u;        // sigmoid
const GATE_ALPHA = 1.0;
const GATE_BETA = 0.0;
const CANDIDATE_KIND = 1u;   // tanh
const CANDIDATE_ALPHA = 1.0;
const CANDIDATE_BETA = 0.0;
const OUTPUT_KIND = 1u;      // tanh
const OUTPUT_ALPHA = 1.0;
const OUTPUT_BETA = 0.0;
const CLIP = 0.0;            // 0: none

fn clipped(x: f32) -> f32 {
  if (CLIP > 0.0) { return clamp(x, -CLIP, CLIP); }
  return x;
}

fn gate(x: f32) -> f32 {
  return activate(GATE_KIND, clipped(x), GATE_ALPHA, GATE_BETA);
}

fn candidate(x: f32) -> f32 {
  return activate(CANDIDATE_KIND, clipped(x), CANDIDATE_ALPHA, CANDIDATE_BETA);
}

fn output_activation(x: f32) -> f32 {
  return activate(OUTPUT_KIND, x, OUTPUT_ALPHA, OUTPUT_BETA);
}

// A clipped sum has exactly the activation of the clip, and no derivative.
fn d_gate(y: f32) -> f32 {
  if (CLIP > 0.0 && (y == gate(CLIP) || y == gate(-CLIP))) { return 0.0; }
  return d_activate(GATE_KIND, y, GATE_ALPHA);
}

fn d_candidate(y: f32) -> f32 {
  if (CLIP > 0.0 && (y == candidate(CLIP) || y == candidate(-CLIP))) { return 0.0; }
  return d_activate(CANDIDATE_KIND, y, CANDIDATE_ALPHA);
}

fn d_output_activation(y: f32) -> f32 {
  return d_activate(OUTPUT_KIND, y, OUTPUT_ALPHA);
}
// One timestep of any pointwise cell: the recurrent matmul and then the cell, in one dispatch, forward or backward.
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
// Where the states of a step lie. A history has a slot more than steps on the side where a direction begins: time t ends in
// slot t+1; a forward direction begins in slot 0, a reverse one in slot T+1. Each row begins and ends within its own length.

fn time_of(step: u32, steps: u32, reversed: bool) -> u32 {
  return select(step, steps - 1u - step, reversed);
}

// The slot from which a row's step at `time` starts. A reverse row starts at its own last element.
fn slot_before(time: u32, length: u32, steps: u32, reversed: bool) -> u32 {
  if (!reversed) { return time; }
  return select(time + 2u, steps + 1u, time + 1u >= length);
}

// The slot where a row's final state lies.
fn final_slot(length: u32, steps: u32, reversed: bool) -> u32 {
  if (!reversed) { return length; }
  return select(1u, steps + 1u, length == 0u);
}

struct StepParams {
  step: u32,        // in the order in which the directions run, from 0
  steps: u32,       // T
  batch: u32,       // N
  hidden: u32,      // H
  directions: u32,  // D
  reverse: u32,     // 1: the only direction runs from the end
  weight_stride: u32,  // elements from one direction's weight_hh to the other's
  bias_stride: u32,
  diagonal_stride: u32,
  d_output_columns: u32,    // elements of one row of d_output
  d_output_direction: u32,  // elements from one direction's columns to the other's: 0 where their outputs were merged
  d_output_scale: f32,
  weight_hh_offset: u32,
  bias_hh_offset: u32,
  diagonal_offset: u32,
}

struct RowPlace {
  time: u32,
  row: u32,        // n
  direction: u32,  // d
  before: u32,     // slot from which this row starts
}

struct Place {
  unit: u32,      // u in 0..H
  direction: u32,
  gates: u32,     // element of gates [time, n, d, 0, u]; block q is H·q further
  step: u32,      // element of an array [T, N, D·H] at time
  before: u32,    // element of a history array, slot from which the row starts
  after: u32,     // element of a history array, slot that the step makes
  state: u32,     // element of a state array [D, N, H]
  d_output: u32,
}

@group(0) @binding(0) var<uniform> params: StepParams;
@group(0) @binding(1) var<storage, read> weight_hh: array<f32>;       // [R·H, H], of the first direction
@group(0) @binding(2) var<storage, read> bias_hh: array<f32>;         // [R·H]
@group(0) @binding(3) var<storage, read_write> gates: array<f32>;     // [T, N, D, S, H] input side, then activations, then gradients
@group(0) @binding(4) var<storage, read_write> h: array<f32>;         // [slots, N, D·H]
@group(0) @binding(5) var<storage, read> d_output: array<f32>;        // [T, N, D·H], or [T, N, H] merged
@group(0) @binding(6) var<storage, read_write> d_hidden: array<f32>;  // [D, N, H] in: dL/dh past this window or step; out: what bypasses W_hh
@group(0) @binding(7) var<storage, read> lengths: array<u32>;         // [N]

const STEP_ROWS = 8u;      // batch rows a thread, forward
const BPTT_ROWS = 8u;      // batch rows a thread, backward
const WITHIN_STEP = 0u;    // backward: 1 where the product takes gradients of the same step, not of the next
const WORKGROUP = 16u;
alias Recurrent = array<f32, RECURRENT_SIZE>;

fn reversed(direction: u32) -> bool {
  return direction == 1u || params.reverse == 1u;
}

fn row_place(step: u32, n: u32, direction: u32) -> RowPlace {
  let time = time_of(step, params.steps, reversed(direction));
  return RowPlace(time, n, direction, slot_before(time, lengths[n], params.steps, reversed(direction)));
}

fn gates_row(time: u32, n: u32, direction: u32) -> u32 {
  return ((time * params.batch + n) * params.directions + direction) * SAVED_GATES * params.hidden;
}

fn history_row(slot: u32, n: u32, direction: u32) -> u32 {
  return ((slot * params.batch + n) * params.directions + direction) * params.hidden;
}

fn place(row: RowPlace, u: u32) -> Place {
  let step = row.time * params.batch + row.row;
  return Place(
    u,
    row.direction,
    gates_row(row.time, row.row, row.direction) + u,
    (step * params.directions + row.direction) * params.hidden + u,
    history_row(row.before, row.row, row.direction) + u,
    history_row(row.time + 1u, row.row, row.direction) + u,
    (row.direction * params.batch + row.row) * params.hidden + u,
    step * params.d_output_columns + row.direction * params.d_output_direction + u,
  );
}

// The gradient of h[t] that does not come through W_hh.
fn upstream(at: Place) -> f32 {
  return params.d_output_scale * d_output[at.d_output] + d_hidden[at.state];
}

// A thread: STEP_ROWS batch rows of one hidden unit, all its gates.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let hidden = params.hidden;
  let direction = id.z;
  let thread = id.x + id.y * groups.x * WORKGROUP;
  let u = thread % hidden;
  let n0 = (thread / hidden) * STEP_ROWS;
  if (n0 >= params.batch) { return; }
  let rows = min(STEP_ROWS, params.batch - n0);
  let time = time_of(params.step, params.steps, reversed(direction));
  var running = false;
  for (var r = 0u; r < rows; r += 1u) {
    running = running || time < lengths[n0 + r];
  }
  if (!running) {
    for (var r = 0u; r < rows; r += 1u) { h[history_row(time + 1u, n0 + r, direction) + u] = 0.0; }
    return;
  }

  let w_0 = params.weight_hh_offset + direction * params.weight_stride + (0 * hidden + u) * hidden;
  let w_1 = params.weight_hh_offset + direction * params.weight_stride + (1 * hidden + u) * hidden;
  let w_2 = params.weight_hh_offset + direction * params.weight_stride + (2 * hidden + u) * hidden;
  let w_3 = params.weight_hh_offset + direction * params.weight_stride + (3 * hidden + u) * hidden;
  let row_0 = row_place(params.step, min(n0 + 0, params.batch - 1u), direction);
  let h_0 = recurrent_row(row_0);
  var acc_0_0 = 0.0;
  var acc_0_1 = 0.0;
  var acc_0_2 = 0.0;
  var acc_0_3 = 0.0;
  let row_1 = row_place(params.step, min(n0 + 1, params.batch - 1u), direction);
  let h_1 = recurrent_row(row_1);
  var acc_1_0 = 0.0;
  var acc_1_1 = 0.0;
  var acc_1_2 = 0.0;
  var acc_1_3 = 0.0;
  let row_2 = row_place(params.step, min(n0 + 2, params.batch - 1u), direction);
  let h_2 = recurrent_row(row_2);
  var acc_2_0 = 0.0;
  var acc_2_1 = 0.0;
  var acc_2_2 = 0.0;
  var acc_2_3 = 0.0;
  let row_3 = row_place(params.step, min(n0 + 3, params.batch - 1u), direction);
  let h_3 = recurrent_row(row_3);
  var acc_3_0 = 0.0;
  var acc_3_1 = 0.0;
  var acc_3_2 = 0.0;
  var acc_3_3 = 0.0;
  let row_4 = row_place(params.step, min(n0 + 4, params.batch - 1u), direction);
  let h_4 = recurrent_row(row_4);
  var acc_4_0 = 0.0;
  var acc_4_1 = 0.0;
  var acc_4_2 = 0.0;
  var acc_4_3 = 0.0;
  let row_5 = row_place(params.step, min(n0 + 5, params.batch - 1u), direction);
  let h_5 = recurrent_row(row_5);
  var acc_5_0 = 0.0;
  var acc_5_1 = 0.0;
  var acc_5_2 = 0.0;
  var acc_5_3 = 0.0;
  let row_6 = row_place(params.step, min(n0 + 6, params.batch - 1u), direction);
  let h_6 = recurrent_row(row_6);
  var acc_6_0 = 0.0;
  var acc_6_1 = 0.0;
  var acc_6_2 = 0.0;
  var acc_6_3 = 0.0;
  let row_7 = row_place(params.step, min(n0 + 7, params.batch - 1u), direction);
  let h_7 = recurrent_row(row_7);
  var acc_7_0 = 0.0;
  var acc_7_1 = 0.0;
  var acc_7_2 = 0.0;
  var acc_7_3 = 0.0;
  let depth = select(hidden, 0u, RECURRENT_GATES == 0u);
  let whole = depth & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let b_0 = vec4f(weight_hh[w_0 + k], weight_hh[w_0 + k + 1u], weight_hh[w_0 + k + 2u], weight_hh[w_0 + k + 3u]);
    let b_1 = vec4f(weight_hh[w_1 + k], weight_hh[w_1 + k + 1u], weight_hh[w_1 + k + 2u], weight_hh[w_1 + k + 3u]);
    let b_2 = vec4f(weight_hh[w_2 + k], weight_hh[w_2 + k + 1u], weight_hh[w_2 + k + 2u], weight_hh[w_2 + k + 3u]);
    let b_3 = vec4f(weight_hh[w_3 + k], weight_hh[w_3 + k + 1u], weight_hh[w_3 + k + 2u], weight_hh[w_3 + k + 3u]);
    let a_0 = vec4f(recurrent_input(h_0 + k), recurrent_input(h_0 + k + 1u), recurrent_input(h_0 + k + 2u), recurrent_input(h_0 + k + 3u));
    acc_0_0 += dot(a_0, b_0);
    acc_0_1 += dot(a_0, b_1);
    acc_0_2 += dot(a_0, b_2);
    acc_0_3 += dot(a_0, b_3);
    let a_1 = vec4f(recurrent_input(h_1 + k), recurrent_input(h_1 + k + 1u), recurrent_input(h_1 + k + 2u), recurrent_input(h_1 + k + 3u));
    acc_1_0 += dot(a_1, b_0);
    acc_1_1 += dot(a_1, b_1);
    acc_1_2 += dot(a_1, b_2);
    acc_1_3 += dot(a_1, b_3);
    let a_2 = vec4f(recurrent_input(h_2 + k), recurrent_input(h_2 + k + 1u), recurrent_input(h_2 + k + 2u), recurrent_input(h_2 + k + 3u));
    acc_2_0 += dot(a_2, b_0);
    acc_2_1 += dot(a_2, b_1);
    acc_2_2 += dot(a_2, b_2);
    acc_2_3 += dot(a_2, b_3);
    let a_3 = vec4f(recurrent_input(h_3 + k), recurrent_input(h_3 + k + 1u), recurrent_input(h_3 + k + 2u), recurrent_input(h_3 + k + 3u));
    acc_3_0 += dot(a_3, b_0);
    acc_3_1 += dot(a_3, b_1);
    acc_3_2 += dot(a_3, b_2);
    acc_3_3 += dot(a_3, b_3);
    let a_4 = vec4f(recurrent_input(h_4 + k), recurrent_input(h_4 + k + 1u), recurrent_input(h_4 + k + 2u), recurrent_input(h_4 + k + 3u));
    acc_4_0 += dot(a_4, b_0);
    acc_4_1 += dot(a_4, b_1);
    acc_4_2 += dot(a_4, b_2);
    acc_4_3 += dot(a_4, b_3);
    let a_5 = vec4f(recurrent_input(h_5 + k), recurrent_input(h_5 + k + 1u), recurrent_input(h_5 + k + 2u), recurrent_input(h_5 + k + 3u));
    acc_5_0 += dot(a_5, b_0);
    acc_5_1 += dot(a_5, b_1);
    acc_5_2 += dot(a_5, b_2);
    acc_5_3 += dot(a_5, b_3);
    let a_6 = vec4f(recurrent_input(h_6 + k), recurrent_input(h_6 + k + 1u), recurrent_input(h_6 + k + 2u), recurrent_input(h_6 + k + 3u));
    acc_6_0 += dot(a_6, b_0);
    acc_6_1 += dot(a_6, b_1);
    acc_6_2 += dot(a_6, b_2);
    acc_6_3 += dot(a_6, b_3);
    let a_7 = vec4f(recurrent_input(h_7 + k), recurrent_input(h_7 + k + 1u), recurrent_input(h_7 + k + 2u), recurrent_input(h_7 + k + 3u));
    acc_7_0 += dot(a_7, b_0);
    acc_7_1 += dot(a_7, b_1);
    acc_7_2 += dot(a_7, b_2);
    acc_7_3 += dot(a_7, b_3);
  }
  for (var k = whole; k < depth; k += 1u) {
    let b_0 = weight_hh[w_0 + k];
    let b_1 = weight_hh[w_1 + k];
    let b_2 = weight_hh[w_2 + k];
    let b_3 = weight_hh[w_3 + k];
    let a_0 = recurrent_input(h_0 + k);
    acc_0_0 += a_0 * b_0;
    acc_0_1 += a_0 * b_1;
    acc_0_2 += a_0 * b_2;
    acc_0_3 += a_0 * b_3;
    let a_1 = recurrent_input(h_1 + k);
    acc_1_0 += a_1 * b_0;
    acc_1_1 += a_1 * b_1;
    acc_1_2 += a_1 * b_2;
    acc_1_3 += a_1 * b_3;
    let a_2 = recurrent_input(h_2 + k);
    acc_2_0 += a_2 * b_0;
    acc_2_1 += a_2 * b_1;
    acc_2_2 += a_2 * b_2;
    acc_2_3 += a_2 * b_3;
    let a_3 = recurrent_input(h_3 + k);
    acc_3_0 += a_3 * b_0;
    acc_3_1 += a_3 * b_1;
    acc_3_2 += a_3 * b_2;
    acc_3_3 += a_3 * b_3;
    let a_4 = recurrent_input(h_4 + k);
    acc_4_0 += a_4 * b_0;
    acc_4_1 += a_4 * b_1;
    acc_4_2 += a_4 * b_2;
    acc_4_3 += a_4 * b_3;
    let a_5 = recurrent_input(h_5 + k);
    acc_5_0 += a_5 * b_0;
    acc_5_1 += a_5 * b_1;
    acc_5_2 += a_5 * b_2;
    acc_5_3 += a_5 * b_3;
    let a_6 = recurrent_input(h_6 + k);
    acc_6_0 += a_6 * b_0;
    acc_6_1 += a_6 * b_1;
    acc_6_2 += a_6 * b_2;
    acc_6_3 += a_6 * b_3;
    let a_7 = recurrent_input(h_7 + k);
    acc_7_0 += a_7 * b_0;
    acc_7_1 += a_7 * b_1;
    acc_7_2 += a_7 * b_2;
    acc_7_3 += a_7 * b_3;
  }

  // The cell is looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
  var tile: array<Recurrent, STEP_ROWS>;
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
  var bias: Recurrent;
  bias[0] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 0 * hidden + u];
  bias[1] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 1 * hidden + u];
  bias[2] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 2 * hidden + u];
  bias[3] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 3 * hidden + u];
  for (var r = 0u; r < rows; r += 1u) {
    let at = place(row_place(params.step, n0 + r, direction), u);
    if (time >= lengths[n0 + r]) {
      h[at.after] = 0.0;
      continue;
    }
    var recurrent: Recurrent;
    recurrent[0] = tile[r][0] + bias[0];
    recurrent[1] = tile[r][1] + bias[1];
    recurrent[2] = tile[r][2] + bias[2];
    recurrent[3] = tile[r][3] + bias[3];
    h[at.after] = cell_forward(at, recurrent);
  }
}

// A thread: BPTT_ROWS batch rows of four neighbouring hidden units.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let hidden = params.hidden;
  let direction = id.z;
  let thread = id.x + id.y * groups.x * WORKGROUP;
  let quads = (hidden + 3u) / 4u;
  let u0 = (thread % quads) * 4u;
  let n0 = (thread / quads) * BPTT_ROWS;
  if (n0 >= params.batch) { return; }

  let time = time_of(params.step, params.steps, reversed(direction));
  let has_product = WITHIN_STEP == 1u || params.step + 1u < params.steps;
  // The last step has no next one: its product is skipped, and the time only has to be one that exists.
  let product_time = select(time_of(min(params.step + 1u, params.steps - 1u), params.steps, reversed(direction)), time, WITHIN_STEP == 1u);
  let end = select(0u, hidden, has_product && RECURRENT_GATES > 0u);
  let whole = end & ~3u;
  let d_0 = gates_row(product_time, min(n0 + 0, params.batch - 1u), direction);
  var acc_0 = vec4f();
  let d_1 = gates_row(product_time, min(n0 + 1, params.batch - 1u), direction);
  var acc_1 = vec4f();
  let d_2 = gates_row(product_time, min(n0 + 2, params.batch - 1u), direction);
  var acc_2 = vec4f();
  let d_3 = gates_row(product_time, min(n0 + 3, params.batch - 1u), direction);
  var acc_3 = vec4f();
  let d_4 = gates_row(product_time, min(n0 + 4, params.batch - 1u), direction);
  var acc_4 = vec4f();
  let d_5 = gates_row(product_time, min(n0 + 5, params.batch - 1u), direction);
  var acc_5 = vec4f();
  let d_6 = gates_row(product_time, min(n0 + 6, params.batch - 1u), direction);
  var acc_6 = vec4f();
  let d_7 = gates_row(product_time, min(n0 + 7, params.batch - 1u), direction);
  var acc_7 = vec4f();
  for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
    let w_g = params.weight_hh_offset + direction * params.weight_stride + g * hidden * hidden + u0;
    let column = recurrent_block(g) * hidden;
    for (var k = 0u; k < whole; k += 4u) {
      let row_0 = w_g + (k + 0) * hidden;
      let w_0 = vec4f(weight_hh[row_0], weight_hh[row_0 + 1u], weight_hh[row_0 + 2u], weight_hh[row_0 + 3u]);
      let row_1 = w_g + (k + 1) * hidden;
      let w_1 = vec4f(weight_hh[row_1], weight_hh[row_1 + 1u], weight_hh[row_1 + 2u], weight_hh[row_1 + 3u]);
      let row_2 = w_g + (k + 2) * hidden;
      let w_2 = vec4f(weight_hh[row_2], weight_hh[row_2 + 1u], weight_hh[row_2 + 2u], weight_hh[row_2 + 3u]);
      let row_3 = w_g + (k + 3) * hidden;
      let w_3 = vec4f(weight_hh[row_3], weight_hh[row_3 + 1u], weight_hh[row_3 + 2u], weight_hh[row_3 + 3u]);
      let a_0 = d_0 + column + k;
      acc_0 += gates[a_0] * w_0 + gates[a_0 + 1u] * w_1 + gates[a_0 + 2u] * w_2 + gates[a_0 + 3u] * w_3;
      let a_1 = d_1 + column + k;
      acc_1 += gates[a_1] * w_0 + gates[a_1 + 1u] * w_1 + gates[a_1 + 2u] * w_2 + gates[a_1 + 3u] * w_3;
      let a_2 = d_2 + column + k;
      acc_2 += gates[a_2] * w_0 + gates[a_2 + 1u] * w_1 + gates[a_2 + 2u] * w_2 + gates[a_2 + 3u] * w_3;
      let a_3 = d_3 + column + k;
      acc_3 += gates[a_3] * w_0 + gates[a_3 + 1u] * w_1 + gates[a_3 + 2u] * w_2 + gates[a_3 + 3u] * w_3;
      let a_4 = d_4 + column + k;
      acc_4 += gates[a_4] * w_0 + gates[a_4 + 1u] * w_1 + gates[a_4 + 2u] * w_2 + gates[a_4 + 3u] * w_3;
      let a_5 = d_5 + column + k;
      acc_5 += gates[a_5] * w_0 + gates[a_5 + 1u] * w_1 + gates[a_5 + 2u] * w_2 + gates[a_5 + 3u] * w_3;
      let a_6 = d_6 + column + k;
      acc_6 += gates[a_6] * w_0 + gates[a_6 + 1u] * w_1 + gates[a_6 + 2u] * w_2 + gates[a_6 + 3u] * w_3;
      let a_7 = d_7 + column + k;
      acc_7 += gates[a_7] * w_0 + gates[a_7 + 1u] * w_1 + gates[a_7 + 2u] * w_2 + gates[a_7 + 3u] * w_3;
    }
    for (var k = whole; k < end; k += 1u) {
      let row = w_g + k * hidden;
      let w = vec4f(weight_hh[row], weight_hh[row + 1u], weight_hh[row + 2u], weight_hh[row + 3u]);
      acc_0 += gates[d_0 + column + k] * w;
      acc_1 += gates[d_1 + column + k] * w;
      acc_2 += gates[d_2 + column + k] * w;
      acc_3 += gates[d_3 + column + k] * w;
      acc_4 += gates[d_4 + column + k] * w;
      acc_5 += gates[d_5 + column + k] * w;
      acc_6 += gates[d_6 + column + k] * w;
      acc_7 += gates[d_7 + column + k] * w;
    }
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
    let row = row_place(params.step, n0 + r, direction);
    for (var j = 0u; j < units; j += 1u) {
      let at = place(row, u0 + j);
      if (row.time < lengths[n0 + r]) {
        d_hidden[at.state] = cell_backward(at, tile[r][j]);
      } else {
        for (var q = 0u; q < SAVED_GATES; q += 1u) { gates[at.gates + q * hidden] = 0.0; }
      }
    }
  }
}
// The recurrent product reads the state itself: h[t-1] of the row.

fn recurrent_row(at: RowPlace) -> u32 {
  return history_row(at.before, at.row, at.direction);
}

fn recurrent_input(element: u32) -> f32 {
  return h[element];
}

const COUPLED = 0u;
const RECURRENT_GATES = 4u;
const RECURRENT_SIZE = 4u;
const SAVED_GATES = 4u;

@group(0) @binding(8) var<storage, read_write> c: array<f32>;       // [slots, N, D·H]
@group(0) @binding(9) var<storage, read_write> d_cell: array<f32>;  // [D, N, H] in: dL/dc[t]; out: dL/dc[t-1]

fn recurrent_block(gate: u32) -> u32 {
  return gate;
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let stride = params.hidden;
  let g_at = at.gates + (2u - COUPLED) * stride;
  let o_at = at.gates + (3u - COUPLED) * stride;
  let before = c[at.before];
  let i = gate(gates[at.gates] + recurrent[0] + see_input(at, before));
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gate(gates[at.gates + stride] + recurrent[1] + see_forget(at, before)); }
  let g = candidate(gates[g_at] + recurrent[2u - COUPLED]);
  let cell = f * before + i * g;
  let o = gate(gates[o_at] + recurrent[3u - COUPLED] + see_output(at, before, cell));
  c[at.after] = cell;
  gates[at.gates] = i;
  if (COUPLED == 0u) { gates[at.gates + stride] = f; }
  gates[g_at] = g;
  gates[o_at] = o;
  return o * output_activation(cell);
}

fn cell_backward(at: Place, product: f32) -> f32 {
  let stride = params.hidden;
  let g_at = at.gates + (2u - COUPLED) * stride;
  let o_at = at.gates + (3u - COUPLED) * stride;
  let before = c[at.before];
  let i = gates[at.gates];
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gates[at.gates + stride]; }
  let g = gates[g_at];
  let o = gates[o_at];
  let squashed = output_activation(c[at.after]);
  let dh = product + upstream(at);
  let d_o = dh * squashed * d_gate(o);
  let dc = d_cell[at.state] + dh * o * d_output_activation(squashed) + unsee_after(at, d_o);
  var d_i = dc * g * d_gate(i);
  var d_f = dc * before * d_gate(f);
  if (COUPLED == 1u) {
    d_i = dc * (g - before) * d_gate(i);
    d_f = 0.0;
  }
  d_cell[at.state] = dc * f + unsee_before(at, d_i, d_f, d_o);
  gates[at.gates] = d_i;
  if (COUPLED == 0u) { gates[at.gates + stride] = d_f; }
  gates[g_at] = dc * i * d_candidate(g);
  gates[o_at] = d_o;
  return 0.0;
}

const OUTPUT_SEES_PREVIOUS = 0u;  // 1: o sees c[t-1] too, as WebNN has it

@group(0) @binding(10) var<storage, read> diagonal: array<f32>;  // [3·H] of i, f, o; coupled: [2·H] of i, o

fn peephole(at: Place, which: u32) -> f32 {
  return diagonal[params.diagonal_offset + at.direction * params.diagonal_stride + which * params.hidden + at.unit];
}

fn see_input(at: Place, before: f32) -> f32 { return peephole(at, 0u) * before; }
fn see_forget(at: Place, before: f32) -> f32 { return peephole(at, 1u) * before; }

fn see_output(at: Place, before: f32, after: f32) -> f32 {
  if (OUTPUT_SEES_PREVIOUS == 1u) { return peephole(at, 2u - COUPLED) * before; }
  return peephole(at, 2u - COUPLED) * after;
}

fn unsee_before(at: Place, d_i: f32, d_f: f32, d_o: f32) -> f32 {
  var sum = d_i * peephole(at, 0u);
  if (COUPLED == 0u) { sum += d_f * peephole(at, 1u); }
  if (OUTPUT_SEES_PREVIOUS == 1u) { sum += d_o * peephole(at, 2u - COUPLED); }
  return sum;
}

fn unsee_after(at: Place, d_o: f32) -> f32 {
  if (OUTPUT_SEES_PREVIOUS == 1u) { return 0.0; }
  return d_o * peephole(at, 2u - COUPLED);
}
