// Four neighbouring threads that share loads. A schedule that knows the adapter's quads to be consecutive invocations sets
// QUADS 1 and LOADED_ROWS 1: of every four rows each lane loads one, and quadSwapX, Y and Diagonal bring the other three.
// Then the quad must stay together: it shares its rows, and its column is rounded up to whole quads.
// Fewer than four rows are not worth a quad: QUAD_ROWS 1, and nothing is shared.

const QUADS = 0u;
const QUAD_ROWS = 4u;    // rows that a quad would share
const LOADED_ROWS = 4u;  // and how many of them a thread loads itself

fn quad_lane(thread: u32) -> u32 {
  return select(0u, thread % 4u, QUADS == 1u);
}

// Threads along the columns, so that no quad spans two row tiles.
fn quad_columns(columns: u32) -> u32 {
  return select(columns, (columns + 3u) & ~3u, QUADS == 1u);
}
