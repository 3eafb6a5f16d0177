// The global gradient norm, and clipping by it.

/**
 * L2 norm over all gradients together. With `clip`, a norm above it scales every gradient in place by clip / norm, so the
 * new norm is exactly `clip`; the norm returned is that from before. (PyTorch divides by norm + 1e-6 instead.)
 */
export function gradientNorm(gradients: Readonly<Record<string, Float64Array>>, clip = Infinity): number {
  let sum = 0;
  for (const gradient of Object.values(gradients)) for (const value of gradient) sum += value * value;
  const norm = Math.sqrt(sum);
  if (norm > clip) {
    const scale = clip / norm;
    for (const gradient of Object.values(gradients)) for (let i = 0; i < gradient.length; i++) gradient[i]! *= scale;
  }
  return norm;
}
