// The adding problem: T steps of a random number and a mark; the answer is the sum of the two marked numbers.
//
// Hochreiter & Schmidhuber 1997 set it for LSTM. Here it is as in Le, Jaitly & Hinton 2015 (arXiv:1504.00941, section 4.1):
// numbers uniform in [0, 1], marks 0 or 1, the error taken at the last step alone. The marks lie where Arjovsky, Shah & Bengio 2016
// (arXiv:1511.06464, section 4.2) put them, one anywhere in the first half and one anywhere in the second, so the first number has
// to be kept for T/2 steps on average.
import { createRandom } from './random.ts';

/** Mean squared error of always answering 1: the variance of the sum of two uniform numbers, 2/12. (Le et al. print 0.1767.) */
export const ADDING_BASELINE = 1 / 6;

export interface AddingBatch {
  /** [T,N,2] the number, then 1 where it is marked, else 0. */
  readonly inputs: Float32Array<ArrayBuffer>;
  /** [N,1] */
  readonly targets: Float32Array<ArrayBuffer>;
}

export interface SyntheticOptions {
  /** T. */
  readonly timeSteps: number;
  /** N. */
  readonly batchSize: number;
  readonly seed: number;
  /** Which batch of the seed, from 0; no other needs to be drawn for it. */
  readonly index: number;
}

/** @throws RangeError where T is below 2, N below 1, or the seed or the index is no whole number. */
export function addingBatch({ timeSteps, batchSize, seed, index }: SyntheticOptions): AddingBatch {
  if (!Number.isSafeInteger(timeSteps) || timeSteps < 2) throw new RangeError(`timeSteps is ${timeSteps}; two numbers to add need a whole number of at least 2`);
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new RangeError(`batchSize is ${batchSize}; it must be a whole number of at least 1`);
  const random = createRandom(seed, index);
  const half = Math.floor(timeSteps / 2);
  const inputs = new Float32Array(timeSteps * batchSize * 2);
  const targets = new Float32Array(batchSize);
  for (let n = 0; n < batchSize; n++) {
    for (let t = 0; t < timeSteps; t++) inputs[(t * batchSize + n) * 2] = random.uniform();
    for (const t of [random.below(half), half + random.below(timeSteps - half)]) {
      inputs[(t * batchSize + n) * 2 + 1] = 1;
      // The rounded number that the network sees, not the one that was drawn.
      targets[n]! += inputs[(t * batchSize + n) * 2]!;
    }
  }
  return { inputs, targets };
}
