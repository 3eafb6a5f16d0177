// RMSprop (Hinton's lecture 6e) as torch.optim.RMSprop has it:
//   v = alpha·v + (1 - alpha)·g²,  m = momentum·m + g / (√v + epsilon),  parameter -= rate·m
// centered: √(v - mean²) in the place of √v, with mean = alpha·mean + (1 - alpha)·g.

import { gradientOf, momentsOf, type Optimizer } from './optimizer.ts';

export function rmsprop(
  options: { readonly learningRate: number; readonly alpha?: number; readonly epsilon?: number; readonly momentum?: number; readonly centered?: boolean },
): Optimizer {
  const { alpha = 0.99, epsilon = 1e-8, momentum = 0, centered = false } = options;
  const squares = new Map<string, Float64Array>();
  const means = new Map<string, Float64Array>();
  const velocities = new Map<string, Float64Array>();
  return {
    learningRate: options.learningRate,
    update(parameters, gradients) {
      for (const [name, parameter] of Object.entries(parameters)) {
        const gradient = gradientOf(gradients, name, parameter.length);
        const v = momentsOf(squares, name, parameter.length);
        const mean = momentsOf(means, name, parameter.length);
        const m = momentsOf(velocities, name, parameter.length);
        for (let i = 0; i < parameter.length; i++) {
          const g = gradient[i]!;
          v[i] = alpha * v[i]! + (1 - alpha) * g * g;
          mean[i] = alpha * mean[i]! + (1 - alpha) * g;
          const variance = centered ? v[i]! - mean[i]! ** 2 : v[i]!;
          m[i] = momentum * m[i]! + g / (Math.sqrt(variance) + epsilon);
          parameter[i]! -= this.learningRate * m[i]!;
        }
      }
    },
  };
}
