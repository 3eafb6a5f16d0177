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

fn clipped(x: f32) -> f32 {
  if (CLIP > 0.0) { return clamp(x, -CLIP, CLIP); }
  return x;
}

fn gate(x: f32) -> f32 {
  return activate(GATE_KIND, clipped(x), GATE_ALPHA, GATE_BETA);
}

fn candidate(x: f32) -> f32 {
  return activate(CANDIDATE_KIND, clipped(x), CANDIDATE_ALPHA, CANDIDATE_BETA);
}

fn output_activation(x: f32) -> f32 {
  return activate(OUTPUT_KIND, x, OUTPUT_ALPHA, OUTPUT_BETA);
}

// A clipped sum has exactly the activation of the clip, and no derivative.
fn d_gate(y: f32) -> f32 {
  if (CLIP > 0.0 && (y == gate(CLIP) || y == gate(-CLIP))) { return 0.0; }
  return d_activate(GATE_KIND, y, GATE_ALPHA);
}

fn d_candidate(y: f32) -> f32 {
  if (CLIP > 0.0 && (y == candidate(CLIP) || y == candidate(-CLIP))) { return 0.0; }
  return d_activate(CANDIDATE_KIND, y, CANDIDATE_ALPHA);
}

fn d_output_activation(y: f32) -> f32 {
  return d_activate(OUTPUT_KIND, y, OUTPUT_ALPHA);
}
