// What a projected layer (Sak et al. 2014; PyTorch's proj_size) does at a step beside its products: the state is p[t] = W_hr·m[t], of
// P features, m being what the cell makes.
//   forward:  behind the product, which left p in the slot: zoneout, and the mask for the next step's recurrent product
//   backward: dL/dp[t] of all that arrives, before dL/dm = dL/dp·W_hr
#import time
#import state_masks

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
