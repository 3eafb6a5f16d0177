// Binary cross-entropy of logits x, which become their own gradient; s is the sigmoid, p the weight of the positive answers:
//   -p·y·log s(x) - (1-y)·log(1 - s(x)) = p·y·softplus(-x) + (1-y)·softplus(x)     derivative: (1-y)·s(x) - p·y·s(-x)
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

@group(0) @binding(6) var<storage, read> positive_weights: array<f32>;  // [F] p

// log(1 + e) for e in 0..1, exact in f32 also where e is small: 2·artanh(e / (2 + e)).
fn log_1_plus(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let z = s * s;
  return 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0)))))));
}

fn value_loss(value: f32, target_value: f32, f: u32) -> vec2f {
  let e = exp(-abs(value));
  let softplus = vec2f(max(value, 0.0), max(-value, 0.0)) + log_1_plus(e);  // of x and of -x
  let likely = 1.0 / (1.0 + e);
  let sigmoid = select(vec2f(e * likely, likely), vec2f(likely, e * likely), value >= 0.0);
  let share = vec2f(1.0 - target_value, target_value * positive_weights[f]);
  return vec2f(unless_nan(value, dot(share, softplus)), unless_nan(value, share.x * sigmoid.x - share.y * sigmoid.y));
}
