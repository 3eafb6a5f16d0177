// Layer normalization (Ba et al. 2016) of the input side of a recurrent layer's gates, for all steps at once: a workgroup a row of C
// values.  y = gain·(a - mean) / √(variance + 1e-5) + bias, a being the row's blocks from `raw`, y its first ones.
// Backward the first blocks hold dL/dy, and a becomes dL/da.
#import row_sums

struct LayerNormParams {
  first: u32,         // the first step in time
  steps: u32,         // how many
  batch: u32,         // N
  directions: u32,    // D
  columns: u32,       // C = G·H
  row_stride: u32,    // S·H: elements from one row [t, n, d] of `gates` to the next
  raw: u32,           // element of a row where a begins
  gain_stride: u32,   // elements from one direction's to the other's
  bias_stride: u32,
  has_bias: u32,
  gain_offset: u32,
  bias_offset: u32,
}

@group(0) @binding(0) var<uniform> params: LayerNormParams;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;   // [T, N, D, S, H]
@group(0) @binding(2) var<storage, read> gain: array<f32>;          // [C] of the first direction
@group(0) @binding(3) var<storage, read> bias: array<f32>;          // [C] likewise
@group(0) @binding(4) var<storage, read_write> d_gain: array<f32>;  // [D, N, C] by row, summed over the steps

fn statistics(a: u32, thread: u32) -> Statistics {
  var sum = 0.0;
  for (var k = thread; k < params.columns; k += ROW_THREADS) { sum += gates[a + k]; }
  let mean = sum / max(f32(own_count(params.columns, thread)), 1.0);
  var squares = 0.0;
  for (var k = thread; k < params.columns; k += ROW_THREADS) { squares += (gates[a + k] - mean) * (gates[a + k] - mean); }
  return row_statistics(mean, squares, params.columns, 1u, thread, 0u);
}

@compute @workgroup_size(ROW_THREADS)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= params.steps * params.batch * params.directions) { return; }
  let direction = row % params.directions;
  let y = (params.first * params.batch * params.directions + row) * params.row_stride;
  let a = y + params.raw;
  let of_row = statistics(a, thread);
  for (var k = thread; k < params.columns; k += ROW_THREADS) {
    var value = gain[params.gain_offset + direction * params.gain_stride + k] * standard(gates[a + k], of_row);
    if (params.has_bias == 1u) { value += bias[params.bias_offset + direction * params.bias_stride + k]; }
    gates[y + k] = value;
  }
}

// One workgroup has a batch row of one direction at every step, the last step first, so that the gain's gradient is one chain of
// additions. Adds to it.
@compute @workgroup_size(ROW_THREADS)
fn backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x + group.y * groups.x;
  let direction = group.z;
  if (n >= params.batch) { return; }
  let gains = params.gain_offset + direction * params.gain_stride;
  let into = (direction * params.batch + n) * params.columns;
  for (var step = params.steps; step > 0u; step -= 1u) {
    let y = (((params.first + step - 1u) * params.batch + n) * params.directions + direction) * params.row_stride;
    let a = y + params.raw;
    let of_row = statistics(a, thread);
    var part = vec2f();
    for (var k = thread; k < params.columns; k += ROW_THREADS) {
      let hat = standard(gates[a + k], of_row);
      d_gain[into + k] += gates[y + k] * hat;
      part += gates[y + k] * gain[gains + k] * vec2f(1.0, hat);
    }
    let sums = row_sums(part, thread, 1u) / f32(params.columns);
    for (var k = thread; k < params.columns; k += ROW_THREADS) {
      let hat = standard(gates[a + k], of_row);
      gates[a + k] = of_row.scale * (gates[y + k] * gain[gains + k] - sums.x - hat * sums.y);
    }
  }
}
