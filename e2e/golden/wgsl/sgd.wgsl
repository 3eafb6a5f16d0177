// Stochastic gradient descent with momentum, over all parameters at once:  b = μ b + g     w -= rate · b
// Clipping by global norm (Pascanu et al. 2013): every gradient times clip / norm where norm > clip; clip 0 means none.

fn clip_scale(norm: f32, clip: f32) -> f32 {
  return select(1.0, clip / norm, clip > 0.0 && norm > clip);
}

struct SgdParams {
  count: u32,
  rate: f32,
  momentum: f32,
  clip: f32,
}

@group(0) @binding(0) var<uniform> params: SgdParams;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;  // b
@group(0) @binding(4) var<storage, read> norm: array<f32>;            // [1] of the whole gradient

@compute @workgroup_size(64)
fn sgd(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  let b = params.momentum * velocity[at] + gradient[at] * clip_scale(norm[0], params.clip);
  velocity[at] = b;
  weight[at] -= params.rate * b;
}
