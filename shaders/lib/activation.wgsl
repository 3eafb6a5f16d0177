// Activations, and their derivatives as functions of the output y.

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

fn d_sigmoid(y: f32) -> f32 {
  return y * (1.0 - y);
}

// Some drivers compute tanh as a quotient of exponentials, which is NaN far out; at 15 float32 is already 1.
fn bounded_tanh(x: f32) -> f32 {
  return tanh(clamp(x, -15.0, 15.0));
}

fn d_tanh(y: f32) -> f32 {
  return 1.0 - y * y;
}
