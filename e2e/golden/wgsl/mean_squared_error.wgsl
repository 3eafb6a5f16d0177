// Mean squared error: (y - ŷ)² over rows of values, which become their own gradient.
// The pass of a loss over rows of F values, between the passes of weighted_mean.wgsl: a row's loss is the mean over its values,
// and the values become the gradient of the weighted mean over all rows. The importing file defines the loss of one value:
//   fn value_loss(value: f32, target_value: f32, f: u32) -> vec2f    loss and derivative; f is the column
// Rows without weight may hold anything.

struct RowParams {
  rows: u32,      // T·N
  features: u32,  // F
}

@group(0) @binding(0) var<uniform> params: RowParams;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;    // [T·N, F] in: predictions or logits; out: their gradient
@group(0) @binding(2) var<storage, read> targets: array<f32>;           // [T·N, F] targets
@group(0) @binding(3) var<storage, read> row_weight: array<f32>;      // [T·N]
@group(0) @binding(4) var<storage, read> mean: array<f32>;            // [2] 1 / the sum of the weights; the sum
@group(0) @binding(5) var<storage, read_write> row_loss: array<f32>;  // [T·N] times the row's weight

@compute @workgroup_size(16)
fn rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.rows) { return; }
  let start = row * params.features;
  let weight = row_weight[row] / f32(params.features);
  var sum = 0.0;
  for (var f = 0u; f < params.features; f += 1u) {
    var one = vec2f(0.0);
    if (weight != 0.0) { one = value_loss(values[start + f], targets[start + f], f); }
    sum += one.x;
    values[start + f] = weight * mean[0] * one.y;
  }
  row_loss[row] = weight * sum;
}

fn value_loss(value: f32, target_value: f32, f: u32) -> vec2f {
  let difference = value - target_value;
  return vec2f(difference * difference, 2.0 * difference);
}
