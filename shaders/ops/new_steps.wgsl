// The new steps of a window's rows: each row's last T of up to B, which is where its loss is. Their gradient goes back to the same places.

struct NewStepsParams {
  steps: u32,    // B
  fresh: u32,    // T
  batch: u32,    // N
  columns: u32,  // H
  whole_offset: u32,
}

@group(0) @binding(0) var<uniform> params: NewStepsParams;
@group(0) @binding(1) var<storage, read> offsets: array<u32>;          // [N] steps of a row that are not new
@group(0) @binding(2) var<storage, read_write> whole: array<f32>;        // [B,N,H] the row's steps, or their gradients
@group(0) @binding(3) var<storage, read_write> taken: array<f32>;      // [T,N,H] its new steps, or theirs

// Past a row's end the step is 0.
@compute @workgroup_size(64)
fn take(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let row = params.batch * params.columns;
  if (at >= params.fresh * row) { return; }
  let time = at / row + offsets[(at % row) / params.columns];
  if (time < params.steps) { taken[at] = whole[params.whole_offset + time * row + at % row]; } else { taken[at] = 0.0; }
}

// Steps that are not new have no loss of their own.
@compute @workgroup_size(64)
fn put_back(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let row = params.batch * params.columns;
  if (at >= params.steps * row) { return; }
  let time = at / row;
  let first = offsets[(at % row) / params.columns];
  if (time >= first && time < first + params.fresh) {
    whole[params.whole_offset + at] = taken[(time - first) * row + at % row];
  } else {
    whole[params.whole_offset + at] = 0.0;
  }
}
