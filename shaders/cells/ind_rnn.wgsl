// Independently recurrent network (Li et al. 2018): h[t] = f(W x + b + u * h[t-1]), each unit seeing only its own past.
#import gates
#import recurrent
#import state_input

const RECURRENT_GATES = 0u;
const RECURRENT_SIZE = 1u;
const SAVED_GATES = 1u;

@group(0) @binding(10) var<storage, read> diagonal: array<f32>;  // u [H]

fn recurrent_weight(at: Place) -> f32 {
  return diagonal[params.diagonal_offset + at.direction * params.diagonal_stride + at.unit];
}

fn recurrent_block(gate: u32) -> u32 {
  return gate;
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let y = candidate(gates[at.input] + recurrent_weight(at) * recurrent_input(at.before));
  if (KEEP == 1u) { gates[at.gates] = y; }
  return y;
}

fn cell_backward(at: Place, product: f32) -> f32 {
  let d = incoming_gradient(at, product) * d_candidate(gates[at.gates]);
  gates[at.gates] = d;
  return d * recurrent_weight(at) * recurrent_mask(at);
}
