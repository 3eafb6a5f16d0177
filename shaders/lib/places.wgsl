// Where the values of a batch row and of a hidden unit lie at a step of a direction. The importing file has `params` (steps T, batch N,
// hidden H, directions D, reverse, continued, d_output's strides, tokens, vocabulary), `lengths` [N, ..], SAVED_GATES and TOKENS.
#import time

struct RowPlace {
  time: u32,
  row: u32,        // n
  direction: u32,  // d
  before: u32,     // slot from which this row starts
}

struct Place {
  unit: u32,      // u in 0..H
  direction: u32,
  gates: u32,     // element of gates [time, n, d, 0, u]; block q is H·q further
  input: u32,     // element of gates where the unit's input side begins, likewise
  step: u32,      // element of an array [T, N, D·H] at time
  before: u32,    // element of a history array, slot from which the row starts
  after: u32,     // element of a history array, slot that the step makes
  state: u32,     // element of a state array [D, N, H]
  d_output: u32,
}

fn reversed(direction: u32) -> bool {
  return direction == 1u || params.reverse == 1u;
}

fn row_place(step: u32, n: u32, direction: u32) -> RowPlace {
  let time = time_of(step, params.steps, reversed(direction));
  return RowPlace(time, n, direction, slot_before(time, lengths[n], params.steps, reversed(direction)));
}

fn gates_row(time: u32, n: u32, direction: u32) -> u32 {
  return ((time * params.batch + n) * params.directions + direction) * SAVED_GATES * params.hidden;
}

// Where the input side of a row begins: in its own place in `gates`, or, behind all steps, in the row of the table that its token names.
fn input_row(own: u32, time: u32, n: u32) -> u32 {
  if (TOKENS == 0u) { return own; }
  let token = min(lengths[params.tokens + time * params.batch + n], params.vocabulary - 1u);
  return ((params.steps + params.continued) * params.batch + token) * SAVED_GATES * params.hidden;
}

fn history_row(slot: u32, n: u32, direction: u32) -> u32 {
  return ((slot * params.batch + n) * params.directions + direction) * params.hidden;
}

fn place(row: RowPlace, u: u32) -> Place {
  let step = row.time * params.batch + row.row;
  let own = gates_row(row.time, row.row, row.direction);
  return Place(
    u,
    row.direction,
    own + u,
    input_row(own, row.time, row.row) + u,
    (step * params.directions + row.direction) * params.hidden + u,
    history_row(row.before, row.row, row.direction) + u,
    history_row(row.time + 1u, row.row, row.direction) + u,
    (row.direction * params.batch + row.row) * params.hidden + u,
    step * params.d_output_columns + row.direction * params.d_output_direction + u,
  );
}
