// Seeded random numbers on the host; the twin of shaders/lib/random.wgsl: the same (seed, step, element), the same number.

const hash = (x: number): number => (Math.imul(x, 1664525) + 1013904223) >>> 0;

/** 32 random bits (PCG-3D, Jarzynski & Olano 2020). */
export function randomBits(seed: number, step: number, element: number): number {
  let x = hash(seed);
  let y = hash(step);
  let z = hash(element);
  x = (x + Math.imul(y, z)) >>> 0;
  y = (y + Math.imul(z, x)) >>> 0;
  z = (z + Math.imul(x, y)) >>> 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  return (x + Math.imul(y, z)) >>> 0;
}

/** Uniform in (0, 1), 24 bits; in float64, which needs no care at 1. */
export function randomUniform(seed: number, step: number, element: number): number {
  return ((randomBits(seed, step, element) >>> 8) + 0.5) / 16777216;
}

/** Standard normal (Box & Muller). */
export function randomNormal(seed: number, step: number, element: number): number {
  const radius = Math.sqrt(-2 * Math.log(randomUniform(seed, step, 2 * element)));
  return radius * Math.cos(2 * Math.PI * randomUniform(seed, step, 2 * element + 1));
}
