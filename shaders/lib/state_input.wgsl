// The recurrent product reads the state itself, h[t-1] of the row, or what is left of it after dropout.

fn recurrent_row(at: RowPlace) -> u32 {
  return ((at.before * params.batch + at.row) * params.directions + at.direction) * params.features;
}

fn recurrent_input(element: u32) -> f32 {
  if (RECURRENT_DROPOUT > 0.0 || PROJECTED == 1u) { return masked[element]; }
  return h[element];
}
