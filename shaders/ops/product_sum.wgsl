// The gradient of a diagonal weight w [H] by which a gate sees a state: dw[u] += Σ over t, n of dgate[t,n,u] · state[t,n,u].
// Gate gradients past a row's length are 0. One direction a dispatch; accumulates, as parameters' gradients do.
#import time

struct ProductSumParams {
  steps: u32,
  batch: u32,
  hidden: u32,
  directions: u32,
  direction: u32,
  reversed: u32,
  saved: u32,       // S, blocks of `gates`
  block: u32,       // the gate's block
  sees_after: u32,  // 1: it sees the state that the step makes, 0: the one from which it starts
  d_weight_offset: u32,
}

@group(0) @binding(0) var<uniform> params: ProductSumParams;
@group(0) @binding(1) var<storage, read> gates: array<f32>;            // [T, N, D, S, H] gradients
@group(0) @binding(2) var<storage, read> history: array<f32>;          // [slots, N, D·H]
@group(0) @binding(3) var<storage, read> lengths: array<u32>;          // [N]
@group(0) @binding(4) var<storage, read_write> d_weight: array<f32>;   // [H]

@compute @workgroup_size(16)
fn product_sum(@builtin(global_invocation_id) id: vec3u) {
  let u = id.x;
  if (u >= params.hidden) { return; }
  // A chain over time from the last step to the first, going on from what is there: see column_sum.wgsl.
  var sum = d_weight[params.d_weight_offset + u];
  for (var left = params.steps; left > 0u; left -= 1u) {
    let time = left - 1u;
    var step = 0.0;
    for (var n = 0u; n < params.batch; n += 1u) {
      let length = min(lengths[n], params.steps);
      if (time >= length) { continue; }
      let before = slot_before(time, length, params.steps, params.reversed == 1u);
      let slot = select(before, time + 1u, params.sees_after == 1u);
      let gate = ((time * params.batch + n) * params.directions + params.direction) * params.saved + params.block;
      step += gates[gate * params.hidden + u] * history[((slot * params.batch + n) * params.directions + params.direction) * params.hidden + u];
    }
    sum += step;
  }
  d_weight[params.d_weight_offset + u] = sum;
}
