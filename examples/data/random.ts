// Seeded random numbers of the examples: the same seed and stream give the same numbers on every machine.

export interface Random {
  /** 32 random bits. */
  bits(): number;
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** A copy of `items` in random order (Fisher & Yates). */
  shuffled<T>(items: Iterable<T>): T[];
}

const TWO_TO_32 = 4294967296;
/** Weyl increment: odd, near 2^32 / golden ratio, so that consecutive states are far apart. */
const INCREMENT = 0x9e3779b9;

/** Murmur3's 32-bit finaliser (Appleby): every input bit moves about half of the output's. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * A generator by seed and stream, so that an epoch or a training step has numbers of its own without drawing those before it.
 * @throws RangeError where either is not a whole number from 0 to 2^32 - 1.
 */
export function createRandom(seed: number, stream = 0): Random {
  requireUint32('seed', seed);
  requireUint32('stream', stream);
  let state = mix(mix(seed + INCREMENT) ^ (stream + INCREMENT));
  const bits = (): number => {
    state = (state + INCREMENT) >>> 0;
    return mix(state);
  };
  const uniform = (): number => bits() / TWO_TO_32;
  const below = (count: number): number => {
    if (!Number.isSafeInteger(count) || count < 1 || count > TWO_TO_32) {
      throw new RangeError(`count is ${count}; it must be a whole number from 1 to 2^32`);
    }
    return Math.floor(uniform() * count);
  };
  const shuffled = <T>(items: Iterable<T>): T[] => {
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  };
  return { bits, uniform, below, shuffled };
}

/** A number in [0, 1) that depends on the text and the seed alone: a text keeps its side of a split when other texts come or go. */
export function hashUniform(text: string, seed: number): number {
  requireUint32('seed', seed);
  let hash = mix(seed + INCREMENT);
  for (let i = 0; i < text.length; i++) hash = mix(hash ^ (text.charCodeAt(i) + INCREMENT));
  return hash / TWO_TO_32;
}

function requireUint32(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value >= TWO_TO_32) {
    throw new RangeError(`${name} is ${value}; it must be a whole number from 0 to ${TWO_TO_32 - 1}`);
  }
}
