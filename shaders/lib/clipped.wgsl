// Clipping by global norm (Pascanu et al. 2013): every gradient times clip / norm where norm > clip; clip 0 means none.

fn clip_scale(norm: f32, clip: f32) -> f32 {
  return select(1.0, clip / norm, clip > 0.0 && norm > clip);
}
