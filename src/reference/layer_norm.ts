// Layer normalization (Ba et al. 2016) of a [R], with a gain a value:  y = gain·(a - mean(a)) / √(var(a) + 1e-5), var without
// Bessel's correction. In a recurrent cell (their section 3.1) it stands in three places, each with its own gain:
//   gates = LN(W_ih x[t]; norm_ih) + b_ih + LN(W_hh h[t-1]; norm_hh) + b_hh     over all gates of a row together, [G*H]
//   h[t]  = o·tanh(LN(c[t]; norm_c) + norm_c_bias)                              LSTM only, over [H]; c itself goes on as it is
// The biases come after the normalization; where a cell adds both, their sum is the one bias that the two share.

const EPSILON = 1e-5;

/** y [R] = gain * â, in place of a. */
export function normalize(a: Float64Array, gain: Float64Array): void {
  const { mean, scale } = statistics(a);
  for (let k = 0; k < a.length; k++) a[k] = gain[k]! * (a[k]! - mean) * scale;
}

/** For dY [R] the gradient by `a`, in place of dY; adds that by the gain to `dGain`. */
export function normalizeBackward(a: Float64Array, gain: Float64Array, dY: Float64Array, dGain: Float64Array): void {
  const { mean, scale } = statistics(a);
  let sum = 0;
  let sumHat = 0;
  for (let k = 0; k < a.length; k++) {
    const hat = (a[k]! - mean) * scale;
    dGain[k]! += dY[k]! * hat;
    sum += dY[k]! * gain[k]!;
    sumHat += dY[k]! * gain[k]! * hat;
  }
  for (let k = 0; k < a.length; k++) {
    const hat = (a[k]! - mean) * scale;
    dY[k] = scale * (dY[k]! * gain[k]! - sum / a.length - hat * sumHat / a.length);
  }
}

function statistics(a: Float64Array): { readonly mean: number; readonly scale: number } {
  const mean = a.reduce((sum, value) => sum + value, 0) / a.length;
  const variance = a.reduce((sum, value) => sum + (value - mean) ** 2, 0) / a.length;
  return { mean, scale: 1 / Math.sqrt(variance + EPSILON) };
}
