// RMSprop (Hinton, lecture 6e), over all parameters at once:
//   g = ∇ + λ w     v = α v + (1-α) g²     d = g / (sqrt(v) + ε)     w -= rate · d
// centered (Graves 2013): sqrt(v - a²) for sqrt(v), a = α a + (1-α) g. With momentum: b = μ b + d     w -= rate · b
// An entry for each pair, so that none binds an array that it does not keep.
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
