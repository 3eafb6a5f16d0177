// The three activations of a gated cell, ONNX's f, g and h, with the clip of the gates' pre-activations.
#import activation

const GATE_KIND = 0u;        // sigmoid
const GATE_ALPHA = 1.0;
const GATE_BETA = 0.0;
const CANDIDATE_KIND = 1u;   // tanh
const CANDIDATE_ALPHA = 1.0;
const CANDIDATE_BETA = 0.0;
const OUTPUT_KIND = 1u;      // tanh
const OUTPUT_ALPHA = 1.0;
const OUTPUT_BETA = 0.0;
const CLIP = 0.0;            // 0: none

const SMALLEST = 1.17549435e-38;  // of the normal numbers, 0x00800000

fn clipped(x: f32) -> f32 {
  if (CLIP == 0.0) { return x; }
  return select(x, select(-CLIP, CLIP, x > 0.0), abs(x) > CLIP);
}

// The activation y of the clipped sum x as the cell uses and keeps it. With a clip its lowest bit says whether the sum was clipped:
// the value alone does not, because a compiler need not fold the activation of the constant CLIP to the bits that the device has for
// it. Either bit is reached toward zero, so that a gate stays within its range, and 0 gives way to a number that no driver flushes.
// NaN is an even NaN, whichever it was: one more or less in its bits could be infinity.
fn marked(y: f32, x: f32) -> f32 {
  if (CLIP == 0.0) { return y; }
  let bits = bitcast<u32>(y);
  let odd = select((bits - 1u) | 1u, 0x00800001u, abs(y) <= SMALLEST);
  return bitcast<f32>(select(select(bits & 0xfffffffeu, odd, abs(x) > CLIP), 0x7fc00000u, is_nan(y)));
}

fn was_clipped(y: f32) -> bool {
  return CLIP > 0.0 && (bitcast<u32>(y) & 1u) == 1u;
}

fn gate(x: f32) -> f32 {
  return marked(activate(GATE_KIND, clipped(x), GATE_ALPHA, GATE_BETA), x);
}

fn candidate(x: f32) -> f32 {
  return marked(activate(CANDIDATE_KIND, clipped(x), CANDIDATE_ALPHA, CANDIDATE_BETA), x);
}

fn output_activation(x: f32) -> f32 {
  return activate(OUTPUT_KIND, x, OUTPUT_ALPHA, OUTPUT_BETA);
}

// Of the very value that `gate` or `candidate` gave. A clipped sum has no derivative.
fn d_gate(y: f32) -> f32 {
  if (was_clipped(y)) { return 0.0; }
  return d_activate(GATE_KIND, y, GATE_ALPHA);
}

fn d_candidate(y: f32) -> f32 {
  if (was_clipped(y)) { return 0.0; }
  return d_activate(CANDIDATE_KIND, y, CANDIDATE_ALPHA);
}

fn d_output_activation(y: f32) -> f32 {
  return d_activate(OUTPUT_KIND, y, OUTPUT_ALPHA);
}
