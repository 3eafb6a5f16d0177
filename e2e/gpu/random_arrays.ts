// Seeded test data that is exact in float32, so that engine and reference start from the same numbers.
import { randomUniform } from '../../src/layers/random.ts';

/** `count` values uniform in ±scale. */
export function randomArray(count: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => scale * (2 * randomUniform(seed, 77, i) - 1));
}
