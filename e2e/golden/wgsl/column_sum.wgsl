// Sums over rows: total [C] += Σ_r x [R,C]. A bias gradient; accumulates, as parameters' gradients do.
// Rows are summed by groups, such as the batch of a timestep, and those sums chained from the last group to the first, going on
// from what `total` holds: sums over parts of the groups, the last part first, are those over all of them, to the bit.

struct ColumnSumParams {
  rows: u32,
  group: u32,   // rows of a group; divides `rows`
  columns: u32,
  stride: u32,  // elements from one row of x to the next
  x_offset: u32,
  total_offset: u32,
  second_total_offset: u32,
}

@group(0) @binding(0) var<uniform> params: ColumnSumParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;

@group(0) @binding(3) var<storage, read_write> second_total: array<f32>;

const COLUMNS = 4u;  // of a thread, side by side: neighbours read whole lines of memory
const WORKGROUP = 16u;

// Elements of four columns in one row. What lies past the last column is read, and not stored.
fn four_columns(at: u32) -> vec4f {
  return vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
}

// The sums of one group, whose first row begins at `begin`. Four partial sums: shorter chains, and less rounding than one long one.
fn group_sums(begin: u32, group: u32, stride: u32) -> vec4f {
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  var at = begin;
  for (var r = 4u; r <= group; r += 4u) {
    sum_0 += four_columns(at + 0 * stride);
    sum_1 += four_columns(at + 1 * stride);
    sum_2 += four_columns(at + 2 * stride);
    sum_3 += four_columns(at + 3 * stride);
    at += 4u * stride;
  }
  for (var r = 0u; r < (group & 3u); r += 1u) {
    sum_0 += four_columns(at);
    at += stride;
  }
  return (sum_0 + sum_1) + (sum_2 + sum_3);
}

@compute @workgroup_size(WORKGROUP)
fn column_sum(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * COLUMNS;
  if (column >= params.columns) { return; }
  let group = params.group;
  let stride = params.stride;
  let first = params.x_offset + column;
  let own = min(COLUMNS, params.columns - column);
  var all = vec4f();
  for (var j = 0u; j < own; j += 1u) { all[j] = total[params.total_offset + column + j]; }
  for (var row = params.rows; row > 0u; row -= group) { all += group_sums(first + (row - group) * stride, group, stride); }
  for (var j = 0u; j < own; j += 1u) { total[params.total_offset + column + j] = all[j]; }
}

// The same sums added to both: a gate's bias of the input and its bias of the state have one gradient.
@compute @workgroup_size(WORKGROUP)
fn column_sum_to_both(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * COLUMNS;
  if (column >= params.columns) { return; }
  let group = params.group;
  let stride = params.stride;
  let first = params.x_offset + column;
  let own = min(COLUMNS, params.columns - column);
  var all = vec4f();
  var second_sums = vec4f();
  for (var j = 0u; j < own; j += 1u) {
    all[j] = total[params.total_offset + column + j];
    second_sums[j] = second_total[params.second_total_offset + column + j];
  }
  for (var row = params.rows; row > 0u; row -= group) {
    let sums = group_sums(first + (row - group) * stride, group, stride);
    all += sums;
    second_sums += sums;
  }
  for (var j = 0u; j < own; j += 1u) {
    total[params.total_offset + column + j] = all[j];
    second_total[params.second_total_offset + column + j] = second_sums[j];
  }
}
