// y[i] = scale * x[i] + x of the neighbour within the workgroup: every part of the pipeline that a kernel needs, once.

struct Params {
  count: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const LANES = 64u;
const TERMS = 2u;

var<workgroup> shared_x: array<f32, LANES>;

fn element(i: u32) -> f32 {
  if (i >= params.count) {
    return 0.0;
  }
  return x[i];
}

@compute @workgroup_size(LANES)
fn scale_and_add(@builtin(global_invocation_id) global: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  shared_x[lane] = element(global.x);
  workgroupBarrier();
  var sum = params.scale * shared_x[lane];
  #unroll k in 1..TERMS {
    sum += shared_x[(lane + $ku) % LANES];
  }
  if (global.x < params.count) {
    y[global.x] = sum;
  }
}
