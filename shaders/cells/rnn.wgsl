// The simple recurrent network (Elman 1990): h[t] = f(W x + b + U h[t-1]), f tanh, or ReLU (Le et al. 2015).
#import gates
#import recurrent
#import state_input

const RECURRENT_GATES = 1u;
const RECURRENT_SIZE = 1u;
const SAVED_GATES = 1u;

fn recurrent_block(gate: u32) -> u32 {
  return gate;
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let y = candidate(gates[at.input] + recurrent[0]);
  if (KEEP == 1u) { gates[at.gates] = y; }
  return y;
}

fn cell_backward(at: Place, product: f32) -> f32 {
  gates[at.gates] = (incoming_gradient(at, product)) * d_candidate(gates[at.gates]);
  return 0.0;
}
