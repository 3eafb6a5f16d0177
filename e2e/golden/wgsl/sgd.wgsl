// Stochastic gradient descent, over all parameters at once:  g = ∇ + λ w     b = μ b + g     w -= rate · d
// with d = g, or b (momentum), or g + μ b (Nesterov).
// A gradient as it is clipped: by global norm (Pascanu et al. 2013), every gradient times clip_norm / norm where norm is above it,
// or by value, each into ±clip_value. 0 means none. With loss scaling `norm` is its whole state.
// The state of dynamic loss scaling (Micikevicius et al. 2018): 8 values, the first of which is the gradient's norm.

const NORM = 0u;       // ‖∇‖₂, unscaled; infinite or NaN where a scaled gradient has left the range of f16
const SCALE = 1u;      // of the next step's loss
const GOOD = 2u;       // steps since the scale last changed
const SKIPPED = 3u;    // 1: the step's gradient was not finite
const USED = 4u;       // the scale that the step had
const INVERSE = 5u;    // 1 / SCALE; both are powers of two, so that neither product loses anything
const SHARE = 6u;      // 1-β1^t and 1-β2^t of Adam, t counting the updates that were not skipped

const SCALED = 0u;  // 1: the loss is scaled, and a step whose gradient is not finite changes nothing

fn clipped(gradient: f32, norm: f32, clip_norm: f32, clip_value: f32) -> f32 {
  let scaled = gradient * select(1.0, clip_norm / norm, clip_norm > 0.0 && norm > clip_norm);
  return select(scaled, clamp(scaled, -clip_value, clip_value), clip_value > 0.0);
}

fn skipped() -> bool {
  return false;
}

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
@group(0) @binding(4) var<storage, read> norm: array<f32>;            // [1] of the whole gradient; scaled: [8]

fn decayed(at: u32) -> f32 {
  return clipped(gradient[at], norm[0], params.clip_norm, params.clip_value) + params.weight_decay * weight[at];
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
