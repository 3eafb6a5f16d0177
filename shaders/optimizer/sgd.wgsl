// Stochastic gradient descent, over all parameters at once:  g = ∇ + λ w     b = μ b + g     w -= rate · d
// with d = g, or b (momentum), or g + μ b (Nesterov).
#import clipped

struct SgdParams {
  count: u32,
  rate: f32,
  momentum: f32,      // μ
  nesterov: u32,      // 1: look ahead
  weight_decay: f32,  // λ
  clip_norm: f32,
  clip_value: f32,
}

@group(0) @binding(0) var<uniform> params: SgdParams;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;  // b
@group(0) @binding(4) var<storage, read> norm: array<f32>;            // [18] of the whole gradient

fn decayed(at: u32) -> f32 {
  return clipped(gradient[at], shrinking(params.clip_norm), params.clip_value) + params.weight_decay * weight[at];
}

@compute @workgroup_size(64)
fn plain(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  weight[at] -= params.rate * decayed(at);
}

@compute @workgroup_size(64)
fn momentum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  let g = decayed(at);
  let b = params.momentum * velocity[at] + g;
  velocity[at] = b;
  weight[at] -= params.rate * select(b, g + params.momentum * b, params.nesterov == 1u);
}
