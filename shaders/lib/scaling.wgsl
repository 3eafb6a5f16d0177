// The state of dynamic loss scaling (Micikevicius et al. 2018): 8 values, the first of which is the gradient's norm.

const NORM = 0u;       // ‖∇‖₂, unscaled; infinite or NaN where a scaled gradient has left the range of f16
const SCALE = 1u;      // of the next step's loss
const GOOD = 2u;       // steps since the scale last changed
const SKIPPED = 3u;    // 1: the step's gradient was not finite
const USED = 4u;       // the scale that the step had
const INVERSE = 5u;    // 1 / SCALE; both are powers of two, so that neither product loses anything
const SHARE = 6u;      // 1-β1^t and 1-β2^t of Adam, t counting the updates that were not skipped
