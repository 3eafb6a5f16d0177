// What a projected layer (Sak et al. 2014; PyTorch's proj_size) does at a step beside its products: the state is p[t] = W_hr·m[t], of
// P features, m being what the cell makes.
//   forward:  behind the product, which left p in the slot: zoneout, and the mask for the next step's recurrent product
//   backward: dL/dp[t] of all that arrives, before dL/dm = dL/dp·W_hr
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

struct ProjectionParams {
  step: u32,        // in the order in which the directions run
  steps: u32,       // T
  batch: u32,       // N
  features: u32,    // P
  directions: u32,  // D
  reverse: u32,     // 1: the only direction runs from the end
  d_output_columns: u32,    // elements of one row of d_output
  d_output_direction: u32,  // elements from one direction's columns to the other's: 0 where their outputs were merged
  d_output_scale: f32,
  stream: u32,
}

@group(0) @binding(0) var<uniform> params: ProjectionParams;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;             // [N+3]
@group(0) @binding(2) var<storage, read_write> h: array<f32>;             // [slots, N, D·P]
@group(0) @binding(3) var<storage, read_write> masked: array<f32>;        // [slots, N, D·P] or one element
@group(0) @binding(4) var<storage, read> product: array<f32>;             // [D, N, P] W_hhᵀ times the gradients one step on
@group(0) @binding(5) var<storage, read_write> d_output: array<f32>;      // [T, N, D·P], or [T, N, P] merged; traced: becomes dL/dh[t] whole
@group(0) @binding(6) var<storage, read_write> d_hidden: array<f32>;      // [D, N, P] in: dL/dh past this window or step; out: what bypasses W_hh
@group(0) @binding(7) var<storage, read_write> d_projected: array<f32>;   // [T, N, D·P] dL/dp

const TRACE = 0u;  // 1 to leave dL/dh[t] in d_output, where directions are not merged

struct Element {
  unit: u32,
  row: u32,        // n
  direction: u32,
  time: u32,
  step: u32,       // element of an array [T, N, D·P]
}

fn element_of(at: u32) -> Element {
  let unit = at % params.features;
  let row = (at / params.features) % params.batch;
  let direction = at / (params.features * params.batch);
  let time = time_of(params.step, params.steps, reversed(direction));
  return Element(unit, row, direction, time, ((time * params.batch + row) * params.directions + direction) * params.features + unit);
}

fn reversed(direction: u32) -> bool {
  return direction == 1u || params.reverse == 1u;
}

// Each thread one element of [D, N, P].
@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.directions * params.batch * params.features) { return; }
  let e = element_of(at);
  if (e.time >= lengths[e.row]) { return; }
  let slot = params.batch * params.directions * params.features;
  let start = slot_before(e.time, lengths[e.row], params.steps, reversed(e.direction));
  let before = h[start * slot + e.step - e.time * slot];
  let made = h[e.step + slot];
  let next = made + zoneout_share(e.step, params.features, ZONEOUT_H, 0u) * (before - made);
  h[e.step + slot] = next;
  if (RECURRENT_DROPOUT > 0.0) { masked[e.step + slot] = next * dropout_share(at); }
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.directions * params.batch * params.features) { return; }
  let e = element_of(at);
  if (e.time >= lengths[e.row]) {
    d_projected[e.step] = 0.0;
    return;
  }
  let output = (e.time * params.batch + e.row) * params.d_output_columns + e.direction * params.d_output_direction + e.unit;
  let dh = product[at] * dropout_share(at) + params.d_output_scale * d_output[output] + d_hidden[at];
  if (TRACE == 1u) { d_output[output] = dh; }
  let keep = zoneout_share(e.step, params.features, ZONEOUT_H, 0u);
  d_projected[e.step] = (1.0 - keep) * dh;
  d_hidden[at] = keep * dh;
}
