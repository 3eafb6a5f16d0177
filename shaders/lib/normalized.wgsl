// A step of a cell with layer normalization (Ba et al. 2016) of W_hh·h[t-1], over all gates of a row together: a workgroup a row.
//   forward:  behind the dispatch that left the products in the blocks PRODUCT_BLOCK …: normalize them, then the cell
//   backward: behind the dispatch that left dL/dh[t] in d_hidden: the cell, then the products' blocks become their gradients
// The importing file defines the cell:
//   const NORM_BLOCKS = RECURRENT_GATES;                                   blocks of H in norm and d_norm
//   fn row_forward(row: RowPlace, products: Statistics, thread: u32)       the units of that thread
//   fn row_backward(row: RowPlace, thread: u32)                            turns `gates` into their gradients
#import row_sums

@group(0) @binding(12) var<storage, read> norm: array<f32>;         // norm_hh [R·H], then norm_c and norm_c_bias [H], of the first direction
@group(0) @binding(13) var<storage, read_write> d_norm: array<f32>; // [D, N, NORM_BLOCKS, H] their gradients by row, summed over the steps

fn norm_row(direction: u32) -> u32 {
  return params.norm_offset + direction * params.norm_stride;
}

fn d_norm_row(row: RowPlace) -> u32 {
  return (row.direction * params.batch + row.row) * NORM_BLOCKS * params.hidden;
}

fn product_of(at: Place, gate: u32) -> f32 {
  return gates[at.gates + (PRODUCT_BLOCK + gate) * params.hidden];
}

fn product_statistics(row: RowPlace, thread: u32) -> Statistics {
  let own = f32(own_count(params.hidden, thread) * RECURRENT_GATES);
  var sum = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) { sum += product_of(place(row, u), g); }
  }
  let mean = sum / max(own, 1.0);
  var squares = 0.0;
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
      let off = product_of(place(row, u), g) - mean;
      squares += off * off;
    }
  }
  return row_statistics(mean, squares, params.hidden, RECURRENT_GATES, thread, 0u);
}

// What the unit's gates get of the state: the biases come after the normalization.
fn normalized_products(at: Place, products: Statistics) -> Recurrent {
  var recurrent: Recurrent;
  for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
    let column = g * params.hidden + at.unit;
    let bias = bias_hh[params.bias_hh_offset + at.direction * params.bias_stride + column];
    recurrent[g] = norm[norm_row(at.direction) + column] * standard(product_of(at, g), products) + bias;
  }
  return recurrent;
}

// The part of dL/dh[t] that is the cell's own, less what zoneout sends past it.
fn own_gradient(at: Place) -> f32 {
  return (1.0 - zoneout_keep(at, ZONEOUT_H, 0u)) * d_hidden[at.state];
}

// d_hidden becomes what reaches h[t-1] other than through the products: `past` of the cell, and what zoneout sends past it.
fn pass_on(at: Place, past: f32) {
  d_hidden[at.state] = past + zoneout_keep(at, ZONEOUT_H, 0u) * d_hidden[at.state];
}

@compute @workgroup_size(ROW_THREADS)
fn normalized_forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x + group.y * groups.x;
  if (n >= params.batch) { return; }
  let row = row_place(params.step, n, group.z);
  if (row.time >= lengths[n]) { return; }
  let products = product_statistics(row, thread);
  row_forward(row, products, thread);
}

@compute @workgroup_size(ROW_THREADS)
fn normalized_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.x + group.y * groups.x;
  if (n >= params.batch) { return; }
  let row = row_place(params.step, n, group.z);
  if (row.time >= lengths[n]) {
    for (var k = thread; k < SAVED_GATES * params.hidden; k += ROW_THREADS) { gates[gates_row(row.time, n, row.direction) + k] = 0.0; }
    return;
  }
  row_backward(row, thread);
  let products = product_statistics(row, thread);
  var part = vec2f();
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
      let column = g * params.hidden + u;
      let d = gates[at.gates + recurrent_block(g) * params.hidden];
      let hat = standard(product_of(at, g), products);
      d_norm[d_norm_row(row) + column] += d * hat;
      part += d * norm[norm_row(row.direction) + column] * vec2f(1.0, hat);
    }
  }
  let sums = row_sums(part, thread, 1u) / f32(RECURRENT_GATES * params.hidden);
  for (var u = thread; u < params.hidden; u += ROW_THREADS) {
    let at = place(row, u);
    for (var g = 0u; g < RECURRENT_GATES; g += 1u) {
      let d = gates[at.gates + recurrent_block(g) * params.hidden] * norm[norm_row(row.direction) + g * params.hidden + u];
      let hat = standard(product_of(at, g), products);
      gates[at.gates + (PRODUCT_BLOCK + g) * params.hidden] = products.scale * (d - sums.x - hat * sums.y);
    }
  }
}
