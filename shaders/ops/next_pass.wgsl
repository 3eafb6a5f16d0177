// The counter of a pass that draws masks goes one on, and to where its kernels read it, behind the lengths: as a command of the pass, so
// that one encoded again, or twice into one encoder, has other masks.

struct NextPassParams {
  count: u32,   // arrays of lengths, side by side
  stride: u32,  // elements from one to the next
  place: u32,   // of the counter in each
}

@group(0) @binding(0) var<uniform> params: NextPassParams;
@group(0) @binding(1) var<storage, read_write> passes: array<u32>;   // [1] so far
@group(0) @binding(2) var<storage, read_write> lengths: array<u32>;  // [count, stride]

@compute @workgroup_size(1)
fn next_pass() {
  let pass_number = passes[0] + 1u;
  passes[0] = pass_number;
  for (var i = 0u; i < params.count; i += 1u) { lengths[i * params.stride + params.place] = pass_number; }
}
