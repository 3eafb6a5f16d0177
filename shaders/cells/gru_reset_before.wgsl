// Gated recurrent unit with the reset gate before the product (Cho et al. 2014 v3; ONNX's default), gates r z n.
//   n = tanh(W x + b + U (r * h[t-1]) + b')      h[t] = (1 - z) * n + z * h[t-1]
// n's product needs every r of the row, so a step is two dispatches: PHASE 0 makes r and z, PHASE 1 n and h.
// Backward they run the other way round in time: PHASE 0 takes the step's dh, PHASE 1 what comes back through r * h.
#import gates
#import recurrent

const PHASE = 0u;
const RECURRENT_GATES = 2u;  // PHASE 1: 1, the row block of n
const RECURRENT_SIZE = 2u;
const SAVED_GATES = 3u;

@group(0) @binding(8) var<storage, read_write> reset_h: array<f32>;  // [T, N, D·H] r * h[t-1]

fn recurrent_row(at: RowPlace) -> u32 {
  if (PHASE == 0u) { return history_row(at.before, at.row, at.direction); }
  return history_row(at.time, at.row, at.direction);
}

fn recurrent_input(element: u32) -> f32 {
  if (PHASE == 0u) {
    if (RECURRENT_DROPOUT > 0.0) { return masked[element]; }
    return h[element];
  }
  return reset_h[element];
}

fn recurrent_block(gate: u32) -> u32 {
  return select(gate, 2u, PHASE == 1u);
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let stride = params.hidden;
  if (PHASE == 0u) {
    let r = gate(gates[at.input] + recurrent[0]);
    if (KEEP == 1u) { gates[at.gates] = r; }
    gates[at.gates + stride] = gate(gates[at.input + stride] + recurrent[RECURRENT_SIZE - 1u]);
    reset_h[at.step] = r * h[at.before] * recurrent_mask(at);
    return 0.0;  // h[t] comes in the next phase
  }
  let z = gates[at.gates + stride];
  let n = candidate(gates[at.input + 2u * stride] + recurrent[0]);
  if (KEEP == 1u) { gates[at.gates + 2u * stride] = n; }
  return (1.0 - z) * n + z * h[at.before];
}

fn cell_backward(at: Place, product: f32) -> f32 {
  let stride = params.hidden;
  if (PHASE == 0u) {
    let z = gates[at.gates + stride];
    let n = gates[at.gates + 2u * stride];
    let dh = incoming_gradient(at, product);
    gates[at.gates + stride] = dh * (h[at.before] - n) * d_gate(z);
    gates[at.gates + 2u * stride] = dh * (1.0 - z) * d_candidate(n);
    return dh * z;
  }
  let r = gates[at.gates];
  gates[at.gates] = product * h[at.before] * d_gate(r);
  return d_hidden[at.state] + product * r;
}
