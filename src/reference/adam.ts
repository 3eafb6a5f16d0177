// Adam (Kingma & Ba 2015, algorithm 1), with epsilon outside the root of the corrected second moment, as torch.optim.Adam has it.

import { gradientOf, momentsOf, type Optimizer } from './optimizer.ts';

export function adam(options: { readonly rate: number; readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number }): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const first = new Map<string, Float64Array>();
  const second = new Map<string, Float64Array>();
  let step = 0;
  return {
    rate: options.rate,
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
          parameter[i]! -= this.rate * mHat / (Math.sqrt(vHat) + epsilon);
        }
      }
    },
  };
}
