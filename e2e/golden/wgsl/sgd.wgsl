// Stochastic gradient descent, over all parameters at once:  g = ∇ + λ w     b = μ b + g     w -= rate · d
// with d = g, or b (momentum), or g + μ b (Nesterov).
// A gradient as it is clipped: by global norm (Pascanu et al. 2013), every gradient times clip_norm / norm where norm is above it,
// or by value, each into ±clip_value. 0 means none. `norm` is as lib/scaling.wgsl says.
// What a step knows of its gradient before the update, 18 values: its norm, whether it is finite, and with dynamic loss scaling
// (Micikevicius et al. 2018) the scale's state. A checkpoint in precision f16 keeps the first 8.

const NORM = 0u;       // ‖∇‖₂, unscaled; infinite where it is no float32; what is not finite itself where an element is not
const SCALE = 1u;      // of the next step's loss
const GOOD = 2u;       // steps since the scale last changed
const SKIPPED = 3u;    // 1: an element of the step's gradient is not finite, and the update changes nothing
const USED = 4u;       // the scale that the step had
const INVERSE = 5u;    // 1 / SCALE; both are powers of two, so that neither product loses anything
const SHARE = 6u;      // 1-β1^t and 1-β2^t of Adam, t counting the updates that were not skipped
const UNIT = 8u;       // a power of two by which the gradient's norm is a float32 whose square is one too; mostly 1
const REDUCED = 9u;    // that norm, UNIT · ‖∇‖₂
const SURE = 10u;      // 1: the plain sum of squares was in range
const PART = 11u;      // skipped: of several gradients the first that has an element that is not finite, and that element, as
const ELEMENT = 12u;   // ELEMENT · 2¹⁶ + the value behind it: a float32 counts to 2²⁴ alone
const SKIPS = 14u;     // steps skipped so far
const SUMS = 16u;      // not SURE: sums of squares in two other units, over the gradients so far

const SCALED = 0u;  // 1: the loss is scaled, and Adam counts its updates on the GPU

// What the gradient is multiplied by, one after the other: their product may be too small for a float32.
fn shrinking(clip_norm: f32) -> vec2f {
  let unit = norm[UNIT];
  let reduced = norm[REDUCED];
  if (clip_norm > 0.0 && reduced > clip_norm * unit) { return vec2f(unit, clip_norm / reduced); }
  return vec2f(1.0);
}

fn clipped(gradient: f32, shrink: vec2f, clip_value: f32) -> f32 {
  let scaled = gradient * shrink.x * shrink.y;
  return select(scaled, clamp(scaled, -clip_value, clip_value), clip_value > 0.0);
}

// A step whose gradient is not finite changes nothing.
fn skipped() -> bool {
  return norm[SKIPPED] == 1.0;
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
