// y [count] = tanh(y), and the gradient of what it was taken of: d_x = d_y · (1 - y²).
// Activations by kind, and their derivatives as functions of the output y. A schedule replaces the kinds below; the
// compiler folds the choice away.

const SIGMOID = 0u;
const TANH = 1u;
const RELU = 2u;
const AFFINE = 3u;        // alpha x + beta
const HARD_SIGMOID = 4u;  // max(0, min(1, alpha x + beta))

// exp overflows below -88, and some drivers then give NaN instead of 0.
fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-max(x, -80.0)));
}

// Some drivers compute tanh as a quotient of exponentials, which is NaN far out; at 15 float32 is already 1.
fn bounded_tanh(x: f32) -> f32 {
  return tanh(clamp(x, -15.0, 15.0));
}

fn activate(kind: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  if (kind == SIGMOID) { return sigmoid(x); }
  if (kind == TANH) { return bounded_tanh(x); }
  if (kind == RELU) { return max(x, 0.0); }
  if (kind == AFFINE) { return alpha * x + beta; }
  return clamp(alpha * x + beta, 0.0, 1.0);
}

fn d_activate(kind: u32, y: f32, alpha: f32) -> f32 {
  if (kind == SIGMOID) { return y * (1.0 - y); }
  if (kind == TANH) { return 1.0 - y * y; }
  if (kind == RELU) { return select(0.0, 1.0, y > 0.0); }
  if (kind == AFFINE) { return alpha; }
  return select(0.0, alpha, y > 0.0 && y < 1.0);
}

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
