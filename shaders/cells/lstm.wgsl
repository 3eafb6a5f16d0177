// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), gates i f g o.
//   c[t] = f * c[t-1] + i * g      h[t] = o * tanh(c[t])
#import activation
#import recurrent

const RECURRENT_GATES = 4u;
const SAVED_GATES = 4u;

@group(0) @binding(8) var<storage, read_write> c: array<f32>;       // [T+1, N, H]
@group(0) @binding(9) var<storage, read_write> d_cell: array<f32>;  // [N, H] in: dL/dc[t]; out: dL/dc[t-1]

fn cell_forward(at: Place, recurrent: array<f32, RECURRENT_GATES>) -> f32 {
  let stride = params.hidden;
  let i = sigmoid(gates[at.gates] + recurrent[0]);
  let f = sigmoid(gates[at.gates + stride] + recurrent[1]);
  let g = bounded_tanh(gates[at.gates + 2u * stride] + recurrent[2]);
  let o = sigmoid(gates[at.gates + 3u * stride] + recurrent[3]);
  let cell = f * c[at.before] + i * g;
  c[at.after] = cell;
  gates[at.gates] = i;
  gates[at.gates + stride] = f;
  gates[at.gates + 2u * stride] = g;
  gates[at.gates + 3u * stride] = o;
  return o * bounded_tanh(cell);
}

fn cell_backward(at: Place, dh: f32) -> f32 {
  let stride = params.hidden;
  let i = gates[at.gates];
  let f = gates[at.gates + stride];
  let g = gates[at.gates + 2u * stride];
  let o = gates[at.gates + 3u * stride];
  let squashed = bounded_tanh(c[at.after]);
  let dc = d_cell[at.state] + dh * o * d_tanh(squashed);
  d_cell[at.state] = dc * f;
  gates[at.gates] = dc * g * d_sigmoid(i);
  gates[at.gates + stride] = dc * c[at.before] * d_sigmoid(f);
  gates[at.gates + 2u * stride] = dc * i * d_tanh(g);
  gates[at.gates + 3u * stride] = dh * squashed * d_sigmoid(o);
  return 0.0;
}
