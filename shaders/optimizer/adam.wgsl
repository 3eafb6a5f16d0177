// Adam (Kingma & Ba 2015), over all parameters at once; with weight decay in the gradient, or beside it (AdamW, Loshchilov & Hutter 2019):
//   g = ∇ + λ w     m = β1 m + (1-β1) g     v = β2 v + (1-β2) g²     w = keep · w - rate · (m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε)
#import clipped

struct AdamParams {
  count: u32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  correction1: f32,   // 1 / (1-β1^t), t from 1; scaled: not read, the state has them
  correction2: f32,   // 1 / (1-β2^t)
  weight_decay: f32,  // λ, 0 for AdamW
  keep: f32,          // 1 - rate · λ of AdamW, else 1
  clip_norm: f32,
  clip_value: f32,
}

@group(0) @binding(0) var<uniform> params: AdamParams;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> first: array<f32>;   // m
@group(0) @binding(4) var<storage, read_write> second: array<f32>;  // v
@group(0) @binding(5) var<storage, read> norm: array<f32>;          // [1] of the whole gradient; scaled: [8]

// 1 / (1-β1^t) and 1 / (1-β2^t).
fn corrections() -> vec2f {
  if (SCALED == 1u) { return 1.0 / vec2f(norm[SHARE], norm[SHARE + 1u]); }
  return vec2f(params.correction1, params.correction2);
}

@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count || skipped()) { return; }
  let w = weight[at];
  let g = clipped(gradient[at], norm[0], params.clip_norm, params.clip_value) + params.weight_decay * w;
  let m = params.beta1 * first[at] + (1.0 - params.beta1) * g;
  let v = params.beta2 * second[at] + (1.0 - params.beta2) * g * g;
  first[at] = m;
  second[at] = v;
  let correction = corrections();
  weight[at] = params.keep * w - params.rate * (m * correction.x) / (sqrt(v * correction.y) + params.epsilon);
}
