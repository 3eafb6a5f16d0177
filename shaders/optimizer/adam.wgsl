// Adam (Kingma & Ba 2015), over all parameters at once; with weight decay in the gradient, or beside it (AdamW, Loshchilov & Hutter 2019):
//   g = ∇ + λ w     m = β1 m + (1-β1) g     v = β2 v + (1-β2) g²     w = keep · w - rate · (m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε)
#import clipped

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
  #unroll scaled in 0..SCALED { return 1.0 / vec2f(norm[SHARE], norm[SHARE + 1u]); }
  #unroll plain in 0..1 - SCALED { return vec2f(params.correction1, params.correction2); }
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
  #unroll j in 0..ELEMENTS {
    let at_$j = begin + $j * WORKGROUP;
    if (at_$j < settings.count) {
      let w = weight[at_$j];
      let g = clipped(gradient[at_$j], shrink, settings.clip_value) + settings.weight_decay * w;
      let m = settings.beta1 * first[at_$j] + settings.rest1 * g;
      let v = settings.beta2 * second[at_$j] + settings.rest2 * g * g;
      first[at_$j] = m;
      second[at_$j] = v;
      weight[at_$j] = settings.keep * w - settings.rate * (m * correction.x) / (sqrt(v * correction.y) + settings.epsilon);
    }
  }
}
