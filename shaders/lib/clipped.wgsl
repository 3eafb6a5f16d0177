// A gradient as it is clipped: by global norm (Pascanu et al. 2013), every gradient times clip_norm / norm where norm is above it,
// or by value, each into ±clip_value. 0 means none. `norm` is as lib/scaling.wgsl says.
#import scaling

const SCALED = 0u;  // 1: the loss is scaled, and Adam counts its updates on the GPU

// What the gradient is multiplied by, one after the other: their product may be too small for a float32.
fn shrinking(clip_norm: f32) -> vec2f {
  let unit = norm[UNIT];
  let reduced = norm[REDUCED];
  if (clip_norm > 0.0 && reduced > clip_norm * unit) { return vec2f(unit, clip_norm / reduced); }
  return vec2f(1.0);
}

fn clipped(gradient: f32, shrink: vec2f, clip_value: f32) -> f32 {
  let scaled = gradient * shrink.x * shrink.y;
  return select(scaled, clamp(scaled, -clip_value, clip_value), clip_value > 0.0);
}

// A step whose gradient is not finite changes nothing.
fn skipped() -> bool {
  return norm[SKIPPED] == 1.0;
}
