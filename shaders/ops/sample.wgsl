// Draw the next token of each row from softmax(logits / temperature), among the k likeliest, by the Gumbel-max trick:
// the largest of logit / temperature - log(-log(u)) is distributed as the softmax. One workgroup a row.
// A row with a logit that is not finite has no distribution: its token is NOT_FINITE.
// The settings are a buffer, not params, so one recording serves every temperature and every seed.
#import finite
#import random

struct SampleParams {
  rows: u32,
  vocabulary: u32,
  step: u32,   // tokens drawn earlier in this recording
  first: u32,  // index in `tokens` of the first row's token
}

struct Settings {
  seed: u32,
  drawn: u32,                // tokens drawn before this replay
  top_k: u32,                // 0: all
  inverse_temperature: f32,  // 0: greedy, the likeliest token whatever the seed
}

@group(0) @binding(0) var<uniform> params: SampleParams;
@group(0) @binding(1) var<storage, read> logits: array<f32>;             // [rows, V]
@group(0) @binding(2) var<storage, read> settings: Settings;
@group(0) @binding(3) var<storage, read_write> tokens: array<u32>;       // [.., rows]

// The draw does not depend on it: a schedule has few where a barrier is paid for by the thread.
const LANES = 64u;
const NOT_FINITE = 0xffffffffu;
var<workgroup> shared_count: array<u32, LANES>;
var<workgroup> shared_most: array<u32, LANES>;
var<workgroup> shared_score: array<f32, LANES>;
var<workgroup> shared_token: array<u32, LANES>;

// An unsigned integer in the order of the floats.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

// How many of the row's logits are at least `key`, told to every lane.
fn count_from(key: u32, start: u32, lane: u32) -> u32 {
  var count = 0u;
  for (var v = lane; v < params.vocabulary; v += LANES) { count += select(0u, 1u, ordered(logits[start + v]) >= key); }
  shared_count[lane] = count;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shared_count[lane] += shared_count[lane + half]; }
  }
  return workgroupUniformLoad(&shared_count[0]);
}

@compute @workgroup_size(LANES)
fn sample(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u) {
  let lane = local.x;
  let row = group.x;
  let start = row * params.vocabulary;

  // The k-th largest logit, bit by bit from the top: the largest key that at least k logits reach. Ties with it stay in.
  var threshold = 0u;
  let wanted = settings.top_k;
  if (wanted > 0u && wanted < params.vocabulary) {
    for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
      let candidate = threshold | bit;
      if (count_from(candidate, start, lane) >= wanted) { threshold = candidate; }
    }
  }

  var best = 0xffffffffu;
  var best_score = 0.0;
  var most = 0u;
  for (var v = lane; v < params.vocabulary; v += LANES) {
    let logit = logits[start + v];
    most = max(most, magnitude(logit));
    if (ordered(logit) < threshold) { continue; }
    let gumbel = random_gumbel(settings.seed, settings.drawn + params.step, row * params.vocabulary + v);
    let score = select(logit * settings.inverse_temperature + gumbel, logit, settings.inverse_temperature == 0.0);
    if (best == 0xffffffffu || score > best_score) {
      best = v;
      best_score = score;
    }
  }
  shared_score[lane] = best_score;
  shared_token[lane] = best;
  shared_most[lane] = most;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      shared_most[lane] = max(shared_most[lane], shared_most[lane + half]);
      let other = shared_token[lane + half];
      let better = shared_score[lane + half] > shared_score[lane];
      // Equal scores go to the smaller token, so that the draw does not depend on the number of lanes.
      let tie = shared_score[lane + half] == shared_score[lane] && other < shared_token[lane];
      if (other != 0xffffffffu && (shared_token[lane] == 0xffffffffu || better || tie)) {
        shared_score[lane] = shared_score[lane + half];
        shared_token[lane] = other;
      }
    }
  }
  if (lane == 0u) { tokens[params.first + row] = select(shared_token[0], NOT_FINITE, shared_most[0] >= INFINITE); }
}
