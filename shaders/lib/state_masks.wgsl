// What the regularisers of a state multiply it by, by chance: the same numbers for the same (seed, counter, element), so that the
// backward pass makes them again. The importing file has `lengths` [N+3], with seed, counter and the time at which the window begins
// in its last three elements, and in `params` batch (N), directions (D) and stream, which tells a layer's numbers from another's.
#import random

const RECURRENT_DROPOUT = 0.0;  // share of h[t-1] dropped inside the product, the same units at every step (Gal & Ghahramani 2016)
const ZONEOUT_H = 0.0;          // share of the units that keep their h (Krueger et al. 2017)
const ZONEOUT_C = 0.0;
const TRAINING = 1u;            // 0: zoneout by its expectation

// How much of an element of [T, N, D·width] stays as it was: 0 or 1 by chance in training, the probability itself otherwise. `which`
// tells states apart.
fn zoneout_share(element: u32, width: u32, probability: f32, which: u32) -> f32 {
  if (probability == 0.0) { return 0.0; }
  if (TRAINING == 0u) { return probability; }
  let seed = lengths[params.batch] ^ (params.stream + which);
  let in_time = element + lengths[params.batch + 2u] * params.batch * params.directions * width;
  return select(0.0, 1.0, random_uniform(seed, lengths[params.batch + 1u], in_time) < probability);
}

// The variational mask of an element [D, N, F]: 1 / (1 - p) or 0, one draw a window.
fn dropout_share(element: u32) -> f32 {
  if (RECURRENT_DROPOUT == 0.0 || TRAINING == 0u) { return 1.0; }
  let seed = lengths[params.batch] ^ (params.stream + 2u);
  let survives = random_uniform(seed, lengths[params.batch + 1u], element) >= RECURRENT_DROPOUT;
  return select(0.0, 1.0 / (1.0 - RECURRENT_DROPOUT), survives);
}
