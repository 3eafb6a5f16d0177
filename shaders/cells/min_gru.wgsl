// Minimal GRU (Feng et al. 2024), gates z n, which do not look at the state: h[t] = (1 - z) * h[t-1] + z * n.
#import gates
#import recurrent
#import state_input

const RECURRENT_GATES = 0u;
const RECURRENT_SIZE = 1u;
const SAVED_GATES = 2u;

fn recurrent_block(gate: u32) -> u32 {
  return gate;
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let z = gate(gates[at.input]);
  let n = gates[at.input + params.hidden];
  if (KEEP == 1u) {
    gates[at.gates] = z;
    gates[at.gates + params.hidden] = n;
  }
  return (1.0 - z) * h[at.before] + z * n;
}

fn cell_backward(at: Place, product: f32) -> f32 {
  let z = gates[at.gates];
  let n = gates[at.gates + params.hidden];
  let dh = incoming_gradient(at, product);
  gates[at.gates] = dh * (n - h[at.before]) * d_gate(z);
  gates[at.gates + params.hidden] = dh * z;
  return dh * (1.0 - z);
}
