// Sums over the values of a row, of which each thread of a workgroup has every ROW_THREADS-th. All threads get the whole.
// A schedule chooses ROW_THREADS: software adapters pay for a barrier by the thread.

const ROW_THREADS = 64u;
const EPSILON = 1e-5;

// Sums that follow one another use slots 0 and 1 in turn: a slot is written again only behind the barrier of the other.
var<workgroup> parts: array<vec2f, 2u * ROW_THREADS>;

struct Statistics {
  mean: f32,
  scale: f32,  // 1 / √(variance + EPSILON), the variance without Bessel's correction
}

fn row_sums(part: vec2f, thread: u32, slot: u32) -> vec2f {
  parts[slot * ROW_THREADS + thread] = part;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = 0u; i < ROW_THREADS; i += 1u) { sum += parts[slot * ROW_THREADS + i]; }
  return sum;
}

// How many of `count` values are a thread's own.
fn own_count(count: u32, thread: u32) -> u32 {
  return (count + ROW_THREADS - 1u - thread) / ROW_THREADS;
}

// Statistics of a row of `count` · `each` values, a thread's own being `each` for every one of `count`, with that mean and that sum
// of squares about it.
fn row_statistics(mean: f32, squares: f32, count: u32, each: u32, thread: u32, slot: u32) -> Statistics {
  parts[slot * ROW_THREADS + thread] = vec2f(mean, squares);
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < ROW_THREADS; i += 1u) { sum += f32(own_count(count, i) * each) * parts[slot * ROW_THREADS + i].x; }
  let whole = sum / f32(count * each);
  var about = 0.0;
  for (var i = 0u; i < ROW_THREADS; i += 1u) {
    let part = parts[slot * ROW_THREADS + i];
    let off = part.x - whole;
    about += part.y + f32(own_count(count, i) * each) * off * off;
  }
  return Statistics(whole, inverseSqrt(about / f32(count * each) + EPSILON));
}

// A value of the row with mean 0 and variance 1.
fn standard(value: f32, row: Statistics) -> f32 {
  return (value - row.mean) * row.scale;
}
