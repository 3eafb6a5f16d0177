// Gradient descent; with momentum the velocity sums gradients, v = momentum·v + g, and the step is rate·v, as torch.optim.SGD has it.

import { gradientOf, momentsOf, type Optimizer } from './optimizer.ts';

export function sgd(options: { readonly learningRate: number; readonly momentum?: number }): Optimizer {
  const { momentum = 0 } = options;
  const velocities = new Map<string, Float64Array>();
  return {
    learningRate: options.learningRate,
    update(parameters, gradients) {
      for (const [name, parameter] of Object.entries(parameters)) {
        const gradient = gradientOf(gradients, name, parameter.length);
        const velocity = momentsOf(velocities, name, parameter.length);
        for (let i = 0; i < parameter.length; i++) {
          velocity[i] = momentum * velocity[i]! + gradient[i]!;
          parameter[i]! -= this.learningRate * velocity[i]!;
        }
      }
    },
  };
}
