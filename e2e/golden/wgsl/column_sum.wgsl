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
  also_offset: u32,
}

@group(0) @binding(0) var<uniform> params: ColumnSumParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;

@group(0) @binding(3) var<storage, read_write> also: array<f32>;

// The sum of one group, the rows before `end`. Four partial sums: shorter chains, and less rounding than one long one.
fn group_sum(column: u32, end: u32) -> f32 {
  var sum = vec4f();
  let whole = params.group & ~3u;
  var at = params.x_offset + column + (end - params.group) * params.stride;
  for (var r = 0u; r < whole; r += 4u) {
    sum += vec4f(x[at], x[at + params.stride], x[at + 2u * params.stride], x[at + 3u * params.stride]);
    at += 4u * params.stride;
  }
  for (var r = whole; r < params.group; r += 1u) {
    sum.x += x[at];
    at += params.stride;
  }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

@compute @workgroup_size(16)
fn column_sum(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) { return; }
  var all = total[params.total_offset + column];
  for (var end = params.rows; end >= params.group; end -= params.group) { all += group_sum(column, end); }
  total[params.total_offset + column] = all;
}

// The same sum added to both: a gate's bias of the input and its bias of the state have one gradient.
@compute @workgroup_size(16)
fn column_sum_to_both(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) { return; }
  var all = vec2f(total[params.total_offset + column], also[params.also_offset + column]);
  for (var end = params.rows; end >= params.group; end -= params.group) { all += group_sum(column, end); }
  total[params.total_offset + column] = all.x;
  also[params.also_offset + column] = all.y;
}
