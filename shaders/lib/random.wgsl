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
