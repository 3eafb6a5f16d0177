// Global L2 norm of the flat gradient buffer, in two fixed stages, so the same gradients always give the same norm. Where the sum of squares
// leaves the range of float32 the third takes its place: with the gradient in another unit (Blue 1978), and a search for what is not finite.
#import finite
#import scaling

struct NormParams {
  count: u32,   // elements of the gradient
  threads: u32, // P, partial sums
  part: u32,    // which of several gradients
}

@group(0) @binding(0) var<uniform> params: NormParams;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;         // [count]
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;   // [P]
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;       // [18] as lib/scaling.wgsl says

@compute @workgroup_size(64)
fn partial_sums(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.threads) { return; }
  var sum = 0.0;
  for (var at = id.x; at < params.count; at += params.threads) { sum += gradient[at] * gradient[at]; }
  partials[id.x] = sum;
}

const LEAST = 8.67361738e-19;  // 2⁻⁶⁰: below it, squares that count may have been flushed to 0

@compute @workgroup_size(1)
fn total() {
  var sum = 0.0;
  for (var p = 0u; p < params.threads; p += 1u) { sum += partials[p]; }
  norm[NORM] = sqrt(sum);
  norm[UNIT] = 1.0;
  norm[REDUCED] = norm[NORM];
  norm[SKIPPED] = 0.0;
  norm[SURE] = select(0.0, 1.0, is_finite(sum) && sum > LEAST);
  norm[SUMS] = 0.0;
  norm[SUMS + 1u] = 0.0;
}

const DOWN = 1.26217745e-29;  // 2⁻⁹⁶: no square of a float32 in this unit overflows
const UP = 1.8446744e19;      // 2⁶⁴: nor does one where the norm is below 2⁻³⁰
const LANES = 64u;
const NONE = 0xffffffffu;
var<workgroup> shared_sums: array<vec2f, LANES>;
var<workgroup> shared_bad: array<u32, LANES>;

// One workgroup, after `total`, for each of the gradients in their order. It reads nothing where the plain sum will do.
@compute @workgroup_size(LANES)
fn careful(@builtin(local_invocation_index) lane: u32) {
  let end = select(params.count, 0u, norm[SURE] == 1.0);
  var own = vec2f();
  var bad = NONE;
  for (var at = lane; at < end; at += LANES) {
    let g = gradient[at];
    if (!is_finite(g)) { bad = min(bad, at); }
    own += (g * vec2f(DOWN, UP)) * (g * vec2f(DOWN, UP));
  }
  shared_sums[lane] = own;
  shared_bad[lane] = bad;
  workgroupBarrier();
  if (lane > 0u || end == 0u) { return; }
  var both = vec2f(norm[SUMS], norm[SUMS + 1u]);
  bad = NONE;
  for (var i = 0u; i < LANES; i += 1u) {
    both += shared_sums[i];
    bad = min(bad, shared_bad[i]);
  }
  norm[SUMS] = both.x;
  norm[SUMS + 1u] = both.y;
  if (norm[SKIPPED] == 1.0) { return; }
  if (bad != NONE) {
    norm[NORM] = bitcast<f32>(magnitude(gradient[bad]));
    norm[SKIPPED] = 1.0;
    norm[SKIPS] += 1.0;
    norm[PART] = f32(params.part);
    norm[ELEMENT] = f32(bad >> 16u);
    norm[ELEMENT + 1u] = f32(bad & 0xffffu);
    return;
  }
  // Between 2⁻³⁰ and 2⁶⁴ the plain sum was sure.
  let is_large = both.x > 4.3368087e-19;
  norm[UNIT] = select(UP, DOWN, is_large);
  norm[REDUCED] = sqrt(select(both.y, both.x, is_large));
  norm[NORM] = norm[REDUCED] * select(5.42101086e-20, 7.92281625e28, is_large);
}
