// Global L2 norm of the flat gradient buffer, in two fixed stages, so the same gradients always give the same norm. Where the sum of squares
// leaves the range of float32 the third takes its place: with the gradient in another unit (Blue 1978), and a search for what is not finite.
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
// What a step knows of its gradient before the update, 18 values: its norm, whether it is finite, and with dynamic loss scaling
// (Micikevicius et al. 2018) the scale's state. A checkpoint in precision f16 keeps the first 8.

const NORM = 0u;       // ‖∇‖₂, unscaled; infinite where it is no float32; what is not finite itself where an element is not
const SCALE = 1u;      // of the next step's loss
const GOOD = 2u;       // steps since the scale last changed
const SKIPPED = 3u;    // 1: an element of the step's gradient is not finite, and the update changes nothing
const USED = 4u;       // the scale that the step had
const INVERSE = 5u;    // 1 / SCALE; both are powers of two, so that neither product loses anything
const SHARE = 6u;      // 1-β1^t and 1-β2^t of Adam, t counting the updates that were not skipped
const UNIT = 8u;       // a power of two by which the gradient's norm is a float32 whose square is one too; mostly 1
const REDUCED = 9u;    // that norm, UNIT · ‖∇‖₂
const SURE = 10u;      // 1: the plain sum of squares was in range
const PART = 11u;      // skipped: of several gradients the first that has an element that is not finite, and that element, as
const ELEMENT = 12u;   // ELEMENT · 2¹⁶ + the value behind it: a float32 counts to 2²⁴ alone
const SKIPS = 14u;     // steps skipped so far
const SUMS = 16u;      // not SURE: sums of squares in two other units, over the gradients so far

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
