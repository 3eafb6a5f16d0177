// Mean squared error: (y - ŷ)² over rows of values, which become their own gradient.
#import row_values

fn value_loss(value: f32, target_value: f32, f: u32) -> vec2f {
  let difference = value - target_value;
  return vec2f(difference * difference, 2.0 * difference);
}
