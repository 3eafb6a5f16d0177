// The LSTM family, gates i f g o, or i g o where the input gate is coupled (COUPLED 1: f = 1 - i, Greff et al. 2017).
// The importing file says what the gates see of the cell: see_input, see_forget, see_output and their derivatives.
#import gates
#import recurrent
#import state_input

const COUPLED = 0u;
const RECURRENT_GATES = 4u;
const RECURRENT_SIZE = 4u;
const SAVED_GATES = 4u;

@group(0) @binding(8) var<storage, read_write> c: array<f32>;       // [slots, N, D·H]
@group(0) @binding(9) var<storage, read_write> d_cell: array<f32>;  // [D, N, H] in: dL/dc[t]; out: dL/dc[t-1]

fn recurrent_block(gate: u32) -> u32 {
  return gate;
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let stride = params.hidden;
  let g_at = at.gates + (2u - COUPLED) * stride;
  let o_at = at.gates + (3u - COUPLED) * stride;
  let before = c[at.before];
  let i = gate(gates[at.gates] + recurrent[0] + see_input(at, before));
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gate(gates[at.gates + stride] + recurrent[1] + see_forget(at, before)); }
  let g = candidate(gates[g_at] + recurrent[2u - COUPLED]);
  let cell = f * before + i * g;
  let o = gate(gates[o_at] + recurrent[3u - COUPLED] + see_output(at, before, cell));
  c[at.after] = cell + kept(at, ZONEOUT_C, 1u) * (before - cell);  // h is made of the new one all the same
  gates[at.gates] = i;
  if (COUPLED == 0u) { gates[at.gates + stride] = f; }
  gates[g_at] = g;
  gates[o_at] = o;
  return o * output_activation(cell);
}

fn cell_backward(at: Place, product: f32) -> f32 {
  let stride = params.hidden;
  let g_at = at.gates + (2u - COUPLED) * stride;
  let o_at = at.gates + (3u - COUPLED) * stride;
  let before = c[at.before];
  let i = gates[at.gates];
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gates[at.gates + stride]; }
  let g = gates[g_at];
  let o = gates[o_at];
  // With zoneout the history holds the old c where it was kept; the new one follows from the gates.
  var cell = c[at.after];
  if (ZONEOUT_C > 0.0) { cell = f * before + i * g; }
  let squashed = output_activation(cell);
  let keep = kept(at, ZONEOUT_C, 1u);
  let dh = arriving(at, product);
  let d_o = dh * squashed * d_gate(o);
  let dc = (1.0 - keep) * d_cell[at.state] + dh * o * d_output_activation(squashed) + unsee_after(at, d_o);
  var d_i = dc * g * d_gate(i);
  var d_f = dc * before * d_gate(f);
  if (COUPLED == 1u) {
    d_i = dc * (g - before) * d_gate(i);
    d_f = 0.0;
  }
  d_cell[at.state] = dc * f + unsee_before(at, d_i, d_f, d_o) + keep * d_cell[at.state];
  gates[at.gates] = d_i;
  if (COUPLED == 0u) { gates[at.gates + stride] = d_f; }
  gates[g_at] = dc * i * d_candidate(g);
  gates[o_at] = d_o;
  return 0.0;
}
