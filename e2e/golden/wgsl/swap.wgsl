// The first two axes exchanged: to [B,A,C] = from [A,B,C]. Batch-first arrays become time-first ones, and back.

struct SwapParams {
  a: u32,
  b: u32,
  c: u32,
  source_offset: u32,
  swapped_offset: u32,
}

@group(0) @binding(0) var<uniform> params: SwapParams;
@group(0) @binding(1) var<storage, read> source: array<f32>;            // [A,B,C]
@group(0) @binding(2) var<storage, read_write> swapped: array<f32>;     // [B,A,C]

@compute @workgroup_size(64)
fn swap(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.a * params.b * params.c) { return; }
  let i = at / (params.b * params.c);
  let j = (at / params.c) % params.b;
  swapped[params.swapped_offset + (j * params.a + i) * params.c + at % params.c] = source[params.source_offset + at];
}
