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
