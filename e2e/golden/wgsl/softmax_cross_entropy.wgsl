// Softmax cross-entropy over rows: loss and gradient in one pass over the logits, which become their own gradient.
// A target of 0xffffffff is ignored: no loss, no gradient. `rows`, `steps` and `sum_steps` are the mean over all T·N rows;
// `weighted_rows` goes between the passes of weighted_mean.wgsl.
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

const IGNORED = 0xffffffffu;

struct CrossEntropyParams {
  steps: u32,       // T
  batch: u32,       // N
  vocabulary: u32,  // V
  scale: f32,       // of the gradient: 1 / (T·N) for the mean
}

@group(0) @binding(0) var<uniform> params: CrossEntropyParams;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;     // [T·N, V] in: logits; out: their gradient
@group(0) @binding(2) var<storage, read> targets: array<u32>;          // [T·N]
@group(0) @binding(3) var<storage, read_write> row_loss: array<f32>;   // [T·N] nats; weighted_rows: times the row's weight
@group(0) @binding(4) var<storage, read_write> step_loss: array<f32>;  // [T] mean over the batch at each step
@group(0) @binding(5) var<storage, read_write> total: array<f32>;      // [2] scale · sum over all rows; rows counted
@group(0) @binding(6) var<storage, read> row_weight: array<f32>;       // [T·N] 0 where the target is ignored
@group(0) @binding(7) var<storage, read> mean: array<f32>;             // [2] 1 / the sum of the weights; the sum

// The row's logits become `scale` times the gradient of its loss, which it gives, in nats.
fn differentiate(row: u32, answer: u32, scale: f32) -> f32 {
  let start = row * params.vocabulary;
  var largest = logits[start];
  var most = 0u;
  for (var v = 0u; v < params.vocabulary; v += 1u) {
    largest = max(largest, logits[start + v]);
    most = max(most, magnitude(logits[start + v]));
  }
  var sum = 0.0;
  for (var v = 0u; v < params.vocabulary; v += 1u) { sum += exp(logits[start + v] - largest); }
  let at = start + min(answer, params.vocabulary - 1u);
  if (most > INFINITE) { sum = bitcast<f32>(most); }  // NaN, which none of max, exp and log promises
  let loss = unless_nan(sum, log(sum) + (largest - logits[at]));
  for (var v = 0u; v < params.vocabulary; v += 1u) { logits[start + v] = scale * exp(logits[start + v] - largest) / sum; }
  logits[at] -= scale;
  return loss;
}

@compute @workgroup_size(16)
fn rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.steps * params.batch) { return; }
  let counts = targets[row] != IGNORED;
  let loss = differentiate(row, targets[row], select(0.0, params.scale, counts));
  row_loss[row] = select(0.0, loss, counts);
}

// Rows without weight may hold anything.
@compute @workgroup_size(16)
fn weighted_rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.steps * params.batch) { return; }
  let weight = row_weight[row];
  if (weight == 0.0) {
    row_loss[row] = 0.0;
    for (var v = 0u; v < params.vocabulary; v += 1u) { logits[row * params.vocabulary + v] = 0.0; }
    return;
  }
  row_loss[row] = weight * differentiate(row, targets[row], weight * mean[0]);
}

@compute @workgroup_size(16)
fn steps(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.steps) { return; }
  var sum = 0.0;
  var counted = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) {
    sum += row_loss[id.x * params.batch + n];
    counted += select(0.0, 1.0, targets[id.x * params.batch + n] != IGNORED);
  }
  step_loss[id.x] = sum / max(counted, 1.0);
}

// The total is the sum of the losses of all steps, scaled as the gradient is.
@compute @workgroup_size(1)
fn sum_steps() {
  var sum = 0.0;
  var counted = 0.0;
  for (var t = 0u; t < params.steps; t += 1u) {
    var step = 0.0;
    for (var n = 0u; n < params.batch; n += 1u) {
      step += row_loss[t * params.batch + n];
      counted += select(0.0, 1.0, targets[t * params.batch + n] != IGNORED);
    }
    sum += step;
  }
  total[0] = sum * params.scale;
  total[1] = counted;
}
