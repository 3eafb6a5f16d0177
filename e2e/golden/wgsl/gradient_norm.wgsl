// Global L2 norm of the flat gradient buffer, in two fixed stages, so the same gradients always give the same norm.

struct NormParams {
  count: u32,   // elements of the gradient
  threads: u32, // P, partial sums
}

@group(0) @binding(0) var<uniform> params: NormParams;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;         // [count]
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;   // [P]
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;       // [1]

@compute @workgroup_size(64)
fn partial_sums(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.threads) { return; }
  var sum = 0.0;
  for (var at = id.x; at < params.count; at += params.threads) { sum += gradient[at] * gradient[at]; }
  partials[id.x] = sum;
}

@compute @workgroup_size(1)
fn total() {
  var sum = 0.0;
  for (var p = 0u; p < params.threads; p += 1u) { sum += partials[p]; }
  norm[0] = sqrt(sum);
}
