// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), gates i f g o.
//   c[t] = f * c[t-1] + i * g      h[t] = o * tanh(c[t])
#import lstm_cell

fn peephole_input(at: Place, before: f32) -> f32 { return 0.0; }
fn peephole_forget(at: Place, before: f32) -> f32 { return 0.0; }
fn peephole_output(at: Place, before: f32, after: f32) -> f32 { return 0.0; }
fn d_peephole_before(at: Place, d_i: f32, d_f: f32, d_o: f32) -> f32 { return 0.0; }
fn d_peephole_after(at: Place, d_o: f32) -> f32 { return 0.0; }
