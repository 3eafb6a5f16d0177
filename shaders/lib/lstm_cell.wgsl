// The LSTM family, gates i f g o, or i g o where the input gate is coupled (COUPLED 1: f = 1 - i, Greff et al. 2017).
// The importing file says what the gates see of the cell: peephole_input, peephole_forget, peephole_output and their derivatives.
#import gates
#import recurrent
#import state_input
#import normalized

const COUPLED = 0u;
const RECURRENT_GATES = 4u;
const RECURRENT_SIZE = 4u;
const SAVED_GATES = 4u;
const NORM_BLOCKS = RECURRENT_GATES + 2u;  // norm_hh, norm_c, norm_c_bias

@group(0) @binding(8) var<storage, read_write> c: array<f32>;       // [slots, N, D·H]
@group(0) @binding(9) var<storage, read_write> d_cell: array<f32>;  // [D, N, H] in: dL/dc[t]; out: dL/dc[t-1]

fn recurrent_block(gate: u32) -> u32 {
  return gate;
}

fn cell_forward(at: Place, recurrent: Recurrent) -> f32 {
  let stride = params.hidden;
  let g_block = (2u - COUPLED) * stride;
  let o_block = (3u - COUPLED) * stride;
  let before = c[at.before];
  let i = gate(gates[at.input] + recurrent[0] + peephole_input(at, before));
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gate(gates[at.input + stride] + recurrent[1] + peephole_forget(at, before)); }
  let g = candidate(gates[at.input + g_block] + recurrent[2u - COUPLED]);
  let cell = f * before + i * g;
  let o = gate(gates[at.input + o_block] + recurrent[3u - COUPLED] + peephole_output(at, before, cell));
  c[at.after] = cell + zoneout_keep(at, ZONEOUT_C, 1u) * (before - cell);  // h is made of the new one all the same
  if (KEEP == 1u) {
    gates[at.gates] = i;
    if (COUPLED == 0u) { gates[at.gates + stride] = f; }
    gates[at.gates + g_block] = g;
    gates[at.gates + o_block] = o;
  }
  return o * output_activation(cell);
}

fn output_gate(at: Place) -> f32 {
  return gates[at.gates + (3u - COUPLED) * params.hidden];
}

// The new cell state of which h was made. With zoneout the history holds the old one where it was kept; the new one follows
// from the gates.
fn made_cell(at: Place) -> f32 {
  if (ZONEOUT_C == 0.0) { return c[at.after]; }
  let i = gates[at.gates];
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gates[at.gates + params.hidden]; }
  return f * c[at.before] + i * gates[at.gates + (2u - COUPLED) * params.hidden];
}

fn cell_backward(at: Place, product: f32) -> f32 {
  let cell = made_cell(at);
  let squashed = output_activation(cell);
  let o = output_gate(at);
  let dh = incoming_gradient(at, product);
  gate_gradients(at, o, dh * squashed * d_gate(o), dh * o * d_output_activation(squashed));
  return 0.0;
}

// `gates` and `d_cell` become gradients; `d_made` is what reaches the new cell state through h.
fn gate_gradients(at: Place, o: f32, d_o: f32, d_made: f32) {
  let stride = params.hidden;
  let g_at = at.gates + (2u - COUPLED) * stride;
  let before = c[at.before];
  let i = gates[at.gates];
  var f = 1.0 - i;
  if (COUPLED == 0u) { f = gates[at.gates + stride]; }
  let g = gates[g_at];
  let keep = zoneout_keep(at, ZONEOUT_C, 1u);
  let dc = (1.0 - keep) * d_cell[at.state] + d_made + d_peephole_after(at, d_o);
  var d_i = dc * g * d_gate(i);
  var d_f = dc * before * d_gate(f);
  if (COUPLED == 1u) {
    d_i = dc * (g - before) * d_gate(i);
    d_f = 0.0;
  }
  d_cell[at.state] = dc * f + d_peephole_before(at, d_i, d_f, d_o) + keep * d_cell[at.state];
  gates[at.gates] = d_i;
  if (COUPLED == 0u) { gates[at.gates + stride] = d_f; }
  gates[g_at] = dc * i * d_candidate(g);
  gates[at.gates + (3u - COUPLED) * stride] = d_o;
}

// Layer-normalized: h[t] = o * tanh(LN(c[t]) + bias), over the row's units; c itself goes on as it is.

fn row_forward(row: RowPlace, products: Statistics, thread: u32) {
  var sum = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    cell_forward(at, normalized_products(at, products));
    sum += made_cell(at);
  }
  let cells = cell_statistics(row, sum, thread, 1u);
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    keep_state(at, output_gate(at) * output_activation(normalized_cell(at, cells)));
  }
}

fn normalized_cell(at: Place, cells: Statistics) -> f32 {
  return cell_gain(at) * standard(made_cell(at), cells) + norm[norm_row(at.direction) + params.norm_cell_bias + at.unit];
}

fn cell_gain(at: Place) -> f32 {
  return norm[norm_row(at.direction) + params.norm_cell + at.unit];
}

// The row's statistics, for the sum of the thread's own cell states.
fn cell_statistics(row: RowPlace, sum: f32, thread: u32, slot: u32) -> Statistics {
  let mean = sum / max(f32(own_count(params.hidden, thread)), 1.0);
  var squares = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let off = made_cell(place(row, u)) - mean;
    squares += off * off;
  }
  return row_statistics(mean, squares, params.hidden, 1u, thread, slot);
}

// dL/d of the normalized cell state.
fn d_normalized_cell(at: Place, cells: Statistics) -> f32 {
  return own_gradient(at) * output_gate(at) * d_output_activation(output_activation(normalized_cell(at, cells)));
}

fn row_backward(row: RowPlace, thread: u32) {
  var sum = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) { sum += made_cell(place(row, u)); }
  let cells = cell_statistics(row, sum, thread, 0u);
  var part = vec2f();
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    let d = d_normalized_cell(at, cells);
    let hat = standard(made_cell(at), cells);
    let gains = d_norm_row(row) + RECURRENT_GATES * params.hidden + u;
    d_norm[gains] += d * hat;
    d_norm[gains + params.hidden] += d;
    part += d * cell_gain(at) * vec2f(1.0, hat);
  }
  let sums = row_sums(part, thread, 1u) / f32(params.hidden);
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    let d = d_normalized_cell(at, cells);
    let d_made = cells.scale * (d * cell_gain(at) - sums.x - standard(made_cell(at), cells) * sums.y);
    let o = output_gate(at);
    gate_gradients(at, o, own_gradient(at) * output_activation(normalized_cell(at, cells)) * d_gate(o), d_made);
    pass_on(at, 0.0);
  }
}
