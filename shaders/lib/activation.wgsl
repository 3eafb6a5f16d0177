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
