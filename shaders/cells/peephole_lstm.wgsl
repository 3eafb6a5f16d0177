// LSTM with peepholes (Gers & Schmidhuber 2000): i and f see c[t-1], o sees c[t], each through a diagonal weight.
#import lstm_cell

const OUTPUT_SEES_PREVIOUS = 0u;  // 1: o sees c[t-1] too, as WebNN has it

@group(0) @binding(10) var<storage, read> diagonal: array<f32>;  // [3·H] of i, f, o; coupled: [2·H] of i, o

fn peephole(at: Place, which: u32) -> f32 {
  return diagonal[params.diagonal_offset + at.direction * params.diagonal_stride + which * params.hidden + at.unit];
}

fn peephole_input(at: Place, before: f32) -> f32 { return peephole(at, 0u) * before; }
fn peephole_forget(at: Place, before: f32) -> f32 { return peephole(at, 1u) * before; }

fn peephole_output(at: Place, before: f32, after: f32) -> f32 {
  if (OUTPUT_SEES_PREVIOUS == 1u) { return peephole(at, 2u - COUPLED) * before; }
  return peephole(at, 2u - COUPLED) * after;
}

fn d_peephole_before(at: Place, d_i: f32, d_f: f32, d_o: f32) -> f32 {
  var sum = d_i * peephole(at, 0u);
  if (COUPLED == 0u) { sum += d_f * peephole(at, 1u); }
  if (OUTPUT_SEES_PREVIOUS == 1u) { sum += d_o * peephole(at, 2u - COUPLED); }
  return sum;
}

fn d_peephole_after(at: Place, d_o: f32) -> f32 {
  if (OUTPUT_SEES_PREVIOUS == 1u) { return 0.0; }
  return d_o * peephole(at, 2u - COUPLED);
}
