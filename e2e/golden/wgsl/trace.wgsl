// What a lecture plots of BPTT: how large dL/dh[t] is at every step, and how many gates are saturated there. Each in two
// passes: a thread a row of units, which are side by side in memory, then a thread a step that adds up its rows. So the first
// pass, which reads everything, has work for a whole GPU. Rows past their length do not count.

struct TraceParams {
  steps: u32,
  batch: u32,
  hidden: u32,
  directions: u32,
  saved: u32,       // S, blocks of `gates`
  traced: u32,      // gates traced: the first blocks
  candidates: u32,  // bit q set: gate_block q has the candidate's activation, the others have the gates'
  linear: u32,      // bit q set: gate_block q has none, and no limits
  gate_low: f32,    // what each lies between
  gate_high: f32,
  candidate_low: f32,
  candidate_high: f32,
}

@group(0) @binding(0) var<uniform> params: TraceParams;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;            // [N]
@group(0) @binding(2) var<storage, read> d_hidden_all: array<f32>;       // [T, N, D·H] dL/dh[t]
@group(0) @binding(3) var<storage, read_write> row_squares: array<f32>;  // [T, N, D] their sum over the units
@group(0) @binding(4) var<storage, read_write> norms: array<f32>;        // [T, D]

const WORKGROUP = 64u;

fn thread(id: vec3u, groups: vec3u) -> u32 {
  return id.x + id.y * groups.x * WORKGROUP;
}

@compute @workgroup_size(WORKGROUP)
fn row_norms(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= params.steps * params.batch * params.directions) { return; }
  let n = (row / params.directions) % params.batch;
  var sum = 0.0;
  if (row / (params.directions * params.batch) < lengths[n]) {
    let start = row * params.hidden;
    let end = start + params.hidden;
    var fours = vec4f();
    var at = start;
    for (; at + 4u <= end; at += 4u) {
      let d = vec4f(d_hidden_all[at], d_hidden_all[at + 1u], d_hidden_all[at + 2u], d_hidden_all[at + 3u]);
      fours += d * d;
    }
    for (; at < end; at += 1u) { fours.x += d_hidden_all[at] * d_hidden_all[at]; }
    sum = (fours.x + fours.y) + (fours.z + fours.w);
  }
  row_squares[row] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn gradient_norms(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = thread(id, groups);
  if (at >= params.steps * params.directions) { return; }
  let first = (at / params.directions) * params.batch * params.directions + at % params.directions;
  var sum = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) { sum += row_squares[first + n * params.directions]; }
  norms[at] = sqrt(sum);
}

@group(0) @binding(5) var<storage, read> gates: array<f32>;              // [T, N, D, S, H] activations
@group(0) @binding(6) var<storage, read_write> row_counts: array<f32>;   // [T, N, D, G] units within 0.05 of a limit
@group(0) @binding(7) var<storage, read_write> saturation: array<f32>;   // [T, D, G] their share

const MARGIN = 0.05;

@compute @workgroup_size(WORKGROUP)
fn row_saturation(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = thread(id, groups);
  if (at >= params.steps * params.batch * params.directions * params.traced) { return; }
  let gate_block = at % params.traced;
  let row = at / params.traced;
  let n = (row / params.directions) % params.batch;
  let is_candidate = extractBits(params.candidates, gate_block, 1u) == 1u;
  let low = select(params.gate_low, params.candidate_low, is_candidate) + MARGIN;
  let high = select(params.gate_high, params.candidate_high, is_candidate) - MARGIN;
  var count = 0.0;
  if (row / (params.directions * params.batch) < lengths[n] && extractBits(params.linear, gate_block, 1u) == 0u) {
    let start = (row * params.saved + gate_block) * params.hidden;
    let end = start + params.hidden;
    var fours = vec4f();
    var k = start;
    for (; k + 4u <= end; k += 4u) {
      let y = vec4f(gates[k], gates[k + 1u], gates[k + 2u], gates[k + 3u]);
      fours += max(step(y, vec4f(low)), step(vec4f(high), y));
    }
    for (; k < end; k += 1u) { fours.x += max(step(gates[k], low), step(high, gates[k])); }
    count = (fours.x + fours.y) + (fours.z + fours.w);
  }
  row_counts[at] = count;
}

@compute @workgroup_size(WORKGROUP)
fn gate_saturation(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = thread(id, groups);
  let columns = params.directions * params.traced;
  if (at >= params.steps * columns) { return; }
  let time = at / columns;
  var count = 0.0;
  var units = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) {
    count += row_counts[(time * params.batch + n) * columns + at % columns];
    units += select(0.0, f32(params.hidden), time < lengths[n]);
  }
  saturation[at] = count / max(units, 1.0);
}
