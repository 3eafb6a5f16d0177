// Adam (Kingma & Ba 2015), over all parameters at once; with weight decay in the gradient, or beside it (AdamW, Loshchilov & Hutter 2019):
//   g = ∇ + λ w     m = β1 m + (1-β1) g     v = β2 v + (1-β2) g²     w = keep · w - rate · (m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε)
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

struct AdamParams {
  count: u32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  rest1: f32,         // 1-β1, rounded once: of 1 - 0.999f the fifth digit is wrong
  rest2: f32,         // 1-β2
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
@group(0) @binding(5) var<storage, read> norm: array<f32>;          // [18] of the whole gradient

// 1 / (1-β1^t) and 1 / (1-β2^t).
fn corrections() -> vec2f {
  return vec2f(params.correction1, params.correction2);
}

const ELEMENTS = 4u;  // of a thread, a workgroup's width apart: what they have in common is read once
const WORKGROUP = 64u;

@compute @workgroup_size(WORKGROUP)
fn adam(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  if (skipped()) { return; }
  let begin = (group.x + group.y * groups.x) * WORKGROUP * ELEMENTS + local;
  let correction = corrections();
  let settings = params;
  let shrink = shrinking(settings.clip_norm);
  let at_0 = begin + 0 * WORKGROUP;
  if (at_0 < settings.count) {
    let w = weight[at_0];
    let g = clipped(gradient[at_0], shrink, settings.clip_value) + settings.weight_decay * w;
    let m = settings.beta1 * first[at_0] + settings.rest1 * g;
    let v = settings.beta2 * second[at_0] + settings.rest2 * g * g;
    first[at_0] = m;
    second[at_0] = v;
    weight[at_0] = settings.keep * w - settings.rate * (m * correction.x) / (sqrt(v * correction.y) + settings.epsilon);
  }
  let at_1 = begin + 1 * WORKGROUP;
  if (at_1 < settings.count) {
    let w = weight[at_1];
    let g = clipped(gradient[at_1], shrink, settings.clip_value) + settings.weight_decay * w;
    let m = settings.beta1 * first[at_1] + settings.rest1 * g;
    let v = settings.beta2 * second[at_1] + settings.rest2 * g * g;
    first[at_1] = m;
    second[at_1] = v;
    weight[at_1] = settings.keep * w - settings.rate * (m * correction.x) / (sqrt(v * correction.y) + settings.epsilon);
  }
  let at_2 = begin + 2 * WORKGROUP;
  if (at_2 < settings.count) {
    let w = weight[at_2];
    let g = clipped(gradient[at_2], shrink, settings.clip_value) + settings.weight_decay * w;
    let m = settings.beta1 * first[at_2] + settings.rest1 * g;
    let v = settings.beta2 * second[at_2] + settings.rest2 * g * g;
    first[at_2] = m;
    second[at_2] = v;
    weight[at_2] = settings.keep * w - settings.rate * (m * correction.x) / (sqrt(v * correction.y) + settings.epsilon);
  }
  let at_3 = begin + 3 * WORKGROUP;
  if (at_3 < settings.count) {
    let w = weight[at_3];
    let g = clipped(gradient[at_3], shrink, settings.clip_value) + settings.weight_decay * w;
    let m = settings.beta1 * first[at_3] + settings.rest1 * g;
    let v = settings.beta2 * second[at_3] + settings.rest2 * g * g;
    first[at_3] = m;
    second[at_3] = v;
    weight[at_3] = settings.keep * w - settings.rate * (m * correction.x) / (sqrt(v * correction.y) + settings.epsilon);
  }
}
