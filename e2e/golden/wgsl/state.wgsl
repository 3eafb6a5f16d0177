// Between a state array [D, N, H] and the slots of a history [slots, N, D·H]: what a window starts from, and where each row ends.
// Where the states of a step lie. A history has a slot more than steps on the side where a direction begins: time t ends in
// slot t+1; a forward direction begins in slot 0, a reverse one in slot T+1. Each row begins and ends within its own length.

fn time_of(step: u32, steps: u32, reversed: bool) -> u32 {
  return select(step, steps - 1u - step, reversed);
}

// The slot from which a row's step at `time` starts. A reverse row starts at its own last element.
fn slot_before(time: u32, length: u32, steps: u32, reversed: bool) -> u32 {
  if (!reversed) { return time; }
  return select(time + 2u, steps + 1u, time + 1u >= length);
}

// The slot where a row's final state lies.
fn final_slot(length: u32, steps: u32, reversed: bool) -> u32 {
  if (!reversed) { return length; }
  return select(1u, steps + 1u, length == 0u);
}

struct StateParams {
  steps: u32,       // T
  batch: u32,       // N
  hidden: u32,      // H
  directions: u32,  // D
  reverse: u32,     // 1: the only direction runs from the end
  rows_columns: u32,  // R·H: columns of a gate-gradient row to take, see first_gradients
  gates_stride: u32,  // elements of one direction of one row of `gates`
  gates_block: u32,   // first column to take
  short_only: u32,    // 1: rows that fill the window count as 0
  state_offset: u32,
}

@group(0) @binding(0) var<uniform> params: StateParams;
@group(0) @binding(1) var<storage, read_write> history: array<f32>;  // [slots, N, D·H]
@group(0) @binding(2) var<storage, read_write> state: array<f32>;    // [D, N, H]
@group(0) @binding(3) var<storage, read> lengths: array<u32>;        // [N]

fn reversed(direction: u32) -> bool {
  return direction == 1u || params.reverse == 1u;
}

// Each thread one element of state [D, N, H].
fn element(id: vec3u, groups: vec3u) -> u32 {
  return id.x + id.y * groups.x * 64u;
}

fn history_at(at: u32, slot: u32) -> u32 {
  let u = at % params.hidden;
  let n = (at / params.hidden) % params.batch;
  let direction = at / (params.hidden * params.batch);
  return ((slot * params.batch + n) * params.directions + direction) * params.hidden + u;
}

@compute @workgroup_size(64)
fn load_initial(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = element(id, groups);
  if (at >= params.directions * params.batch * params.hidden) { return; }
  let direction = at / (params.hidden * params.batch);
  history[history_at(at, select(0u, params.steps + 1u, reversed(direction)))] = state[params.state_offset + at];
}

@compute @workgroup_size(64)
fn take_final(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = element(id, groups);
  if (at >= params.directions * params.batch * params.hidden) { return; }
  let direction = at / (params.hidden * params.batch);
  let n = (at / params.hidden) % params.batch;
  state[params.state_offset + at] = history[history_at(at, final_slot(min(lengths[n], params.steps), params.steps, reversed(direction)))];
}

@group(0) @binding(8) var<storage, read> begins: array<u32>;         // [N] 1: the row's state starts from zero

@compute @workgroup_size(64)
fn forget(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = element(id, groups);
  if (at >= params.directions * params.batch * params.hidden) { return; }
  if (begins[(at / params.hidden) % params.batch] == 1u) { state[params.state_offset + at] = 0.0; }
}

@group(0) @binding(4) var<storage, read> gates: array<f32>;          // [T, N, D, S, H] gradients
@group(0) @binding(5) var<storage, read_write> first: array<f32>;    // [D, N, R·H]

// The gate gradients of each row's first step in time: those that reached its initial state.
@compute @workgroup_size(64)
fn first_gradients(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = element(id, groups);
  let columns = params.rows_columns;
  if (at >= params.directions * params.batch * columns) { return; }
  let n = (at / columns) % params.batch;
  let direction = at / (columns * params.batch);
  let length = min(lengths[n], params.steps);
  let none = length == 0u || (params.short_only == 1u && length == params.steps);
  let time = select(0u, max(length, 1u) - 1u, reversed(direction));
  let from_row = ((time * params.batch + n) * params.directions + direction) * params.gates_stride;
  first[at] = select(gates[from_row + params.gates_block + at % columns], 0.0, none);
}

@group(0) @binding(6) var<storage, read> values: array<f32>;         // [T, N, I]
@group(0) @binding(7) var<storage, read_write> cleaned: array<f32>;  // [T, N, I]

// A copy with 0 past each row's length: padding may hold anything, NaN too, and 0 · NaN is no gradient. Here hidden is I.
@compute @workgroup_size(64)
fn clean_padding(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = element(id, groups);
  if (at >= params.steps * params.batch * params.hidden) { return; }
  let n = (at / params.hidden) % params.batch;
  let time = at / (params.hidden * params.batch);
  if (time < lengths[n]) { cleaned[at] = values[at]; } else { cleaned[at] = 0.0; }
}
