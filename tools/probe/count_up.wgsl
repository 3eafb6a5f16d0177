// counts [64·workgroups]: every thread adds one to its own count. A chain of such dispatches has to run in order, since each
// reads what the one before it wrote.

@group(0) @binding(0) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn count_up(@builtin(global_invocation_id) id: vec3u) {
  counts[id.x] += 1u;
}
