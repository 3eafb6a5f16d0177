// Dropout (Srivastava et al. 2014): y = x / (1 - p) where kept, 0 elsewhere. The mask follows from (seed, counter, element), so
// the backward pass makes it again instead of storing it.
// Counter-based random numbers: the same (seed, step, element) gives the same number, on every adapter, in any order.
// PCG-3D (Jarzynski & Olano, "Hash Functions for GPU Rendering", JCGT 2020); src/layers/random.ts is its twin.

fn random_bits(seed: u32, step: u32, element: u32) -> u32 {
  var v = vec3u(seed, step, element) * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return v.x;
}

// Uniform in the open interval (0, 1), 24 bits. The last of them would round to 1.
fn random_uniform(seed: u32, step: u32, element: u32) -> f32 {
  return min((f32(random_bits(seed, step, element) >> 8u) + 0.5) * (1.0 / 16777216.0), 0.99999994);
}

// -log(-log(u)) of such a u. WGSL's log may be 0 near 1, where -log(1 - v) = 2·artanh(v / (2 - v)) is exact.
fn random_gumbel(seed: u32, step: u32, element: u32) -> f32 {
  let u = random_uniform(seed, step, element);
  let v = 1.0 - u;
  let s = v / (2.0 - v);
  let z = s * s;
  let near = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0)))))));
  return -log(select(-log(u), near, u > 0.5));
}

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
