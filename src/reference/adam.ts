// Adam (Kingma & Ba 2015, algorithm 1), with epsilon outside the root of the corrected second moment, as torch.optim.Adam has it.
// AdamW (Loshchilov & Hutter 2019) shrinks the parameters by rate·decay before that step; the decay is not in the moments.

import { gradientOf, momentsOf, type Optimizer } from './optimizer.ts';

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

export const adam = (options: AdamOptions): Optimizer => adamW({ ...options, decay: 0 });

/** `decay` is 0.01 where not given, as torch.optim.AdamW has it. */
export function adamW(options: AdamOptions & { readonly decay?: number }): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0.01 } = options;
  const first = new Map<string, Float64Array>();
  const second = new Map<string, Float64Array>();
  let step = 0;
  return {
    learningRate: options.learningRate,
    update(parameters, gradients) {
      step++;
      for (const [name, parameter] of Object.entries(parameters)) {
        const gradient = gradientOf(gradients, name, parameter.length);
        const m = momentsOf(first, name, parameter.length);
        const v = momentsOf(second, name, parameter.length);
        for (let i = 0; i < parameter.length; i++) {
          const g = gradient[i]!;
          m[i] = beta1 * m[i]! + (1 - beta1) * g;
          v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
          const mHat = m[i]! / (1 - beta1 ** step);
          const vHat = v[i]! / (1 - beta2 ** step);
          parameter[i]! -= this.learningRate * (decay * parameter[i]! + mHat / (Math.sqrt(vHat) + epsilon));
        }
      }
    },
  };
}
