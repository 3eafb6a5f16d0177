// The recurrent product reads the state itself, h[t-1] of the row, or what is left of it after dropout.

fn recurrent_row(at: RowPlace) -> u32 {
  return history_row(at.before, at.row, at.direction);
}

fn recurrent_input(element: u32) -> f32 {
  if (RECURRENT_DROPOUT > 0.0) { return masked[element]; }
  return h[element];
}
