// y [count] = tanh(y), and the gradient of what it was taken of: d_x = d_y · (1 - y²).
// Activations by kind, and their derivatives as functions of the output y. A schedule replaces the kinds below; the
// compiler folds the choice away. NaN stays NaN through all of them.
// Numbers that are not finite, told by their bits: compilers may take it that arithmetic meets none, and of max, min and clamp WGSL lets
// them give either operand where one is NaN.

const INFINITE = 0x7f800000u;

// |x| as an unsigned integer of the same order: finite numbers, INFINITE, and NaN above it.
fn magnitude(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x7fffffffu;
}

fn is_nan(x: f32) -> bool {
  return magnitude(x) > INFINITE;
}

fn is_finite(x: f32) -> bool {
  return magnitude(x) < INFINITE;
}

// y, which was made of x; NaN where x is.
fn unless_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}

const SIGMOID = 0u;
const TANH = 1u;
const RELU = 2u;
const AFFINE = 3u;        // alpha x + beta
const HARD_SIGMOID = 4u;  // max(0, min(1, alpha x + beta))

// exp overflows below -88, and some drivers then give NaN instead of 0. Others give infinity for exp of NaN, so NaN goes round it.
fn sigmoid(x: f32) -> f32 {
  return unless_nan(x, 1.0 / (1.0 + exp(-max(x, -80.0))));
}

// WGSL promises tanh to an absolute error of 1e-5 alone, and some drivers give NaN far out. This is x times a quotient of
// polynomials in x², fitted to tanh(x) / x for the least relative error up to 7.9, which is 6e-9 before float32 rounds. From 7.893 on
// it is 1 but for two units in the last place, and nowhere above 1.
fn bounded_tanh(x: f32) -> f32 {
  let near = select(x, select(-7.893, 7.893, x > 0.0), abs(x) > 7.893);
  let square = near * near;
  let above = 1.0 + square * (0.134506777 + square * (0.00357906055 + square * (2.20243837e-5 + square * 1.54295883e-8)));
  let below = 1.0 + square * (0.467840075 + square * (0.0261924975 + square * (0.000342376297 + square * 8.5994327e-7)));
  return near * above / below;
}

fn activate(kind: u32, x: f32, alpha: f32, beta: f32) -> f32 {
  if (kind == SIGMOID) { return sigmoid(x); }
  if (kind == TANH) { return bounded_tanh(x); }
  if (kind == RELU) { return unless_nan(x, max(x, 0.0)); }
  if (kind == AFFINE) { return alpha * x + beta; }
  return unless_nan(x, clamp(alpha * x + beta, 0.0, 1.0));
}

fn d_activate(kind: u32, y: f32, alpha: f32) -> f32 {
  if (kind == SIGMOID) { return y * (1.0 - y); }
  if (kind == TANH) { return 1.0 - y * y; }
  if (kind == RELU) { return unless_nan(y, select(0.0, 1.0, y > 0.0)); }
  if (kind == AFFINE) { return alpha; }
  return unless_nan(y, select(0.0, alpha, y > 0.0 && y < 1.0));
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
