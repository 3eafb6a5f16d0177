// The two directions of a layer as one output [T·N, H]: scale · (forward + reverse).

struct MergeParams {
  rows: u32,    // T·N
  hidden: u32,  // H
  scale: f32,   // 1 for the sum, 1/2 for the mean
  both_offset: u32,
}

@group(0) @binding(0) var<uniform> params: MergeParams;
@group(0) @binding(1) var<storage, read> both: array<f32>;           // [T·N, 2·H]
@group(0) @binding(2) var<storage, read_write> merged: array<f32>;   // [T·N, H]

@compute @workgroup_size(64)
fn merge(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.rows * params.hidden) { return; }
  let from_row = params.both_offset + (at / params.hidden) * 2u * params.hidden + at % params.hidden;
  merged[at] = params.scale * (both[from_row] + both[from_row + params.hidden]);
}
