// Binary cross-entropy of logits x, which become their own gradient; s is the sigmoid, p the weight of the positive answers:
//   -p·y·log s(x) - (1-y)·log(1 - s(x)) = p·y·softplus(-x) + (1-y)·softplus(x)     derivative: (1-y)·s(x) - p·y·s(-x)
#import finite
#import row_values

@group(0) @binding(6) var<storage, read> positive_weights: array<f32>;  // [F] p

// log(1 + e) for e in 0..1, exact in f32 also where e is small: 2·artanh(e / (2 + e)).
fn log_1_plus(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let z = s * s;
  return 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0)))))));
}

fn value_loss(value: f32, target_value: f32, f: u32) -> vec2f {
  let e = exp(-abs(value));
  let softplus = vec2f(max(value, 0.0), max(-value, 0.0)) + log_1_plus(e);  // of x and of -x
  let likely = 1.0 / (1.0 + e);
  let sigmoid = select(vec2f(e * likely, likely), vec2f(likely, e * likely), value >= 0.0);
  let share = vec2f(1.0 - target_value, target_value * positive_weights[f]);
  return vec2f(unless_nan(value, dot(share, softplus)), unless_nan(value, share.x * sigmoid.x - share.y * sigmoid.y));
}
