// The functions that accuracy rests on, each of the same x: the adapter's own and the library's. A y [Y, count] has a row for each.
#import activation

struct ProbeParams {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: ProbeParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;             // [count]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [12, count]
@group(0) @binding(3) var<storage, read_write> stored: array<f32>;  // [count] in f16, where the adapter has it

// Replaced, and then known to the compiler.
const POINT = 0.0;
const ALPHA = 0.2;
const BETA = 0.5;

@compute @workgroup_size(64)
fn measure(@builtin(global_invocation_id) id: vec3u) {
  let count = params.count;
  if (id.x >= count) { return; }
  let at = x[id.x];
  y[id.x] = tanh(at);
  y[count + id.x] = exp(at);
  y[2u * count + id.x] = bounded_tanh(at);
  y[3u * count + id.x] = sigmoid(at);
  y[4u * count + id.x] = activate(SIGMOID, at, ALPHA, BETA);
  y[5u * count + id.x] = activate(TANH, at, ALPHA, BETA);
  y[6u * count + id.x] = activate(RELU, at, ALPHA, BETA);
  y[7u * count + id.x] = activate(AFFINE, at, ALPHA, BETA);
  y[8u * count + id.x] = activate(HARD_SIGMOID, at, ALPHA, BETA);
  y[9u * count + id.x] = max(at, 0.0);
  y[10u * count + id.x] = min(at, 0.0);
  y[11u * count + id.x] = clamp(at, -1.0, 1.0);
}

fn tanh_of(at: f32) -> f32 { return tanh(at); }
fn exp_of(at: f32) -> f32 { return exp(at); }

// POINT as WGSL's constant expressions have it, then as the driver's compiler folds it, which sees a function called with a constant.
@compute @workgroup_size(1)
fn fold() {
  y[0] = tanh(POINT);
  y[1] = exp(POINT);
  y[2] = tanh_of(POINT);
  y[3] = exp_of(POINT);
}

@compute @workgroup_size(64)
fn store(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  stored[id.x] = x[id.x];
}
