// Luong's attention (2015) of decoder states over encoder states, each row of the batch within its own source length L[n]:
//   scores: query[t,n]·encoder[s,n]     softmax: weights[t,n,s] over s < L[n]     mix: context[t,n] = Σ_s weights[t,n,s] encoder[s,n]
// Backward, dL/dweights are the scores of dL/dcontext, and dL/dquery is the mix by dL/dscores. Past L[n] the encoder states may hold
// anything, NaN too: they are not read, and weights and gradients are 0 there. Everything is assigned; each sum has one order.
// Numbers that are not finite, told by their bits: compilers may take it that arithmetic meets none, and of max, min and clamp WGSL lets
// them give either operand where one is NaN.

const INFINITE = 0x7f800000u;

// |x| as an unsigned integer of the same order: finite numbers, INFINITE, and NaN above it.
fn magnitude(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x7fffffffu;
}

fn is_nan(x: f32) -> bool {
  return magnitude(x) > INFINITE;
}

fn is_finite(x: f32) -> bool {
  return magnitude(x) < INFINITE;
}

// y, which was made of x; NaN where x is.
fn unless_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}

struct AttentionParams {
  steps: u32,     // T of the decoder
  sources: u32,   // S of the encoder
  batch: u32,     // N
  features: u32,  // E
}

@group(0) @binding(0) var<uniform> params: AttentionParams;
@group(0) @binding(1) var<storage, read> query: array<f32>;             // [T,N,E]
@group(0) @binding(2) var<storage, read> encoder: array<f32>;           // [S,N,E]
@group(0) @binding(3) var<storage, read> lengths: array<u32>;           // [N] from 0 to S
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;      // [T,N,S]
@group(0) @binding(5) var<storage, read> weights: array<f32>;           // [T,N,S]
@group(0) @binding(6) var<storage, read_write> context: array<f32>;     // [T,N,E]
@group(0) @binding(7) var<storage, read> d_context: array<f32>;         // [T,N,E]
@group(0) @binding(8) var<storage, read> d_scores: array<f32>;          // [T,N,S]
@group(0) @binding(9) var<storage, read_write> d_encoder: array<f32>;   // [S,N,E]

fn source_length(n: u32) -> u32 {
  return min(lengths[n], params.sources);
}

@compute @workgroup_size(16)
fn scores_of(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y + id.z * groups.y;  // t·N + n
  let s = id.x;
  if (row >= params.steps * params.batch || s >= params.sources) { return; }
  let n = row % params.batch;
  // Four partial sums: shorter chains, and less rounding than one long one.
  var sum = vec4f();
  if (s < source_length(n)) {
    let q = row * params.features;
    let e = (s * params.batch + n) * params.features;
    let whole = params.features & ~3u;
    for (var k = 0u; k < whole; k += 4u) {
      sum += vec4f(query[q + k], query[q + k + 1u], query[q + k + 2u], query[q + k + 3u])
        * vec4f(encoder[e + k], encoder[e + k + 1u], encoder[e + k + 2u], encoder[e + k + 3u]);
    }
    for (var k = whole; k < params.features; k += 1u) { sum.x += query[q + k] * encoder[e + k]; }
  }
  scores[row * params.sources + s] = (sum.x + sum.y) + (sum.z + sum.w);
}

// A row's scores become its weights. A row without source keeps its zeros.
@compute @workgroup_size(16)
fn softmax(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.steps * params.batch) { return; }
  let length = source_length(row % params.batch);
  if (length == 0u) { return; }
  let start = row * params.sources;
  var largest = scores[start];
  var most = 0u;
  for (var s = 0u; s < length; s += 1u) {
    largest = max(largest, scores[start + s]);
    most = max(most, magnitude(scores[start + s]));
  }
  var sum = 0.0;
  for (var s = 0u; s < length; s += 1u) {
    let power = exp(scores[start + s] - largest);
    scores[start + s] = power;
    sum += power;
  }
  if (most > INFINITE) { sum = bitcast<f32>(most); }  // NaN, which neither max nor exp promises
  for (var s = 0u; s < length; s += 1u) { scores[start + s] /= sum; }
}

@compute @workgroup_size(64)
fn mix(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y + id.z * groups.y;  // t·N + n
  let e = id.x;
  if (row >= params.steps * params.batch || e >= params.features) { return; }
  let n = row % params.batch;
  let length = source_length(n);
  var sum = 0.0;
  for (var s = 0u; s < length; s += 1u) { sum += weights[row * params.sources + s] * encoder[(s * params.batch + n) * params.features + e]; }
  context[row * params.features + e] = sum;
}

// A row's dL/dweights, in `scores`, become dL/dscores.
@compute @workgroup_size(16)
fn softmax_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.steps * params.batch) { return; }
  let length = source_length(row % params.batch);
  let start = row * params.sources;
  var mean = 0.0;
  for (var s = 0u; s < length; s += 1u) { mean += weights[start + s] * scores[start + s]; }
  for (var s = 0u; s < length; s += 1u) { scores[start + s] = weights[start + s] * (scores[start + s] - mean); }
}

// Encoder states are reached as what is mixed and as what is compared.
@compute @workgroup_size(64)
fn encoder_gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y + id.z * groups.y;  // s·N + n
  let e = id.x;
  if (row >= params.sources * params.batch || e >= params.features) { return; }
  let n = row % params.batch;
  let s = row / params.batch;
  var sum = 0.0;
  if (s < source_length(n)) {
    for (var t = 0u; t < params.steps; t += 1u) {
      let step = t * params.batch + n;
      let at = step * params.features + e;
      sum += weights[step * params.sources + s] * d_context[at] + d_scores[step * params.sources + s] * query[at];
    }
  }
  d_encoder[row * params.features + e] = sum;
}
