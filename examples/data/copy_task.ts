// The copy task: symbols are shown, then nothing for long, then a signal: repeat them.
//
// As in Arjovsky, Shah & Bengio 2016 (arXiv:1511.06464, section 4.1), after Hochreiter & Schmidhuber 1997: S = 10 symbols out of
// K = 8, then D - 1 blanks, the signal, and S blanks: T = D + 2·S steps. The answer is blank for D + S steps, then the symbols.
import { createRandom } from './random.ts';

export interface CopyOptions {
  /** D: steps from the last symbol to the signal, the signal included. */
  readonly delay: number;
  /** N. */
  readonly batchSize: number;
  readonly seed: number;
  /** Which batch of the seed, from 0; no other needs to be drawn for it. */
  readonly index: number;
  /** S, default 10. */
  readonly length?: number;
  /** K, default 8: tokens 0 to K-1; K is the blank and K+1 the signal. */
  readonly alphabet?: number;
}

export interface CopyBatch {
  /** T = D + 2·S. */
  readonly timeSteps: number;
  /** K + 2 for the inputs; the answers need the first K + 1. */
  readonly vocabulary: number;
  /** [T,N] */
  readonly inputs: Uint32Array<ArrayBuffer>;
  /** [T,N] */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** [T,N] 1 at the S steps that repeat, 0 before them, for a loss over these alone. */
  readonly mask: Float32Array<ArrayBuffer>;
}

/** @throws RangeError where a count is not a whole number of at least 1 (K: 2). */
export function copyBatch(options: CopyOptions): CopyBatch {
  const { delay, batchSize, length, alphabet } = checked(options);
  const random = createRandom(options.seed, options.index);
  const timeSteps = delay + 2 * length;
  const blank = alphabet;
  const signal = alphabet + 1;
  const inputs = new Uint32Array(timeSteps * batchSize).fill(blank);
  const targets = new Uint32Array(timeSteps * batchSize).fill(blank);
  const mask = new Float32Array(timeSteps * batchSize);
  for (let n = 0; n < batchSize; n++) {
    inputs[(length + delay - 1) * batchSize + n] = signal;
    for (let s = 0; s < length; s++) {
      const symbol = random.below(alphabet);
      const answer = (length + delay + s) * batchSize + n;
      inputs[s * batchSize + n] = symbol;
      targets[answer] = symbol;
      mask[answer] = 1;
    }
  }
  return { timeSteps, vocabulary: alphabet + 2, inputs, targets, mask };
}

/**
 * Nats that a network without memory reaches: it knows the blanks, and each of the S symbols costs log K.
 * `perStep` is the mean over all T steps (Arjovsky et al.: 10·log 8 / (D + 20)), `perSymbol` over the S steps of the mask.
 */
export function copyBaseline(options: Pick<CopyOptions, 'delay' | 'length' | 'alphabet'>): { perStep: number; perSymbol: number } {
  const { delay, length, alphabet } = checked({ ...options, batchSize: 1, seed: 0, index: 0 });
  return { perStep: (length * Math.log(alphabet)) / (delay + 2 * length), perSymbol: Math.log(alphabet) };
}

function checked({ length = 10, alphabet = 8, ...options }: CopyOptions): Required<CopyOptions> {
  const least = { delay: [options.delay, 1], batchSize: [options.batchSize, 1], length: [length, 1], alphabet: [alphabet, 2] } as const;
  for (const [name, [value, minimum]] of Object.entries(least)) {
    if (!Number.isSafeInteger(value) || value < minimum) throw new RangeError(`${name} is ${value}; it must be a whole number of at least ${minimum}`);
  }
  return { ...options, length, alphabet };
}
