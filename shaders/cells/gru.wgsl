// Gated recurrent unit with the reset gate after the product (PyTorch, cuDNN; Cho et al. 2014 v1), gates r z n.
//   n = tanh(W x + b + r * (U h[t-1] + b'))      h[t] = (1 - z) * n + z * h[t-1]
// A fourth block keeps U h + b' of n, and then the gradient of n's recurrent side, which differs from its input side by r.
#import gates
#import recurrent
#import state_input
#import normalized

const RECURRENT_GATES = 3u;
const RECURRENT_SIZE = 3u;
const SAVED_GATES = 4u;
const NORM_BLOCKS = RECURRENT_GATES;  // norm_hh

fn recurrent_block(gate: u32) -> u32 {
  return select(gate, 3u, gate == 2u);
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let stride = params.hidden;
  let r = gate(gates[at.input] + recurrent[0]);
  let z = gate(gates[at.input + stride] + recurrent[1]);
  let n = candidate(gates[at.input + 2u * stride] + r * recurrent[2]);
  if (KEEP == 1u) {
    gates[at.gates] = r;
    gates[at.gates + stride] = z;
    gates[at.gates + 2u * stride] = n;
    gates[at.gates + 3u * stride] = recurrent[2];
  }
  return (1.0 - z) * n + z * h[at.before];
}

fn cell_backward(at: Place, product: f32) -> f32 {
  return gate_gradients(at, incoming_gradient(at, product));
}

// `gates` become gradients; gives what reaches h[t-1] past the products.
fn gate_gradients(at: Place, dh: f32) -> f32 {
  let stride = params.hidden;
  let r = gates[at.gates];
  let z = gates[at.gates + stride];
  let n = gates[at.gates + 2u * stride];
  let recurrent = gates[at.gates + 3u * stride];
  let d_n = dh * (1.0 - z) * d_candidate(n);
  gates[at.gates] = d_n * recurrent * d_gate(r);
  gates[at.gates + stride] = dh * (h[at.before] - n) * d_gate(z);
  gates[at.gates + 2u * stride] = d_n;
  gates[at.gates + 3u * stride] = d_n * r;
  return dh * z;
}

fn row_forward(row: RowPlace, products: Statistics, thread: u32) {
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    keep_state(at, cell_forward(at, normalized_products(at, products)));
  }
}

fn row_backward(row: RowPlace, thread: u32) {
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    pass_on(at, gate_gradients(at, own_gradient(at)));
  }
}
