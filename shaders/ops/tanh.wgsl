// y [count] = tanh(y), and the gradient of what it was taken of: d_x = d_y · (1 - y²).
#import activation

struct TanhParams {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: TanhParams;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> activated: array<f32>;   // y
@group(0) @binding(3) var<storage, read> d_y: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_x: array<f32>;

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  y[at] = bounded_tanh(y[at]);
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  d_x[at] = d_y[at] * d_activate(TANH, activated[at], 1.0);
}
