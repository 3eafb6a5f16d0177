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
