// What every weighted loss does before and after its own pass over the rows [T,N] of a window: the loss is Σ weight·loss / Σ weight.
//   before: token_weights or value_weights, then step_weights, then sum_weights; after: step_losses, then sum_losses
// A row's weight is what is given for it, times its class's; 0 past the row's length, for an ignored target, and, where the
// loss is of the last step only, everywhere else. Sums run in a fixed order. No row of weight 0 is read.
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
const IGNORE_INDEX = 0xffffff9cu;  // -100, as PyTorch has it

struct MeanParams {
  steps: u32,        // T
  batch: u32,        // N
  vocabulary: u32,   // V
  last: u32,         // 1: only each row's own last step counts
  has_weights: u32,  // 0: what is bound to `weights` is not read; likewise the two below
  has_classes: u32,
  has_lengths: u32,
}

@group(0) @binding(0) var<uniform> params: MeanParams;
@group(0) @binding(1) var<storage, read> targets: array<u32>;            // [T,N] tokens
@group(0) @binding(2) var<storage, read> class_weights: array<f32>;      // [V]
@group(0) @binding(3) var<storage, read> weights: array<f32>;            // [T,N]
@group(0) @binding(4) var<storage, read> lengths: array<u32>;            // [N]
@group(0) @binding(5) var<storage, read_write> row_weight: array<f32>;   // [T,N]
@group(0) @binding(6) var<storage, read_write> step_weight: array<f32>;  // [T]
@group(0) @binding(7) var<storage, read_write> mean: array<f32>;         // [2] 1 / the sum of the weights, or 0 where it is 0; the sum
@group(0) @binding(8) var<storage, read_write> row_loss: array<f32>;     // [T,N] times the row's weight
@group(0) @binding(9) var<storage, read_write> step_sum: array<f32>;     // [T]
@group(0) @binding(10) var<storage, read_write> step_loss: array<f32>;   // [T] weighted mean over the batch
@group(0) @binding(11) var<storage, read_write> total: array<f32>;       // [2] weighted mean over the window; the sum of the weights

// [1] 0, or T·N less the first row that counts and whose target is no token: such a row has weight 0.
@group(0) @binding(12) var<storage, read_write> bad: atomic<u32>;

fn weight_at(t: u32, n: u32) -> f32 {
  var length = params.steps;
  if (params.has_lengths == 1u) { length = lengths[n]; }
  if (t >= length || (params.last == 1u && t + 1u < length)) { return 0.0; }
  if (params.has_weights == 1u) { return weights[t * params.batch + n]; }
  return 1.0;
}

@compute @workgroup_size(16)
fn value_weights(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.y + id.z * groups.y;
  if (t >= params.steps || id.x >= params.batch) { return; }
  row_weight[t * params.batch + id.x] = weight_at(t, id.x);
}

@compute @workgroup_size(16)
fn token_weights(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.y + id.z * groups.y;
  if (t >= params.steps || id.x >= params.batch) { return; }
  let row = t * params.batch + id.x;
  let token = targets[row];
  var weight = weight_at(t, id.x);
  if (token == IGNORED || token == IGNORE_INDEX || weight == 0.0) {
    row_weight[row] = 0.0;
    return;
  }
  if (token >= params.vocabulary) {
    row_weight[row] = 0.0;
    atomicMax(&bad, params.steps * params.batch - row);
    return;
  }
  if (params.has_classes == 1u) { weight *= class_weights[token]; }
  row_weight[row] = weight;
}

@compute @workgroup_size(16)
fn step_weights(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.steps) { return; }
  var sum = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) { sum += row_weight[id.x * params.batch + n]; }
  step_weight[id.x] = sum;
}

@compute @workgroup_size(1)
fn sum_weights() {
  var sum = 0.0;
  for (var t = 0u; t < params.steps; t += 1u) { sum += step_weight[t]; }
  mean[0] = unless_nan(sum, select(0.0, 1.0 / sum, sum > 0.0));
  mean[1] = sum;
}

@compute @workgroup_size(16)
fn step_losses(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.steps) { return; }
  var sum = 0.0;
  for (var n = 0u; n < params.batch; n += 1u) { sum += row_loss[id.x * params.batch + n]; }
  step_sum[id.x] = sum;
  let weight = step_weight[id.x];
  step_loss[id.x] = unless_nan(weight, select(0.0, sum / weight, weight > 0.0));
}

@compute @workgroup_size(1)
fn sum_losses() {
  var sum = 0.0;
  for (var t = 0u; t < params.steps; t += 1u) { sum += step_sum[t]; }
  total[0] = sum * mean[0];
  total[1] = mean[1];
}
