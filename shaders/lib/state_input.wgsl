// The recurrent product reads the state itself: h[t-1] of the row.

fn recurrent_row(at: RowPlace) -> u32 {
  return history_row(at.before, at.row, at.direction);
}

fn recurrent_input(element: u32) -> f32 {
  return h[element];
}
