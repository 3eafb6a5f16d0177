// A gradient as it is clipped: by global norm (Pascanu et al. 2013), every gradient times clip_norm / norm where norm is above it,
// or by value, each into ±clip_value. 0 means none. With loss scaling `norm` is its whole state.
#import scaling

const SCALED = 0u;  // 1: the loss is scaled, and a step whose gradient is not finite changes nothing

fn clipped(gradient: f32, norm: f32, clip_norm: f32, clip_value: f32) -> f32 {
  let scaled = gradient * select(1.0, clip_norm / norm, clip_norm > 0.0 && norm > clip_norm);
  return select(scaled, clamp(scaled, -clip_value, clip_value), clip_value > 0.0);
}

fn skipped() -> bool {
  #unroll scaled in 0..SCALED { return norm[SKIPPED] == 1.0; }
  #unroll plain in 0..1 - SCALED { return false; }
}
