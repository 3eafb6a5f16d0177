// Rows of a table by token, and the table's gradient. Strides let the table be stored either way round:
// a table [V,C] has token_stride C and column_stride 1; W_ih [C,V] read as a one-hot product has 1 and V.

struct EmbeddingParams {
  tokens_count: u32,  // how many tokens, T·N
  first: u32,         // gather: index of the first token in `tokens`
  columns: u32,       // C
  vocabulary: u32,    // V
  rows_stride: u32,   // elements from one token's row of `rows` or `d_rows` to the next
  token_stride: u32,
  column_stride: u32,
  has_bias: u32,
  table_offset: u32,
  bias_offset: u32,
  rows_offset: u32,
  d_rows_offset: u32,
  d_table_offset: u32,
}

@group(0) @binding(0) var<uniform> params: EmbeddingParams;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;            // [C]
@group(0) @binding(3) var<storage, read> tokens: array<u32>;          // [T,N]
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;      // [T·N, C], rows_stride apart

const EVERY = 0u;     // gather: 1 for the row of every token in order, which turns the table round
const ROWS = 16u;     // rows a thread of `gather`
const COLUMNS = 4u;   // columns a thread, a workgroup's width apart: a token is looked up once for all of them
const WORKGROUP = 64u;

fn token_at(row: u32) -> u32 {
  if (EVERY == 1u) { return row; }
  return min(tokens[params.first + row], params.vocabulary - 1u);
}

// rows [t·N+n, :] = table row of tokens [t,n] (+ bias)
@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let column_0 = (group.x * COLUMNS + 0) * WORKGROUP + local;
  let place_0 = params.table_offset + column_0 * params.column_stride;
  var added_0 = 0.0;
  if (params.has_bias == 1u && column_0 < params.columns) { added_0 = bias[params.bias_offset + column_0]; }
  let column_1 = (group.x * COLUMNS + 1) * WORKGROUP + local;
  let place_1 = params.table_offset + column_1 * params.column_stride;
  var added_1 = 0.0;
  if (params.has_bias == 1u && column_1 < params.columns) { added_1 = bias[params.bias_offset + column_1]; }
  let column_2 = (group.x * COLUMNS + 2) * WORKGROUP + local;
  let place_2 = params.table_offset + column_2 * params.column_stride;
  var added_2 = 0.0;
  if (params.has_bias == 1u && column_2 < params.columns) { added_2 = bias[params.bias_offset + column_2]; }
  let column_3 = (group.x * COLUMNS + 3) * WORKGROUP + local;
  let place_3 = params.table_offset + column_3 * params.column_stride;
  var added_3 = 0.0;
  if (params.has_bias == 1u && column_3 < params.columns) { added_3 = bias[params.bias_offset + column_3]; }
  let first = (group.y + group.z * groups.y) * ROWS;
  let end = min(first + ROWS, params.tokens_count);
  for (var row = first; row < end; row += 1u) {
    let of_token = token_at(row) * params.token_stride;
    let of_row = params.rows_offset + row * params.rows_stride;
    if (column_0 < params.columns) { rows[of_row + column_0] = table[place_0 + of_token] + added_0; }
    if (column_1 < params.columns) { rows[of_row + column_1] = table[place_1 + of_token] + added_1; }
    if (column_2 < params.columns) { rows[of_row + column_2] = table[place_2 + of_token] + added_2; }
    if (column_3 < params.columns) { rows[of_row + column_3] = table[place_3 + of_token] + added_3; }
  }
}

@group(0) @binding(5) var<storage, read> starts: array<u32>;          // [V+1] where each token's positions begin
@group(0) @binding(6) var<storage, read> positions: array<u32>;       // [T·N] t·N+n, grouped by token, ascending
@group(0) @binding(7) var<storage, read> d_rows: array<f32>;          // [T·N, C]
@group(0) @binding(8) var<storage, read_write> d_table: array<f32>;   // laid out as the table

// One thread owns elements of one token's row and adds the gradients there in order: no atomics, the same sum every time. Accumulates.
@compute @workgroup_size(WORKGROUP)
fn gradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32, @builtin(num_workgroups) groups: vec3u) {
  let token = group.y + group.z * groups.y;
  if (token >= params.vocabulary) { return; }
  let column_0 = (group.x * COLUMNS + 0) * WORKGROUP + local;
  var sum_0 = 0.0;
  let column_1 = (group.x * COLUMNS + 1) * WORKGROUP + local;
  var sum_1 = 0.0;
  let column_2 = (group.x * COLUMNS + 2) * WORKGROUP + local;
  var sum_2 = 0.0;
  let column_3 = (group.x * COLUMNS + 3) * WORKGROUP + local;
  var sum_3 = 0.0;
  let end = starts[token + 1u];
  for (var p = starts[token]; p < end; p += 1u) {
    let of_row = params.d_rows_offset + positions[p] * params.rows_stride;
    sum_0 += d_rows[of_row + column_0];
    sum_1 += d_rows[of_row + column_1];
    sum_2 += d_rows[of_row + column_2];
    sum_3 += d_rows[of_row + column_3];
  }
  let of_token = params.d_table_offset + token * params.token_stride;
  if (column_0 < params.columns) { d_table[of_token + column_0 * params.column_stride] += sum_0; }
  if (column_1 < params.columns) { d_table[of_token + column_1 * params.column_stride] += sum_1; }
  if (column_2 < params.columns) { d_table[of_token + column_2 * params.column_stride] += sum_2; }
  if (column_3 < params.columns) { d_table[of_token + column_3 * params.column_stride] += sum_3; }
}
