// What a lecture plots of BPTT: how large dL/dh[t] is at every step, and how many gates are saturated there.
// One thread a step and direction (and gate); rows past their length do not count.

struct TraceParams {
  steps: u32,
  batch: u32,
  hidden: u32,
  directions: u32,
  saved: u32,       // S, blocks of `gates`
  traced: u32,      // gates traced: the first blocks
  candidates: u32,  // bit q set: gate_block q is a candidate, between -1 and 1; the others are between 0 and 1
}

@group(0) @binding(0) var<uniform> params: TraceParams;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;            // [N]
@group(0) @binding(2) var<storage, read> d_hidden_all: array<f32>;       // [T, N, D·H] dL/dh[t]
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;        // [T, D]

@compute @workgroup_size(16)
fn gradient_norms(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.steps * params.directions) { return; }
  let time = id.x / params.directions;
  let direction = id.x % params.directions;
  var sum = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) {
    if (time >= lengths[n]) { continue; }
    let start = ((time * params.batch + n) * params.directions + direction) * params.hidden;
    for (var u = 0u; u < params.hidden; u += 1u) { sum += d_hidden_all[start + u] * d_hidden_all[start + u]; }
  }
  norms[id.x] = sqrt(sum);
}

@group(0) @binding(4) var<storage, read> gates: array<f32>;              // [T, N, D, S, H] activations
@group(0) @binding(5) var<storage, read_write> saturation: array<f32>;   // [T, D, G] share of the units within 0.05 of a limit

const MARGIN = 0.05;

@compute @workgroup_size(16)
fn gate_saturation(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.steps * params.directions * params.traced) { return; }
  let gate_block = id.x % params.traced;
  let direction = (id.x / params.traced) % params.directions;
  let time = id.x / (params.traced * params.directions);
  let candidate = extractBits(params.candidates, gate_block, 1u);
  let low = select(MARGIN, MARGIN - 1.0, candidate == 1u);
  var count = 0.0;
  var units = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) {
    if (time >= lengths[n]) { continue; }
    let start = (((time * params.batch + n) * params.directions + direction) * params.saved + gate_block) * params.hidden;
    for (var u = 0u; u < params.hidden; u += 1u) {
      let y = gates[start + u];
      count += select(0.0, 1.0, y < low || y > 1.0 - MARGIN);
    }
    units += f32(params.hidden);
  }
  saturation[id.x] = count / max(units, 1.0);
}
