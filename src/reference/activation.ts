// Activations y = f(x) with their derivatives as functions of the output y. Piecewise linear ones have derivative 0 at a kink.

import { sigmoid } from './arithmetic.ts';

/** By name, or with ONNX's alpha and beta: `affine` is alpha·x + beta, `hardSigmoid` is that clamped to [0, 1]. */
export type ActivationOption =
  | 'sigmoid' | 'tanh' | 'relu'
  | { readonly affine: readonly [alpha: number, beta: number] }
  | { readonly hardSigmoid: readonly [alpha: number, beta: number] };

export interface Activation {
  f(x: number): number;
  /** df/dx where f(x) = y. */
  d(y: number): number;
}

export function activation(option: ActivationOption): Activation {
  if (typeof option === 'string') {
    const found = named[option] as Activation | undefined;
    if (!found) throw new RangeError(`there is no activation ${option}; there are ${Object.keys(named).join(', ')}, { affine } and { hardSigmoid }`);
    return found;
  }
  if ('affine' in option) {
    const [alpha, beta] = option.affine;
    return { f: (x) => alpha * x + beta, d: () => alpha };
  }
  const [alpha, beta] = option.hardSigmoid;
  return { f: (x) => Math.max(0, Math.min(1, alpha * x + beta)), d: (y) => (y > 0 && y < 1 ? alpha : 0) };
}

const named: Record<Extract<ActivationOption, string>, Activation> = {
  sigmoid: { f: sigmoid, d: (y) => y * (1 - y) },
  tanh: { f: Math.tanh, d: (y) => 1 - y * y },
  relu: { f: (x) => Math.max(0, x), d: (y) => (y > 0 ? 1 : 0) },
};

/** x clamped to ±limit, and the derivative of that: 0 outside. */
export const clampTo = (limit: number, x: number): number => Math.max(-limit, Math.min(limit, x));
export const clampSlope = (limit: number, x: number): number => (Math.abs(x) > limit ? 0 : 1);
