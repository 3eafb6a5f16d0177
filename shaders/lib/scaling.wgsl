// What a step knows of its gradient before the update, 18 values: its norm, whether it is finite, and with dynamic loss scaling
// (Micikevicius et al. 2018) the scale's state. A checkpoint in precision f16 keeps the first 8.

const NORM = 0u;       // ‖∇‖₂, unscaled; infinite where it is no float32; what is not finite itself where an element is not
const SCALE = 1u;      // of the next step's loss
const GOOD = 2u;       // steps since the scale last changed
const SKIPPED = 3u;    // 1: an element of the step's gradient is not finite, and the update changes nothing
const USED = 4u;       // the scale that the step had
const INVERSE = 5u;    // 1 / SCALE; both are powers of two, so that neither product loses anything
const SHARE = 6u;      // 1-β1^t and 1-β2^t of Adam, t counting the updates that were not skipped
const UNIT = 8u;       // a power of two by which the gradient's norm is a float32 whose square is one too; mostly 1
const REDUCED = 9u;    // that norm, UNIT · ‖∇‖₂
const SURE = 10u;      // 1: the plain sum of squares was in range
const PART = 11u;      // skipped: of several gradients the first that has an element that is not finite, and that element, as
const ELEMENT = 12u;   // ELEMENT · 2¹⁶ + the value behind it: a float32 counts to 2²⁴ alone
const SKIPS = 14u;     // steps skipped so far
const SUMS = 16u;      // not SURE: sums of squares in two other units, over the gradients so far
