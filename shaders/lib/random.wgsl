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

// Uniform in the open interval (0, 1), 24 bits.
fn random_uniform(seed: u32, step: u32, element: u32) -> f32 {
  return (f32(random_bits(seed, step, element) >> 8u) + 0.5) * (1.0 / 16777216.0);
}
