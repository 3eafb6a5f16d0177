// y [count] = x [count], each in the type of its own buffer: f32 to f16, or back.

struct ConvertParams {
  count: u32,
  x_offset: u32,
  y_offset: u32,
}

@group(0) @binding(0) var<uniform> params: ConvertParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn convert(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count) { return; }
  y[params.y_offset + at] = x[params.x_offset + at];
}
