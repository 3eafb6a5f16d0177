// Gated recurrent unit with the reset gate after the product (PyTorch, cuDNN; Cho et al. 2014 v1), gates r z n.
//   n = tanh(W x + b + r * (U h[t-1] + b'))      h[t] = (1 - z) * n + z * h[t-1]
// A fourth block keeps U h + b' of n, and then the gradient of n's recurrent side, which differs from its input side by r.
// The three activations of a gated cell, ONNX's f, g and h, with the clip of the gates' pre-activations.
// Activations by kind, and their derivatives as functions of the output y. A schedule replaces the kinds below; the
// compiler folds the choice away. NaN stays NaN through all of them.
// Numbers that are not finite, told by their bits: compilers may take it that arithmetic meets none, and of max, min and clamp WGSL lets
// them give either operand where one is NaN.

const INFINITE = 0x7f800000u;

// |x| as an unsigned integer of the same order: finite numbers, INFINITE, and NaN above it.
fn magnitude(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x7fffffffu;
}

fn is_nan(x: f32) -> bool {
  return magnitude(x) > INFINITE;
}

fn is_finite(x: f32) -> bool {
  return magnitude(x) < INFINITE;
}

// y, which was made of x; NaN where x is.
fn unless_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}

const SIGMOID = 0u;
const TANH = 1u;
const RELU = 2u;
const AFFINE = 3u;        // alpha x + beta
const HARD_SIGMOID = 4u;  // max(0, min(1, alpha x + beta))

// exp overflows below -88, and some drivers then give NaN instead of 0. Others give infinity for exp of NaN, so NaN goes round it.
fn sigmoid(x: f32) -> f32 {
  return unless_nan(x, 1.0 / (1.0 + exp(-max(x, -80.0))));
}

// WGSL promises tanh to an absolute error of 1e-5 alone, and some drivers give NaN far out. This is x times a quotient of
// polynomials in x², fitted to tanh(x) / x for the least relative error up to 7.9, which is 6e-9 before float32 rounds. From 7.893 on
// it is 1 but for two units in the last place, and nowhere above 1.
fn bounded_tanh(x: f32) -> f32 {
  let near = select(x, select(-7.893, 7.893, x > 0.0), abs(x) > 7.893);
  let square = near * near;
  let above = 1.0 + square * (0.134506777 + square * (0.00357906055 + square * (2.20243837e-5 + square * 1.54295883e-8)));
  let below = 1.0 + square * (0.467840075 + square * (0.0261924975 + square * (0.000342376297 + square * 8.5994327e-7)));
  return near * above / below;
}

fn activate(kind: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  if (kind == SIGMOID) { return sigmoid(x); }
  if (kind == TANH) { return bounded_tanh(x); }
  if (kind == RELU) { return unless_nan(x, max(x, 0.0)); }
  if (kind == AFFINE) { return alpha * x + beta; }
  return unless_nan(x, clamp(alpha * x + beta, 0.0, 1.0));
}

fn d_activate(kind: u32, y: f32, alpha: f32) -> f32 {
  if (kind == SIGMOID) { return y * (1.0 - y); }
  if (kind == TANH) { return 1.0 - y * y; }
  if (kind == RELU) { return unless_nan(y, select(0.0, 1.0, y > 0.0)); }
  if (kind == AFFINE) { return alpha; }
  return unless_nan(y, select(0.0, alpha, y > 0.0 && y < 1.0));
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

const SMALLEST = 1.17549435e-38;  // of the normal numbers, 0x00800000

fn clipped(x: f32) -> f32 {
  if (CLIP == 0.0) { return x; }
  return select(x, select(-CLIP, CLIP, x > 0.0), abs(x) > CLIP);
}

// The activation y of the clipped sum x as the cell uses and keeps it. With a clip its lowest bit says whether the sum was clipped:
// the value alone does not, because a compiler need not fold the activation of the constant CLIP to the bits that the device has for
// it. Either bit is reached toward zero, so that a gate stays within its range, and 0 gives way to a number that no driver flushes.
// NaN is an even NaN, whichever it was: one more or less in its bits could be infinity.
fn marked(y: f32, x: f32) -> f32 {
  if (CLIP == 0.0) { return y; }
  let bits = bitcast<u32>(y);
  let odd = select((bits - 1u) | 1u, 0x00800001u, abs(y) <= SMALLEST);
  return bitcast<f32>(select(select(bits & 0xfffffffeu, odd, abs(x) > CLIP), 0x7fc00000u, is_nan(y)));
}

fn was_clipped(y: f32) -> bool {
  return CLIP > 0.0 && (bitcast<u32>(y) & 1u) == 1u;
}

fn gate(x: f32) -> f32 {
  return marked(activate(GATE_KIND, clipped(x), GATE_ALPHA, GATE_BETA), x);
}

fn candidate(x: f32) -> f32 {
  return marked(activate(CANDIDATE_KIND, clipped(x), CANDIDATE_ALPHA, CANDIDATE_BETA), x);
}

fn output_activation(x: f32) -> f32 {
  return activate(OUTPUT_KIND, x, OUTPUT_ALPHA, OUTPUT_BETA);
}

// Of the very value that `gate` or `candidate` gave. A clipped sum has no derivative.
fn d_gate(y: f32) -> f32 {
  if (was_clipped(y)) { return 0.0; }
  return d_activate(GATE_KIND, y, GATE_ALPHA);
}

fn d_candidate(y: f32) -> f32 {
  if (was_clipped(y)) { return 0.0; }
  return d_activate(CANDIDATE_KIND, y, CANDIDATE_ALPHA);
}

fn d_output_activation(y: f32) -> f32 {
  return d_activate(OUTPUT_KIND, y, OUTPUT_ALPHA);
}
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
// Where the values of a batch row and of a hidden unit lie at a step of a direction. The importing file has `params` (steps T, batch N,
// hidden H, directions D, reverse, continued, d_output's strides, tokens, vocabulary), `lengths` [N, ..], SAVED_GATES and TOKENS.
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
  input: u32,     // element of gates where the unit's input side begins, likewise
  step: u32,      // element of an array [T, N, D·H] at time
  before: u32,    // element of a history array, slot from which the row starts
  after: u32,     // element of a history array, slot that the step makes
  state: u32,     // element of a state array [D, N, H]
  d_output: u32,
}

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

// Where the input side of a row begins: in its own place in `gates`, or, behind all steps, in the row of the table that its token names.
fn input_row(own: u32, time: u32, n: u32) -> u32 {
  if (TOKENS == 0u) { return own; }
  let token = min(lengths[params.tokens + time * params.batch + n], params.vocabulary - 1u);
  return ((params.steps + params.continued) * params.batch + token) * SAVED_GATES * params.hidden;
}

fn history_row(slot: u32, n: u32, direction: u32) -> u32 {
  return ((slot * params.batch + n) * params.directions + direction) * params.hidden;
}

fn place(row: RowPlace, u: u32) -> Place {
  let step = row.time * params.batch + row.row;
  let own = gates_row(row.time, row.row, row.direction);
  return Place(
    u,
    row.direction,
    own + u,
    input_row(own, row.time, row.row) + u,
    (step * params.directions + row.direction) * params.hidden + u,
    history_row(row.before, row.row, row.direction) + u,
    history_row(row.time + 1u, row.row, row.direction) + u,
    (row.direction * params.batch + row.row) * params.hidden + u,
    step * params.d_output_columns + row.direction * params.d_output_direction + u,
  );
}
// Four neighbouring threads that share loads. A schedule that knows the adapter's quads to be consecutive invocations sets
// QUADS 1 and LOADED_ROWS 1: of every four rows each lane loads one, and quadSwapX, Y and Diagonal bring the other three.
// Then the quad must stay together: it shares its rows, and its column is rounded up to whole quads.
// Fewer than four rows are not worth a quad: QUAD_ROWS 1, and nothing is shared.

const QUADS = 0u;
const QUAD_ROWS = 4u;    // rows that a quad would share
const LOADED_ROWS = 4u;  // and how many of them a thread loads itself

fn quad_lane(thread: u32) -> u32 {
  return select(0u, thread % 4u, QUADS == 1u);
}

// Threads along the columns, so that no quad spans two row tiles.
fn quad_columns(columns: u32) -> u32 {
  return select(columns, (columns + 3u) & ~3u, QUADS == 1u);
}
// What the regularisers of a state multiply it by, by chance: the same numbers for the same (seed, counter, element), so that the
// backward pass makes them again. The importing file has `lengths` [N+3], with seed, counter and the time at which the window begins
// in its last three elements, and in `params` batch (N), directions (D) and stream, which tells a layer's numbers from another's.
// Counter-based random numbers: the same (seed, step, element) gives the same number, on every adapter, in any order.
// PCG-3D (Jarzynski & Olano, "Hash Functions for GPU Rendering", JCGT 2020); src/layers/random.ts is its twin.

fn random_bits(seed: u32, step: u32, element: u32) -> u32 {
  var v = vec3u(seed, step, element) * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return v.x;
}

// Uniform in the open interval (0, 1), 24 bits. The last of them would round to 1.
fn random_uniform(seed: u32, step: u32, element: u32) -> f32 {
  return min((f32(random_bits(seed, step, element) >> 8u) + 0.5) * (1.0 / 16777216.0), 0.99999994);
}

// -log(-log(u)) of such a u. WGSL's log may be 0 near 1, where -log(1 - v) = 2·artanh(v / (2 - v)) is exact.
fn random_gumbel(seed: u32, step: u32, element: u32) -> f32 {
  let u = random_uniform(seed, step, element);
  let v = 1.0 - u;
  let s = v / (2.0 - v);
  let z = s * s;
  let near = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0)))))));
  return -log(select(-log(u), near, u > 0.5));
}

const RECURRENT_DROPOUT = 0.0;  // share of h[t-1] dropped inside the product, the same units at every step (Gal & Ghahramani 2016)
const ZONEOUT_H = 0.0;          // share of the units that keep their h (Krueger et al. 2017)
const ZONEOUT_C = 0.0;
const TRAINING = 1u;            // 0: zoneout by its expectation

// How much of an element of [T, N, D·width] stays as it was: 0 or 1 by chance in training, the probability itself otherwise. `which`
// tells states apart.
fn zoneout_share(element: u32, width: u32, probability: f32, which: u32) -> f32 {
  if (probability == 0.0) { return 0.0; }
  if (TRAINING == 0u) { return probability; }
  let seed = lengths[params.batch] ^ (params.stream + which);
  let in_time = element + lengths[params.batch + 2u] * params.batch * params.directions * width;
  return select(0.0, 1.0, random_uniform(seed, lengths[params.batch + 1u], in_time) < probability);
}

// The variational mask of an element [D, N, F]: 1 / (1 - p) or 0, one draw a window.
fn dropout_share(element: u32) -> f32 {
  if (RECURRENT_DROPOUT == 0.0 || TRAINING == 0u) { return 1.0; }
  let seed = lengths[params.batch] ^ (params.stream + 2u);
  let survives = random_uniform(seed, lengths[params.batch + 1u], element) >= RECURRENT_DROPOUT;
  return select(0.0, 1.0 / (1.0 - RECURRENT_DROPOUT), survives);
}

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
  let thread = (group.x + group.y * groups.x) * WORKGROUP + local;
  forward_step(params.step, (thread / tiles) * TILE_ROWS, (thread % tiles) * UNITS, group.z, quad_lane(local));
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let tiles = quad_columns((params.hidden + 4u * UNITS - 1u) / (4u * UNITS));
  let thread = (group.x + group.y * groups.x) * WORKGROUP + local;
  backward_step(params.step, (thread / tiles) * TILE_ROWS, (thread % tiles) * 4u * UNITS, group.z, quad_lane(local));
}

// A weight; and four in a row, from UNIT times so many on. Loops count in units: compilers for CPUs divide by four as by any number.
fn weight_at(at: u32) -> f32 {
  return weight_hh[at];
}

fn weight_four(units: u32) -> vec4f {
  return vec4f(weight_hh[units], weight_hh[units + 1u], weight_hh[units + 2u], weight_hh[units + 3u]);
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

  let w_0_0 = (params.weight_hh_offset + direction * params.weight_stride + (0u * hidden + min(u0 + 0u, hidden - 1u)) * params.features) / UNIT;
  let w_1_0 = (params.weight_hh_offset + direction * params.weight_stride + (1u * hidden + min(u0 + 0u, hidden - 1u)) * params.features) / UNIT;
  let w_2_0 = (params.weight_hh_offset + direction * params.weight_stride + (2u * hidden + min(u0 + 0u, hidden - 1u)) * params.features) / UNIT;
  // Row (i, x) of the tile is QUAD_ROWS·i + (lane ^ x). In a quad each lane loads one row of four and the swaps bring the others.
  let h_0_0 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 0 + (lane ^ 0), params.batch - 1u), direction));
  let h_0_1 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 0 + (lane ^ 1), params.batch - 1u), direction));
  let h_0_2 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 0 + (lane ^ 2), params.batch - 1u), direction));
  let h_0_3 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 0 + (lane ^ 3), params.batch - 1u), direction));
  var acc_0_0_0_0 = 0.0;
  var acc_0_0_1_0 = 0.0;
  var acc_0_0_2_0 = 0.0;
  var acc_0_1_0_0 = 0.0;
  var acc_0_1_1_0 = 0.0;
  var acc_0_1_2_0 = 0.0;
  var acc_0_2_0_0 = 0.0;
  var acc_0_2_1_0 = 0.0;
  var acc_0_2_2_0 = 0.0;
  var acc_0_3_0_0 = 0.0;
  var acc_0_3_1_0 = 0.0;
  var acc_0_3_2_0 = 0.0;
  let h_1_0 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 1 + (lane ^ 0), params.batch - 1u), direction));
  let h_1_1 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 1 + (lane ^ 1), params.batch - 1u), direction));
  let h_1_2 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 1 + (lane ^ 2), params.batch - 1u), direction));
  let h_1_3 = recurrent_row(row_place(step, min(n0 + QUAD_ROWS * 1 + (lane ^ 3), params.batch - 1u), direction));
  var acc_1_0_0_0 = 0.0;
  var acc_1_0_1_0 = 0.0;
  var acc_1_0_2_0 = 0.0;
  var acc_1_1_0_0 = 0.0;
  var acc_1_1_1_0 = 0.0;
  var acc_1_1_2_0 = 0.0;
  var acc_1_2_0_0 = 0.0;
  var acc_1_2_1_0 = 0.0;
  var acc_1_2_2_0 = 0.0;
  var acc_1_3_0_0 = 0.0;
  var acc_1_3_1_0 = 0.0;
  var acc_1_3_2_0 = 0.0;
  let depth = select(params.features, 0u, RECURRENT_GATES == 0u);
  let turns = depth / DEPTH;
  for (var turn = 0u; turn < turns; turn += 1u) {
    let b_0_0_0 = weight_four(w_0_0 + (turn * DEPTH_QUADS + 0u) * FOUR);
    let b_0_1_0 = weight_four(w_1_0 + (turn * DEPTH_QUADS + 0u) * FOUR);
    let b_0_2_0 = weight_four(w_2_0 + (turn * DEPTH_QUADS + 0u) * FOUR);
    let h_0_0_0 = h_0_0 + turn * DEPTH + 4u * 0u;
    let a_0_0_0 = vec4f(recurrent_input(h_0_0_0), recurrent_input(h_0_0_0 + 1u), recurrent_input(h_0_0_0 + 2u), recurrent_input(h_0_0_0 + 3u));
    let h_0_0_1 = h_0_1 + turn * DEPTH + 4u * 0u;
    let a_0_0_1 = vec4f(recurrent_input(h_0_0_1), recurrent_input(h_0_0_1 + 1u), recurrent_input(h_0_0_1 + 2u), recurrent_input(h_0_0_1 + 3u));
    let h_0_0_2 = h_0_2 + turn * DEPTH + 4u * 0u;
    let a_0_0_2 = vec4f(recurrent_input(h_0_0_2), recurrent_input(h_0_0_2 + 1u), recurrent_input(h_0_0_2 + 2u), recurrent_input(h_0_0_2 + 3u));
    let h_0_0_3 = h_0_3 + turn * DEPTH + 4u * 0u;
    let a_0_0_3 = vec4f(recurrent_input(h_0_0_3), recurrent_input(h_0_0_3 + 1u), recurrent_input(h_0_0_3 + 2u), recurrent_input(h_0_0_3 + 3u));
    let h_0_1_0 = h_1_0 + turn * DEPTH + 4u * 0u;
    let a_0_1_0 = vec4f(recurrent_input(h_0_1_0), recurrent_input(h_0_1_0 + 1u), recurrent_input(h_0_1_0 + 2u), recurrent_input(h_0_1_0 + 3u));
    let h_0_1_1 = h_1_1 + turn * DEPTH + 4u * 0u;
    let a_0_1_1 = vec4f(recurrent_input(h_0_1_1), recurrent_input(h_0_1_1 + 1u), recurrent_input(h_0_1_1 + 2u), recurrent_input(h_0_1_1 + 3u));
    let h_0_1_2 = h_1_2 + turn * DEPTH + 4u * 0u;
    let a_0_1_2 = vec4f(recurrent_input(h_0_1_2), recurrent_input(h_0_1_2 + 1u), recurrent_input(h_0_1_2 + 2u), recurrent_input(h_0_1_2 + 3u));
    let h_0_1_3 = h_1_3 + turn * DEPTH + 4u * 0u;
    let a_0_1_3 = vec4f(recurrent_input(h_0_1_3), recurrent_input(h_0_1_3 + 1u), recurrent_input(h_0_1_3 + 2u), recurrent_input(h_0_1_3 + 3u));
    // The weight first and a sum's terms together: software adapters spill least so.
    acc_0_0_0_0 += b_0_0_0[0] * a_0_0_0[0];
    acc_0_0_0_0 += b_0_0_0[1] * a_0_0_0[1];
    acc_0_0_0_0 += b_0_0_0[2] * a_0_0_0[2];
    acc_0_0_0_0 += b_0_0_0[3] * a_0_0_0[3];
    acc_0_0_1_0 += b_0_1_0[0] * a_0_0_0[0];
    acc_0_0_1_0 += b_0_1_0[1] * a_0_0_0[1];
    acc_0_0_1_0 += b_0_1_0[2] * a_0_0_0[2];
    acc_0_0_1_0 += b_0_1_0[3] * a_0_0_0[3];
    acc_0_0_2_0 += b_0_2_0[0] * a_0_0_0[0];
    acc_0_0_2_0 += b_0_2_0[1] * a_0_0_0[1];
    acc_0_0_2_0 += b_0_2_0[2] * a_0_0_0[2];
    acc_0_0_2_0 += b_0_2_0[3] * a_0_0_0[3];
    acc_0_1_0_0 += b_0_0_0[0] * a_0_0_1[0];
    acc_0_1_0_0 += b_0_0_0[1] * a_0_0_1[1];
    acc_0_1_0_0 += b_0_0_0[2] * a_0_0_1[2];
    acc_0_1_0_0 += b_0_0_0[3] * a_0_0_1[3];
    acc_0_1_1_0 += b_0_1_0[0] * a_0_0_1[0];
    acc_0_1_1_0 += b_0_1_0[1] * a_0_0_1[1];
    acc_0_1_1_0 += b_0_1_0[2] * a_0_0_1[2];
    acc_0_1_1_0 += b_0_1_0[3] * a_0_0_1[3];
    acc_0_1_2_0 += b_0_2_0[0] * a_0_0_1[0];
    acc_0_1_2_0 += b_0_2_0[1] * a_0_0_1[1];
    acc_0_1_2_0 += b_0_2_0[2] * a_0_0_1[2];
    acc_0_1_2_0 += b_0_2_0[3] * a_0_0_1[3];
    acc_0_2_0_0 += b_0_0_0[0] * a_0_0_2[0];
    acc_0_2_0_0 += b_0_0_0[1] * a_0_0_2[1];
    acc_0_2_0_0 += b_0_0_0[2] * a_0_0_2[2];
    acc_0_2_0_0 += b_0_0_0[3] * a_0_0_2[3];
    acc_0_2_1_0 += b_0_1_0[0] * a_0_0_2[0];
    acc_0_2_1_0 += b_0_1_0[1] * a_0_0_2[1];
    acc_0_2_1_0 += b_0_1_0[2] * a_0_0_2[2];
    acc_0_2_1_0 += b_0_1_0[3] * a_0_0_2[3];
    acc_0_2_2_0 += b_0_2_0[0] * a_0_0_2[0];
    acc_0_2_2_0 += b_0_2_0[1] * a_0_0_2[1];
    acc_0_2_2_0 += b_0_2_0[2] * a_0_0_2[2];
    acc_0_2_2_0 += b_0_2_0[3] * a_0_0_2[3];
    acc_0_3_0_0 += b_0_0_0[0] * a_0_0_3[0];
    acc_0_3_0_0 += b_0_0_0[1] * a_0_0_3[1];
    acc_0_3_0_0 += b_0_0_0[2] * a_0_0_3[2];
    acc_0_3_0_0 += b_0_0_0[3] * a_0_0_3[3];
    acc_0_3_1_0 += b_0_1_0[0] * a_0_0_3[0];
    acc_0_3_1_0 += b_0_1_0[1] * a_0_0_3[1];
    acc_0_3_1_0 += b_0_1_0[2] * a_0_0_3[2];
    acc_0_3_1_0 += b_0_1_0[3] * a_0_0_3[3];
    acc_0_3_2_0 += b_0_2_0[0] * a_0_0_3[0];
    acc_0_3_2_0 += b_0_2_0[1] * a_0_0_3[1];
    acc_0_3_2_0 += b_0_2_0[2] * a_0_0_3[2];
    acc_0_3_2_0 += b_0_2_0[3] * a_0_0_3[3];
    acc_1_0_0_0 += b_0_0_0[0] * a_0_1_0[0];
    acc_1_0_0_0 += b_0_0_0[1] * a_0_1_0[1];
    acc_1_0_0_0 += b_0_0_0[2] * a_0_1_0[2];
    acc_1_0_0_0 += b_0_0_0[3] * a_0_1_0[3];
    acc_1_0_1_0 += b_0_1_0[0] * a_0_1_0[0];
    acc_1_0_1_0 += b_0_1_0[1] * a_0_1_0[1];
    acc_1_0_1_0 += b_0_1_0[2] * a_0_1_0[2];
    acc_1_0_1_0 += b_0_1_0[3] * a_0_1_0[3];
    acc_1_0_2_0 += b_0_2_0[0] * a_0_1_0[0];
    acc_1_0_2_0 += b_0_2_0[1] * a_0_1_0[1];
    acc_1_0_2_0 += b_0_2_0[2] * a_0_1_0[2];
    acc_1_0_2_0 += b_0_2_0[3] * a_0_1_0[3];
    acc_1_1_0_0 += b_0_0_0[0] * a_0_1_1[0];
    acc_1_1_0_0 += b_0_0_0[1] * a_0_1_1[1];
    acc_1_1_0_0 += b_0_0_0[2] * a_0_1_1[2];
    acc_1_1_0_0 += b_0_0_0[3] * a_0_1_1[3];
    acc_1_1_1_0 += b_0_1_0[0] * a_0_1_1[0];
    acc_1_1_1_0 += b_0_1_0[1] * a_0_1_1[1];
    acc_1_1_1_0 += b_0_1_0[2] * a_0_1_1[2];
    acc_1_1_1_0 += b_0_1_0[3] * a_0_1_1[3];
    acc_1_1_2_0 += b_0_2_0[0] * a_0_1_1[0];
    acc_1_1_2_0 += b_0_2_0[1] * a_0_1_1[1];
    acc_1_1_2_0 += b_0_2_0[2] * a_0_1_1[2];
    acc_1_1_2_0 += b_0_2_0[3] * a_0_1_1[3];
    acc_1_2_0_0 += b_0_0_0[0] * a_0_1_2[0];
    acc_1_2_0_0 += b_0_0_0[1] * a_0_1_2[1];
    acc_1_2_0_0 += b_0_0_0[2] * a_0_1_2[2];
    acc_1_2_0_0 += b_0_0_0[3] * a_0_1_2[3];
    acc_1_2_1_0 += b_0_1_0[0] * a_0_1_2[0];
    acc_1_2_1_0 += b_0_1_0[1] * a_0_1_2[1];
    acc_1_2_1_0 += b_0_1_0[2] * a_0_1_2[2];
    acc_1_2_1_0 += b_0_1_0[3] * a_0_1_2[3];
    acc_1_2_2_0 += b_0_2_0[0] * a_0_1_2[0];
    acc_1_2_2_0 += b_0_2_0[1] * a_0_1_2[1];
    acc_1_2_2_0 += b_0_2_0[2] * a_0_1_2[2];
    acc_1_2_2_0 += b_0_2_0[3] * a_0_1_2[3];
    acc_1_3_0_0 += b_0_0_0[0] * a_0_1_3[0];
    acc_1_3_0_0 += b_0_0_0[1] * a_0_1_3[1];
    acc_1_3_0_0 += b_0_0_0[2] * a_0_1_3[2];
    acc_1_3_0_0 += b_0_0_0[3] * a_0_1_3[3];
    acc_1_3_1_0 += b_0_1_0[0] * a_0_1_3[0];
    acc_1_3_1_0 += b_0_1_0[1] * a_0_1_3[1];
    acc_1_3_1_0 += b_0_1_0[2] * a_0_1_3[2];
    acc_1_3_1_0 += b_0_1_0[3] * a_0_1_3[3];
    acc_1_3_2_0 += b_0_2_0[0] * a_0_1_3[0];
    acc_1_3_2_0 += b_0_2_0[1] * a_0_1_3[1];
    acc_1_3_2_0 += b_0_2_0[2] * a_0_1_3[2];
    acc_1_3_2_0 += b_0_2_0[3] * a_0_1_3[3];
  }
  for (var k = turns * DEPTH; k < depth; k += 1u) {
    let b_0_0 = weight_at(w_0_0 * UNIT + k);
    let b_1_0 = weight_at(w_1_0 * UNIT + k);
    let b_2_0 = weight_at(w_2_0 * UNIT + k);
    let a_0_0 = recurrent_input(h_0_0 + k);
    let a_0_1 = recurrent_input(h_0_1 + k);
    let a_0_2 = recurrent_input(h_0_2 + k);
    let a_0_3 = recurrent_input(h_0_3 + k);
    acc_0_0_0_0 += b_0_0 * a_0_0;
    acc_0_0_1_0 += b_1_0 * a_0_0;
    acc_0_0_2_0 += b_2_0 * a_0_0;
    acc_0_1_0_0 += b_0_0 * a_0_1;
    acc_0_1_1_0 += b_1_0 * a_0_1;
    acc_0_1_2_0 += b_2_0 * a_0_1;
    acc_0_2_0_0 += b_0_0 * a_0_2;
    acc_0_2_1_0 += b_1_0 * a_0_2;
    acc_0_2_2_0 += b_2_0 * a_0_2;
    acc_0_3_0_0 += b_0_0 * a_0_3;
    acc_0_3_1_0 += b_1_0 * a_0_3;
    acc_0_3_2_0 += b_2_0 * a_0_3;
    let a_1_0 = recurrent_input(h_1_0 + k);
    let a_1_1 = recurrent_input(h_1_1 + k);
    let a_1_2 = recurrent_input(h_1_2 + k);
    let a_1_3 = recurrent_input(h_1_3 + k);
    acc_1_0_0_0 += b_0_0 * a_1_0;
    acc_1_0_1_0 += b_1_0 * a_1_0;
    acc_1_0_2_0 += b_2_0 * a_1_0;
    acc_1_1_0_0 += b_0_0 * a_1_1;
    acc_1_1_1_0 += b_1_0 * a_1_1;
    acc_1_1_2_0 += b_2_0 * a_1_1;
    acc_1_2_0_0 += b_0_0 * a_1_2;
    acc_1_2_1_0 += b_1_0 * a_1_2;
    acc_1_2_2_0 += b_2_0 * a_1_2;
    acc_1_3_0_0 += b_0_0 * a_1_3;
    acc_1_3_1_0 += b_1_0 * a_1_3;
    acc_1_3_2_0 += b_2_0 * a_1_3;
  }

  // The cell is looped, not unrolled: unrolled epilogues cost seconds of compile time on software adapters.
  var tile: array<array<Recurrent, UNITS>, TILE_ROWS>;
  tile[QUAD_ROWS * 0 + 0][0][0] = acc_0_0_0_0;
  tile[QUAD_ROWS * 0 + 0][0][1] = acc_0_0_1_0;
  tile[QUAD_ROWS * 0 + 0][0][2] = acc_0_0_2_0;
  tile[QUAD_ROWS * 0 + 1][0][0] = acc_0_1_0_0;
  tile[QUAD_ROWS * 0 + 1][0][1] = acc_0_1_1_0;
  tile[QUAD_ROWS * 0 + 1][0][2] = acc_0_1_2_0;
  tile[QUAD_ROWS * 0 + 2][0][0] = acc_0_2_0_0;
  tile[QUAD_ROWS * 0 + 2][0][1] = acc_0_2_1_0;
  tile[QUAD_ROWS * 0 + 2][0][2] = acc_0_2_2_0;
  tile[QUAD_ROWS * 0 + 3][0][0] = acc_0_3_0_0;
  tile[QUAD_ROWS * 0 + 3][0][1] = acc_0_3_1_0;
  tile[QUAD_ROWS * 0 + 3][0][2] = acc_0_3_2_0;
  tile[QUAD_ROWS * 1 + 0][0][0] = acc_1_0_0_0;
  tile[QUAD_ROWS * 1 + 0][0][1] = acc_1_0_1_0;
  tile[QUAD_ROWS * 1 + 0][0][2] = acc_1_0_2_0;
  tile[QUAD_ROWS * 1 + 1][0][0] = acc_1_1_0_0;
  tile[QUAD_ROWS * 1 + 1][0][1] = acc_1_1_1_0;
  tile[QUAD_ROWS * 1 + 1][0][2] = acc_1_1_2_0;
  tile[QUAD_ROWS * 1 + 2][0][0] = acc_1_2_0_0;
  tile[QUAD_ROWS * 1 + 2][0][1] = acc_1_2_1_0;
  tile[QUAD_ROWS * 1 + 2][0][2] = acc_1_2_2_0;
  tile[QUAD_ROWS * 1 + 3][0][0] = acc_1_3_0_0;
  tile[QUAD_ROWS * 1 + 3][0][1] = acc_1_3_1_0;
  tile[QUAD_ROWS * 1 + 3][0][2] = acc_1_3_2_0;
  for (var e = 0u; e < units; e += 1u) {
    let u = u0 + e;
    var bias: Recurrent;
    bias[0] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 0 * hidden + u];
    bias[1] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 1 * hidden + u];
    bias[2] = bias_hh[params.bias_hh_offset + direction * params.bias_stride + 2 * hidden + u];
    for (var r = 0u; r < rows; r += 1u) {
      let at = place(row_place(step, n0 + r, direction), u);
      let held = r ^ lane;  // where this lane accumulated row r
      if (time >= lengths[n0 + r]) {
        h[at.after] = 0.0;
        continue;
      }
      if (PRODUCT_BLOCK > 0u) {
        gates[at.gates + (PRODUCT_BLOCK + 0) * hidden] = tile[held][e][0];
        gates[at.gates + (PRODUCT_BLOCK + 1) * hidden] = tile[held][e][1];
        gates[at.gates + (PRODUCT_BLOCK + 2) * hidden] = tile[held][e][2];
        continue;
      }
      var recurrent: Recurrent;
      recurrent[0] = tile[held][e][0] + bias[0];
      recurrent[1] = tile[held][e][1] + bias[1];
      recurrent[2] = tile[held][e][2] + bias[2];
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
  let d_0_0 = gates_row(product_time, min(n0 + QUAD_ROWS * 0 + (lane ^ 0), params.batch - 1u), direction);
  let d_0_1 = gates_row(product_time, min(n0 + QUAD_ROWS * 0 + (lane ^ 1), params.batch - 1u), direction);
  let d_0_2 = gates_row(product_time, min(n0 + QUAD_ROWS * 0 + (lane ^ 2), params.batch - 1u), direction);
  let d_0_3 = gates_row(product_time, min(n0 + QUAD_ROWS * 0 + (lane ^ 3), params.batch - 1u), direction);
  var acc_0_0_0_0 = 0.0;
  var acc_0_0_0_1 = 0.0;
  var acc_0_0_0_2 = 0.0;
  var acc_0_0_0_3 = 0.0;
  var acc_0_1_0_0 = 0.0;
  var acc_0_1_0_1 = 0.0;
  var acc_0_1_0_2 = 0.0;
  var acc_0_1_0_3 = 0.0;
  var acc_0_2_0_0 = 0.0;
  var acc_0_2_0_1 = 0.0;
  var acc_0_2_0_2 = 0.0;
  var acc_0_2_0_3 = 0.0;
  var acc_0_3_0_0 = 0.0;
  var acc_0_3_0_1 = 0.0;
  var acc_0_3_0_2 = 0.0;
  var acc_0_3_0_3 = 0.0;
  let d_1_0 = gates_row(product_time, min(n0 + QUAD_ROWS * 1 + (lane ^ 0), params.batch - 1u), direction);
  let d_1_1 = gates_row(product_time, min(n0 + QUAD_ROWS * 1 + (lane ^ 1), params.batch - 1u), direction);
  let d_1_2 = gates_row(product_time, min(n0 + QUAD_ROWS * 1 + (lane ^ 2), params.batch - 1u), direction);
  let d_1_3 = gates_row(product_time, min(n0 + QUAD_ROWS * 1 + (lane ^ 3), params.batch - 1u), direction);
  var acc_1_0_0_0 = 0.0;
  var acc_1_0_0_1 = 0.0;
  var acc_1_0_0_2 = 0.0;
  var acc_1_0_0_3 = 0.0;
  var acc_1_1_0_0 = 0.0;
  var acc_1_1_0_1 = 0.0;
  var acc_1_1_0_2 = 0.0;
  var acc_1_1_0_3 = 0.0;
  var acc_1_2_0_0 = 0.0;
  var acc_1_2_0_1 = 0.0;
  var acc_1_2_0_2 = 0.0;
  var acc_1_2_0_3 = 0.0;
  var acc_1_3_0_0 = 0.0;
  var acc_1_3_0_1 = 0.0;
  var acc_1_3_0_2 = 0.0;
  var acc_1_3_0_3 = 0.0;
  for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
    let w_g = (params.weight_hh_offset + direction * params.weight_stride + g * hidden * hidden + u0) / UNIT;
    let column = select(recurrent_block(g), PRODUCT_BLOCK + g, PRODUCT_BLOCK > 0u) * hidden;
    for (var turn = 0u; turn < turns; turn += 1u) {
      let k = turn * DEPTH;
      let b_0_0_0 = weight_four(w_g + (k + 4u * 0u + 0u) * weight_row + FOUR * 0u);
      let b_0_1_0 = weight_four(w_g + (k + 4u * 0u + 1u) * weight_row + FOUR * 0u);
      let b_0_2_0 = weight_four(w_g + (k + 4u * 0u + 2u) * weight_row + FOUR * 0u);
      let b_0_3_0 = weight_four(w_g + (k + 4u * 0u + 3u) * weight_row + FOUR * 0u);
      let d_0_0_0 = d_0_0 + column + k + 4u * 0u;
      let a_0_0_0 = vec4f(gates[d_0_0_0], gates[d_0_0_0 + 1u], gates[d_0_0_0 + 2u], gates[d_0_0_0 + 3u]);
      let d_0_0_1 = d_0_1 + column + k + 4u * 0u;
      let a_0_0_1 = vec4f(gates[d_0_0_1], gates[d_0_0_1 + 1u], gates[d_0_0_1 + 2u], gates[d_0_0_1 + 3u]);
      let d_0_0_2 = d_0_2 + column + k + 4u * 0u;
      let a_0_0_2 = vec4f(gates[d_0_0_2], gates[d_0_0_2 + 1u], gates[d_0_0_2 + 2u], gates[d_0_0_2 + 3u]);
      let d_0_0_3 = d_0_3 + column + k + 4u * 0u;
      let a_0_0_3 = vec4f(gates[d_0_0_3], gates[d_0_0_3 + 1u], gates[d_0_0_3 + 2u], gates[d_0_0_3 + 3u]);
      let d_0_1_0 = d_1_0 + column + k + 4u * 0u;
      let a_0_1_0 = vec4f(gates[d_0_1_0], gates[d_0_1_0 + 1u], gates[d_0_1_0 + 2u], gates[d_0_1_0 + 3u]);
      let d_0_1_1 = d_1_1 + column + k + 4u * 0u;
      let a_0_1_1 = vec4f(gates[d_0_1_1], gates[d_0_1_1 + 1u], gates[d_0_1_1 + 2u], gates[d_0_1_1 + 3u]);
      let d_0_1_2 = d_1_2 + column + k + 4u * 0u;
      let a_0_1_2 = vec4f(gates[d_0_1_2], gates[d_0_1_2 + 1u], gates[d_0_1_2 + 2u], gates[d_0_1_2 + 3u]);
      let d_0_1_3 = d_1_3 + column + k + 4u * 0u;
      let a_0_1_3 = vec4f(gates[d_0_1_3], gates[d_0_1_3 + 1u], gates[d_0_1_3 + 2u], gates[d_0_1_3 + 3u]);
      acc_0_0_0_0 += b_0_0_0[0] * a_0_0_0[0];
      acc_0_0_0_0 += b_0_1_0[0] * a_0_0_0[1];
      acc_0_0_0_0 += b_0_2_0[0] * a_0_0_0[2];
      acc_0_0_0_0 += b_0_3_0[0] * a_0_0_0[3];
      acc_0_0_0_1 += b_0_0_0[1] * a_0_0_0[0];
      acc_0_0_0_1 += b_0_1_0[1] * a_0_0_0[1];
      acc_0_0_0_1 += b_0_2_0[1] * a_0_0_0[2];
      acc_0_0_0_1 += b_0_3_0[1] * a_0_0_0[3];
      acc_0_0_0_2 += b_0_0_0[2] * a_0_0_0[0];
      acc_0_0_0_2 += b_0_1_0[2] * a_0_0_0[1];
      acc_0_0_0_2 += b_0_2_0[2] * a_0_0_0[2];
      acc_0_0_0_2 += b_0_3_0[2] * a_0_0_0[3];
      acc_0_0_0_3 += b_0_0_0[3] * a_0_0_0[0];
      acc_0_0_0_3 += b_0_1_0[3] * a_0_0_0[1];
      acc_0_0_0_3 += b_0_2_0[3] * a_0_0_0[2];
      acc_0_0_0_3 += b_0_3_0[3] * a_0_0_0[3];
      acc_0_1_0_0 += b_0_0_0[0] * a_0_0_1[0];
      acc_0_1_0_0 += b_0_1_0[0] * a_0_0_1[1];
      acc_0_1_0_0 += b_0_2_0[0] * a_0_0_1[2];
      acc_0_1_0_0 += b_0_3_0[0] * a_0_0_1[3];
      acc_0_1_0_1 += b_0_0_0[1] * a_0_0_1[0];
      acc_0_1_0_1 += b_0_1_0[1] * a_0_0_1[1];
      acc_0_1_0_1 += b_0_2_0[1] * a_0_0_1[2];
      acc_0_1_0_1 += b_0_3_0[1] * a_0_0_1[3];
      acc_0_1_0_2 += b_0_0_0[2] * a_0_0_1[0];
      acc_0_1_0_2 += b_0_1_0[2] * a_0_0_1[1];
      acc_0_1_0_2 += b_0_2_0[2] * a_0_0_1[2];
      acc_0_1_0_2 += b_0_3_0[2] * a_0_0_1[3];
      acc_0_1_0_3 += b_0_0_0[3] * a_0_0_1[0];
      acc_0_1_0_3 += b_0_1_0[3] * a_0_0_1[1];
      acc_0_1_0_3 += b_0_2_0[3] * a_0_0_1[2];
      acc_0_1_0_3 += b_0_3_0[3] * a_0_0_1[3];
      acc_0_2_0_0 += b_0_0_0[0] * a_0_0_2[0];
      acc_0_2_0_0 += b_0_1_0[0] * a_0_0_2[1];
      acc_0_2_0_0 += b_0_2_0[0] * a_0_0_2[2];
      acc_0_2_0_0 += b_0_3_0[0] * a_0_0_2[3];
      acc_0_2_0_1 += b_0_0_0[1] * a_0_0_2[0];
      acc_0_2_0_1 += b_0_1_0[1] * a_0_0_2[1];
      acc_0_2_0_1 += b_0_2_0[1] * a_0_0_2[2];
      acc_0_2_0_1 += b_0_3_0[1] * a_0_0_2[3];
      acc_0_2_0_2 += b_0_0_0[2] * a_0_0_2[0];
      acc_0_2_0_2 += b_0_1_0[2] * a_0_0_2[1];
      acc_0_2_0_2 += b_0_2_0[2] * a_0_0_2[2];
      acc_0_2_0_2 += b_0_3_0[2] * a_0_0_2[3];
      acc_0_2_0_3 += b_0_0_0[3] * a_0_0_2[0];
      acc_0_2_0_3 += b_0_1_0[3] * a_0_0_2[1];
      acc_0_2_0_3 += b_0_2_0[3] * a_0_0_2[2];
      acc_0_2_0_3 += b_0_3_0[3] * a_0_0_2[3];
      acc_0_3_0_0 += b_0_0_0[0] * a_0_0_3[0];
      acc_0_3_0_0 += b_0_1_0[0] * a_0_0_3[1];
      acc_0_3_0_0 += b_0_2_0[0] * a_0_0_3[2];
      acc_0_3_0_0 += b_0_3_0[0] * a_0_0_3[3];
      acc_0_3_0_1 += b_0_0_0[1] * a_0_0_3[0];
      acc_0_3_0_1 += b_0_1_0[1] * a_0_0_3[1];
      acc_0_3_0_1 += b_0_2_0[1] * a_0_0_3[2];
      acc_0_3_0_1 += b_0_3_0[1] * a_0_0_3[3];
      acc_0_3_0_2 += b_0_0_0[2] * a_0_0_3[0];
      acc_0_3_0_2 += b_0_1_0[2] * a_0_0_3[1];
      acc_0_3_0_2 += b_0_2_0[2] * a_0_0_3[2];
      acc_0_3_0_2 += b_0_3_0[2] * a_0_0_3[3];
      acc_0_3_0_3 += b_0_0_0[3] * a_0_0_3[0];
      acc_0_3_0_3 += b_0_1_0[3] * a_0_0_3[1];
      acc_0_3_0_3 += b_0_2_0[3] * a_0_0_3[2];
      acc_0_3_0_3 += b_0_3_0[3] * a_0_0_3[3];
      acc_1_0_0_0 += b_0_0_0[0] * a_0_1_0[0];
      acc_1_0_0_0 += b_0_1_0[0] * a_0_1_0[1];
      acc_1_0_0_0 += b_0_2_0[0] * a_0_1_0[2];
      acc_1_0_0_0 += b_0_3_0[0] * a_0_1_0[3];
      acc_1_0_0_1 += b_0_0_0[1] * a_0_1_0[0];
      acc_1_0_0_1 += b_0_1_0[1] * a_0_1_0[1];
      acc_1_0_0_1 += b_0_2_0[1] * a_0_1_0[2];
      acc_1_0_0_1 += b_0_3_0[1] * a_0_1_0[3];
      acc_1_0_0_2 += b_0_0_0[2] * a_0_1_0[0];
      acc_1_0_0_2 += b_0_1_0[2] * a_0_1_0[1];
      acc_1_0_0_2 += b_0_2_0[2] * a_0_1_0[2];
      acc_1_0_0_2 += b_0_3_0[2] * a_0_1_0[3];
      acc_1_0_0_3 += b_0_0_0[3] * a_0_1_0[0];
      acc_1_0_0_3 += b_0_1_0[3] * a_0_1_0[1];
      acc_1_0_0_3 += b_0_2_0[3] * a_0_1_0[2];
      acc_1_0_0_3 += b_0_3_0[3] * a_0_1_0[3];
      acc_1_1_0_0 += b_0_0_0[0] * a_0_1_1[0];
      acc_1_1_0_0 += b_0_1_0[0] * a_0_1_1[1];
      acc_1_1_0_0 += b_0_2_0[0] * a_0_1_1[2];
      acc_1_1_0_0 += b_0_3_0[0] * a_0_1_1[3];
      acc_1_1_0_1 += b_0_0_0[1] * a_0_1_1[0];
      acc_1_1_0_1 += b_0_1_0[1] * a_0_1_1[1];
      acc_1_1_0_1 += b_0_2_0[1] * a_0_1_1[2];
      acc_1_1_0_1 += b_0_3_0[1] * a_0_1_1[3];
      acc_1_1_0_2 += b_0_0_0[2] * a_0_1_1[0];
      acc_1_1_0_2 += b_0_1_0[2] * a_0_1_1[1];
      acc_1_1_0_2 += b_0_2_0[2] * a_0_1_1[2];
      acc_1_1_0_2 += b_0_3_0[2] * a_0_1_1[3];
      acc_1_1_0_3 += b_0_0_0[3] * a_0_1_1[0];
      acc_1_1_0_3 += b_0_1_0[3] * a_0_1_1[1];
      acc_1_1_0_3 += b_0_2_0[3] * a_0_1_1[2];
      acc_1_1_0_3 += b_0_3_0[3] * a_0_1_1[3];
      acc_1_2_0_0 += b_0_0_0[0] * a_0_1_2[0];
      acc_1_2_0_0 += b_0_1_0[0] * a_0_1_2[1];
      acc_1_2_0_0 += b_0_2_0[0] * a_0_1_2[2];
      acc_1_2_0_0 += b_0_3_0[0] * a_0_1_2[3];
      acc_1_2_0_1 += b_0_0_0[1] * a_0_1_2[0];
      acc_1_2_0_1 += b_0_1_0[1] * a_0_1_2[1];
      acc_1_2_0_1 += b_0_2_0[1] * a_0_1_2[2];
      acc_1_2_0_1 += b_0_3_0[1] * a_0_1_2[3];
      acc_1_2_0_2 += b_0_0_0[2] * a_0_1_2[0];
      acc_1_2_0_2 += b_0_1_0[2] * a_0_1_2[1];
      acc_1_2_0_2 += b_0_2_0[2] * a_0_1_2[2];
      acc_1_2_0_2 += b_0_3_0[2] * a_0_1_2[3];
      acc_1_2_0_3 += b_0_0_0[3] * a_0_1_2[0];
      acc_1_2_0_3 += b_0_1_0[3] * a_0_1_2[1];
      acc_1_2_0_3 += b_0_2_0[3] * a_0_1_2[2];
      acc_1_2_0_3 += b_0_3_0[3] * a_0_1_2[3];
      acc_1_3_0_0 += b_0_0_0[0] * a_0_1_3[0];
      acc_1_3_0_0 += b_0_1_0[0] * a_0_1_3[1];
      acc_1_3_0_0 += b_0_2_0[0] * a_0_1_3[2];
      acc_1_3_0_0 += b_0_3_0[0] * a_0_1_3[3];
      acc_1_3_0_1 += b_0_0_0[1] * a_0_1_3[0];
      acc_1_3_0_1 += b_0_1_0[1] * a_0_1_3[1];
      acc_1_3_0_1 += b_0_2_0[1] * a_0_1_3[2];
      acc_1_3_0_1 += b_0_3_0[1] * a_0_1_3[3];
      acc_1_3_0_2 += b_0_0_0[2] * a_0_1_3[0];
      acc_1_3_0_2 += b_0_1_0[2] * a_0_1_3[1];
      acc_1_3_0_2 += b_0_2_0[2] * a_0_1_3[2];
      acc_1_3_0_2 += b_0_3_0[2] * a_0_1_3[3];
      acc_1_3_0_3 += b_0_0_0[3] * a_0_1_3[0];
      acc_1_3_0_3 += b_0_1_0[3] * a_0_1_3[1];
      acc_1_3_0_3 += b_0_2_0[3] * a_0_1_3[2];
      acc_1_3_0_3 += b_0_3_0[3] * a_0_1_3[3];
    }
    for (var k = turns * DEPTH; k < end; k += 1u) {
      let b_0 = weight_four(w_g + k * weight_row + FOUR * 0u);
      let a_0_0 = gates[d_0_0 + column + k];
      let a_0_1 = gates[d_0_1 + column + k];
      let a_0_2 = gates[d_0_2 + column + k];
      let a_0_3 = gates[d_0_3 + column + k];
      acc_0_0_0_0 += b_0[0] * a_0_0;
      acc_0_0_0_1 += b_0[1] * a_0_0;
      acc_0_0_0_2 += b_0[2] * a_0_0;
      acc_0_0_0_3 += b_0[3] * a_0_0;
      acc_0_1_0_0 += b_0[0] * a_0_1;
      acc_0_1_0_1 += b_0[1] * a_0_1;
      acc_0_1_0_2 += b_0[2] * a_0_1;
      acc_0_1_0_3 += b_0[3] * a_0_1;
      acc_0_2_0_0 += b_0[0] * a_0_2;
      acc_0_2_0_1 += b_0[1] * a_0_2;
      acc_0_2_0_2 += b_0[2] * a_0_2;
      acc_0_2_0_3 += b_0[3] * a_0_2;
      acc_0_3_0_0 += b_0[0] * a_0_3;
      acc_0_3_0_1 += b_0[1] * a_0_3;
      acc_0_3_0_2 += b_0[2] * a_0_3;
      acc_0_3_0_3 += b_0[3] * a_0_3;
      let a_1_0 = gates[d_1_0 + column + k];
      let a_1_1 = gates[d_1_1 + column + k];
      let a_1_2 = gates[d_1_2 + column + k];
      let a_1_3 = gates[d_1_3 + column + k];
      acc_1_0_0_0 += b_0[0] * a_1_0;
      acc_1_0_0_1 += b_0[1] * a_1_0;
      acc_1_0_0_2 += b_0[2] * a_1_0;
      acc_1_0_0_3 += b_0[3] * a_1_0;
      acc_1_1_0_0 += b_0[0] * a_1_1;
      acc_1_1_0_1 += b_0[1] * a_1_1;
      acc_1_1_0_2 += b_0[2] * a_1_1;
      acc_1_1_0_3 += b_0[3] * a_1_1;
      acc_1_2_0_0 += b_0[0] * a_1_2;
      acc_1_2_0_1 += b_0[1] * a_1_2;
      acc_1_2_0_2 += b_0[2] * a_1_2;
      acc_1_2_0_3 += b_0[3] * a_1_2;
      acc_1_3_0_0 += b_0[0] * a_1_3;
      acc_1_3_0_1 += b_0[1] * a_1_3;
      acc_1_3_0_2 += b_0[2] * a_1_3;
      acc_1_3_0_3 += b_0[3] * a_1_3;
    }
  }
  if (u0 >= hidden) { return; }

  var tile: array<array<f32, 4u * UNITS>, TILE_ROWS>;
  tile[QUAD_ROWS * 0 + 0][4 * 0 + 0] = acc_0_0_0_0;
  tile[QUAD_ROWS * 0 + 0][4 * 0 + 1] = acc_0_0_0_1;
  tile[QUAD_ROWS * 0 + 0][4 * 0 + 2] = acc_0_0_0_2;
  tile[QUAD_ROWS * 0 + 0][4 * 0 + 3] = acc_0_0_0_3;
  tile[QUAD_ROWS * 0 + 1][4 * 0 + 0] = acc_0_1_0_0;
  tile[QUAD_ROWS * 0 + 1][4 * 0 + 1] = acc_0_1_0_1;
  tile[QUAD_ROWS * 0 + 1][4 * 0 + 2] = acc_0_1_0_2;
  tile[QUAD_ROWS * 0 + 1][4 * 0 + 3] = acc_0_1_0_3;
  tile[QUAD_ROWS * 0 + 2][4 * 0 + 0] = acc_0_2_0_0;
  tile[QUAD_ROWS * 0 + 2][4 * 0 + 1] = acc_0_2_0_1;
  tile[QUAD_ROWS * 0 + 2][4 * 0 + 2] = acc_0_2_0_2;
  tile[QUAD_ROWS * 0 + 2][4 * 0 + 3] = acc_0_2_0_3;
  tile[QUAD_ROWS * 0 + 3][4 * 0 + 0] = acc_0_3_0_0;
  tile[QUAD_ROWS * 0 + 3][4 * 0 + 1] = acc_0_3_0_1;
  tile[QUAD_ROWS * 0 + 3][4 * 0 + 2] = acc_0_3_0_2;
  tile[QUAD_ROWS * 0 + 3][4 * 0 + 3] = acc_0_3_0_3;
  tile[QUAD_ROWS * 1 + 0][4 * 0 + 0] = acc_1_0_0_0;
  tile[QUAD_ROWS * 1 + 0][4 * 0 + 1] = acc_1_0_0_1;
  tile[QUAD_ROWS * 1 + 0][4 * 0 + 2] = acc_1_0_0_2;
  tile[QUAD_ROWS * 1 + 0][4 * 0 + 3] = acc_1_0_0_3;
  tile[QUAD_ROWS * 1 + 1][4 * 0 + 0] = acc_1_1_0_0;
  tile[QUAD_ROWS * 1 + 1][4 * 0 + 1] = acc_1_1_0_1;
  tile[QUAD_ROWS * 1 + 1][4 * 0 + 2] = acc_1_1_0_2;
  tile[QUAD_ROWS * 1 + 1][4 * 0 + 3] = acc_1_1_0_3;
  tile[QUAD_ROWS * 1 + 2][4 * 0 + 0] = acc_1_2_0_0;
  tile[QUAD_ROWS * 1 + 2][4 * 0 + 1] = acc_1_2_0_1;
  tile[QUAD_ROWS * 1 + 2][4 * 0 + 2] = acc_1_2_0_2;
  tile[QUAD_ROWS * 1 + 2][4 * 0 + 3] = acc_1_2_0_3;
  tile[QUAD_ROWS * 1 + 3][4 * 0 + 0] = acc_1_3_0_0;
  tile[QUAD_ROWS * 1 + 3][4 * 0 + 1] = acc_1_3_0_1;
  tile[QUAD_ROWS * 1 + 3][4 * 0 + 2] = acc_1_3_0_2;
  tile[QUAD_ROWS * 1 + 3][4 * 0 + 3] = acc_1_3_0_3;
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
// The recurrent product reads the state itself, h[t-1] of the row, or what is left of it after dropout.

fn recurrent_row(at: RowPlace) -> u32 {
  return ((at.before * params.batch + at.row) * params.directions + at.direction) * params.features;
}

fn recurrent_input(element: u32) -> f32 {
  if (RECURRENT_DROPOUT > 0.0 || PROJECTED == 1u) { return masked[element]; }
  return h[element];
}
// A step of a cell with layer normalization (Ba et al. 2016) of W_hh·h[t-1], over all gates of a row together: a workgroup a row.
//   forward:  behind the dispatch that left the products in the blocks PRODUCT_BLOCK …: normalize them, then the cell
//   backward: behind the dispatch that left dL/dh[t] in d_hidden: the cell, then the products' blocks become their gradients
// The importing file defines the cell:
//   const NORM_BLOCKS = RECURRENT_GATES;                                   blocks of H in norm and d_norm
//   fn row_forward(row: RowPlace, products: Statistics, thread: u32)       the units of that thread
//   fn row_backward(row: RowPlace, thread: u32)                            turns `gates` into their gradients
// Sums over the values of a row, of which each thread of a workgroup has every ROW_THREADS-th. All threads get the whole.
// A schedule chooses ROW_THREADS: software adapters pay for a barrier by the thread.

const ROW_THREADS = 64u;
const EPSILON = 1e-5;

// Sums that follow one another use slots 0 and 1 in turn: a slot is written again only behind the barrier of the other.
var<workgroup> parts: array<vec2f, 2u * ROW_THREADS>;

struct Statistics {
  mean: f32,
  scale: f32,  // 1 / √(variance + EPSILON), the variance without Bessel's correction
}

fn row_sums(part: vec2f, thread: u32, slot: u32) -> vec2f {
  parts[slot * ROW_THREADS + thread] = part;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = 0u; i < ROW_THREADS; i += 1u) { sum += parts[slot * ROW_THREADS + i]; }
  return sum;
}

// How many of `count` values are a thread's own.
fn own_count(count: u32, thread: u32) -> u32 {
  return (count + ROW_THREADS - 1u - thread) / ROW_THREADS;
}

// Statistics of a row of `count` · `each` values, a thread's own being `each` for every one of `count`, with that mean and that sum
// of squares about it.
fn row_statistics(mean: f32, squares: f32, count: u32, each: u32, thread: u32, slot: u32) -> Statistics {
  parts[slot * ROW_THREADS + thread] = vec2f(mean, squares);
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < ROW_THREADS; i += 1u) { sum += f32(own_count(count, i) * each) * parts[slot * ROW_THREADS + i].x; }
  let whole = sum / f32(count * each);
  var about = 0.0;
  for (var i = 0u; i < ROW_THREADS; i += 1u) {
    let part = parts[slot * ROW_THREADS + i];
    let off = part.x - whole;
    about += part.y + f32(own_count(count, i) * each) * off * off;
  }
  return Statistics(whole, inverseSqrt(about / f32(count * each) + EPSILON));
}

// A value of the row with mean 0 and variance 1.
fn standard(value: f32, row: Statistics) -> f32 {
  return (value - row.mean) * row.scale;
}

@group(0) @binding(12) var<storage, read> norm: array<f32>;         // norm_hh [R·H], then norm_c and norm_c_bias [H], of the first direction
@group(0) @binding(13) var<storage, read_write> d_norm: array<f32>; // [D, N, NORM_BLOCKS, H] their gradients by row, summed over the steps

fn norm_row(direction: u32) -> u32 {
  return params.norm_offset + direction * params.norm_stride;
}

fn d_norm_row(row: RowPlace) -> u32 {
  return (row.direction * params.batch + row.row) * NORM_BLOCKS * params.hidden;
}

fn product_of(at: Place, gate: u32) -> f32 {
  return gates[at.gates + (PRODUCT_BLOCK + gate) * params.hidden];
}

fn product_statistics(row: RowPlace, thread: u32) -> Statistics {
  let own = f32(own_count(params.hidden, thread) * RECURRENT_GATES);
  var sum = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) { sum += product_of(place(row, u), g); }
  }
  let mean = sum / max(own, 1.0);
  var squares = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
      let off = product_of(place(row, u), g) - mean;
      squares += off * off;
    }
  }
  return row_statistics(mean, squares, params.hidden, RECURRENT_GATES, thread, 0u);
}

// What the unit's gates get of the state: the biases come after the normalization.
fn normalized_products(at: Place, products: Statistics) -> Recurrent {
  var recurrent: Recurrent;
  for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
    let column = g * params.hidden + at.unit;
    let bias = bias_hh[params.bias_hh_offset + at.direction * params.bias_stride + column];
    recurrent[g] = norm[norm_row(at.direction) + column] * standard(product_of(at, g), products) + bias;
  }
  return recurrent;
}

// The part of dL/dh[t] that is the cell's own, less what zoneout sends past it.
fn own_gradient(at: Place) -> f32 {
  return (1.0 - zoneout_keep(at, ZONEOUT_H, 0u)) * d_hidden[at.state];
}

// d_hidden becomes what reaches h[t-1] other than through the products: `past` of the cell, and what zoneout sends past it.
fn pass_on(at: Place, past: f32) {
  d_hidden[at.state] = past + zoneout_keep(at, ZONEOUT_H, 0u) * d_hidden[at.state];
}

@compute @workgroup_size(ROW_THREADS)
fn normalized_forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x + group.y * groups.x;
  if (n >= params.batch) { return; }
  let row = row_place(params.step, n, group.z);
  if (row.time >= lengths[n]) { return; }
  let products = product_statistics(row, thread);
  row_forward(row, products, thread);
}

@compute @workgroup_size(ROW_THREADS)
fn normalized_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x + group.y * groups.x;
  if (n >= params.batch) { return; }
  let row = row_place(params.step, n, group.z);
  if (row.time >= lengths[n]) {
    for (var k = thread; k < SAVED_GATES * params.hidden; k += ROW_THREADS) { gates[gates_row(row.time, n, row.direction) + k] = 0.0; }
    return;
  }
  row_backward(row, thread);
  let products = product_statistics(row, thread);
  var part = vec2f();
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
      let column = g * params.hidden + u;
      let d = gates[at.gates + recurrent_block(g) * params.hidden];
      let hat = standard(product_of(at, g), products);
      d_norm[d_norm_row(row) + column] += d * hat;
      part += d * norm[norm_row(row.direction) + column] * vec2f(1.0, hat);
    }
  }
  let sums = row_sums(part, thread, 1u) / f32(RECURRENT_GATES * params.hidden);
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
      let d = gates[at.gates + recurrent_block(g) * params.hidden] * norm[norm_row(row.direction) + g * params.hidden + u];
      let hat = standard(product_of(at, g), products);
      gates[at.gates + (PRODUCT_BLOCK + g) * params.hidden] = products.scale * (d - sums.x - hat * sums.y);
    }
  }
}

const RECURRENT_GATES = 3u;
const RECURRENT_SIZE = 3u;
const SAVED_GATES = 4u;
const NORM_BLOCKS = RECURRENT_GATES;  // norm_hh

fn recurrent_block(gate: u32) -> u32 {
  return select(gate, 3u, gate == 2u);
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let stride = params.hidden;
  let r = gate(gates[at.input] + recurrent[0]);
  let z = gate(gates[at.input + stride] + recurrent[1]);
  let n = candidate(gates[at.input + 2u * stride] + r * recurrent[2]);
  if (KEEP == 1u) {
    gates[at.gates] = r;
    gates[at.gates + stride] = z;
    gates[at.gates + 2u * stride] = n;
    gates[at.gates + 3u * stride] = recurrent[2];
  }
  return (1.0 - z) * n + z * h[at.before];
}

fn cell_backward(at: Place, product: f32) -> f32 {
  return gate_gradients(at, incoming_gradient(at, product));
}

// `gates` become gradients; gives what reaches h[t-1] past the products.
fn gate_gradients(at: Place, dh: f32) -> f32 {
  let stride = params.hidden;
  let r = gates[at.gates];
  let z = gates[at.gates + stride];
  let n = gates[at.gates + 2u * stride];
  let recurrent = gates[at.gates + 3u * stride];
  let d_n = dh * (1.0 - z) * d_candidate(n);
  gates[at.gates] = d_n * recurrent * d_gate(r);
  gates[at.gates + stride] = dh * (h[at.before] - n) * d_gate(z);
  gates[at.gates + 2u * stride] = d_n;
  gates[at.gates + 3u * stride] = d_n * r;
  return dh * z;
}

fn row_forward(row: RowPlace, products: Statistics, thread: u32) {
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    keep_state(at, cell_forward(at, normalized_products(at, products)));
  }
}

fn row_backward(row: RowPlace, thread: u32) {
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    pass_on(at, gate_gradients(at, own_gradient(at)));
  }
}
