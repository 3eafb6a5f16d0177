// RMSprop (Hinton, lecture 6e), over all parameters at once:
//   g = ∇ + λ w     v = α v + (1-α) g²     d = g / (sqrt(v) + ε)     w -= rate · d
// centered (Graves 2013): sqrt(v - a²) for sqrt(v), a = α a + (1-α) g. With momentum: b = μ b + d     w -= rate · b
// An entry for each pair, so that none binds an array that it does not keep.
#import clipped
#import finite

struct RmspropParams {
  count: u32,
  rate: f32,
  alpha: f32,
  rest: f32,          // 1-α, rounded once
  epsilon: f32,
  momentum: f32,      // μ
  weight_decay: f32,  // λ
  clip_norm: f32,
  clip_value: f32,
}

@group(0) @binding(0) var<uniform> params: RmspropParams;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> square: array<f32>;    // v
@group(0) @binding(4) var<storage, read_write> average: array<f32>;   // a
@group(0) @binding(5) var<storage, read_write> velocity: array<f32>;  // b
@group(0) @binding(6) var<storage, read> norm: array<f32>;            // [18] of the whole gradient

fn decayed(at: u32) -> f32 {
  return clipped(gradient[at], shrinking(params.clip_norm), params.clip_value) + params.weight_decay * weight[at];
}

fn mean_square(at: u32, g: f32) -> f32 {
  let v = params.alpha * square[at] + params.rest * g * g;
  square[at] = v;
  return v;
}

// Rounding can take the difference below 0 where the gradient hardly changes. Of a gradient whose square is no float32 both are infinite.
fn variance(at: u32, g: f32) -> f32 {
  let v = mean_square(at, g);
  let a = params.alpha * average[at] + params.rest * g;
  average[at] = a;
  return select(v, max(v - a * a, 0.0), is_finite(v));
}

fn move_by(at: u32, d: f32) {
  weight[at] -= params.rate * d;
}

fn move_on(at: u32, d: f32) {
  let b = params.momentum * velocity[at] + d;
  velocity[at] = b;
  move_by(at, b);
}

@compute @workgroup_size(64)
fn plain(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  let g = decayed(at);
  move_by(at, g / (sqrt(mean_square(at, g)) + params.epsilon));
}

@compute @workgroup_size(64)
fn centered(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  let g = decayed(at);
  move_by(at, g / (sqrt(variance(at, g)) + params.epsilon));
}

@compute @workgroup_size(64)
fn momentum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  let g = decayed(at);
  move_on(at, g / (sqrt(mean_square(at, g)) + params.epsilon));
}

@compute @workgroup_size(64)
fn centered_momentum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  let g = decayed(at);
  move_on(at, g / (sqrt(variance(at, g)) + params.epsilon));
}
