// Dynamic loss scaling: the loss's gradient is multiplied by a scale before BPTT, so that in f16 little of it vanishes, and the parameters'
// gradients are divided by it. A gradient that is not finite is skipped and halves the scale; many good ones double it.
#import scaling

struct LossScaleParams {
  count: u32,
  grow_every: u32,  // good steps after which the scale doubles
  least: f32,       // bounds of the scale
  most: f32,
  beta1: f32,       // of Adam, 0 of others
  beta2: f32,
  rest1: f32,       // 1-β1, rounded once
  rest2: f32,
}

@group(0) @binding(0) var<uniform> params: LossScaleParams;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;   // [8] of lib/scaling.wgsl
@group(0) @binding(2) var<storage, read_write> values: array<f32>;  // [count]

@compute @workgroup_size(64)
fn multiply(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  values[at] *= state[SCALE];
}

@compute @workgroup_size(64)
fn divide(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  values[at] *= state[INVERSE];
}

fn rescale(up: f32, down: f32) {
  let scale = state[SCALE] * up;
  state[GOOD] = 0.0;
  if (scale < params.least || scale > params.most) { return; }
  state[SCALE] = scale;
  state[INVERSE] *= down;
}

@compute @workgroup_size(1)
fn update_loss_scale() {
  state[USED] = state[SCALE];
  if (state[SKIPPED] == 1.0) {
    rescale(0.5, 2.0);
    return;
  }
  state[GOOD] += 1.0;
  if (state[GOOD] >= f32(params.grow_every)) { rescale(2.0, 0.5); }
  // 1-β^t by its own recurrence: from β^t it would have no digits left while t is small.
  state[SHARE] = params.beta1 * state[SHARE] + params.rest1;
  state[SHARE + 1u] = params.beta2 * state[SHARE + 1u] + params.rest2;
}
