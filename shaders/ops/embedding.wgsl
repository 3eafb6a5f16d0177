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

// rows [t·N+n, :] = table row of tokens [t,n] (+ bias)
const ROWS = 16u;  // rows a thread of `gather`

@compute @workgroup_size(64)
fn gather(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let column = id.x;
  if (column >= params.columns) { return; }
  var added = 0.0;
  if (params.has_bias == 1u) { added = bias[params.bias_offset + column]; }
  let first = (id.y + id.z * groups.y) * ROWS;
  let end = min(first + ROWS, params.tokens_count);
  for (var row = first; row < end; row += 1u) {
    let token = min(tokens[params.first + row], params.vocabulary - 1u);
    let value = table[params.table_offset + token * params.token_stride + column * params.column_stride];
    rows[params.rows_offset + row * params.rows_stride + column] = value + added;
  }
}

@group(0) @binding(5) var<storage, read> starts: array<u32>;          // [V+1] where each token's positions begin
@group(0) @binding(6) var<storage, read> positions: array<u32>;       // [T·N] t·N+n, grouped by token, ascending
@group(0) @binding(7) var<storage, read> d_rows: array<f32>;          // [T·N, C]
@group(0) @binding(8) var<storage, read_write> d_table: array<f32>;   // laid out as the table

// One thread owns one element of the table and adds its rows in order: no atomics, the same sum every time. Accumulates.
@compute @workgroup_size(64)
fn gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let column = id.x;
  let token = id.y + id.z * groups.y;
  if (column >= params.columns || token >= params.vocabulary) { return; }
  var sum = 0.0;
  let end = starts[token + 1u];
  for (var p = starts[token]; p < end; p += 1u) { sum += d_rows[params.d_rows_offset + positions[p] * params.rows_stride + column]; }
  d_table[params.d_table_offset + token * params.token_stride + column * params.column_stride] += sum;
}
