// Dropout (Srivastava et al. 2014): y = x / (1 - p) where kept, 0 elsewhere. The mask follows from (seed, counter, element), so
// the backward pass makes it again instead of storing it.
#import random

struct DropoutParams {
  count: u32,
  probability: f32,   // p, of being dropped
  stream: u32,   // tells this mask from others of the same seed
  rows: u32,     // where the seed, the counter and the time at which the window begins lie in `lengths`
  step: u32,     // elements of a timestep; 0 for an array that has no time
  x_offset: u32,
}

@group(0) @binding(0) var<uniform> params: DropoutParams;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;       // [rows], then seed, counter and first time
@group(0) @binding(2) var<storage, read> x: array<f32>;             // [count]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;       // [count]

fn scale_of(element: u32) -> f32 {
  let seed = lengths[params.rows] ^ params.stream;
  let kept = random_uniform(seed, lengths[params.rows + 1u], element + lengths[params.rows + 2u] * params.step) >= params.probability;
  return select(0.0, 1.0 / (1.0 - params.probability), kept);
}

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  y[at] = x[params.x_offset + at] * scale_of(at);
}

// The gradient in place: dL/dy becomes dL/dx.
@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  y[at] *= scale_of(at);
}
