// The right answers: losses of the first training steps and the gradients before them, in float64 and plain loops.

import { adam } from '../src/reference/adam.ts';
import { cells } from '../src/reference/cells.ts';
import { characterModelWindow, type CharacterModel } from '../src/reference/character_model.ts';
import type { Contender } from './contender.ts';
import { adamOptions, uniform, type Workload } from './workload.ts';

export interface Truth {
  /** Of step 1, 2, …, each before its update. */
  readonly losses: number[];
  /** Of the gradients at the initial weights, by parameter. */
  readonly sketches: Record<string, Sketch>;
}

export function truth({ config, parameters, inputs, targets }: Workload, biases: Contender['biases'], steps: number): Truth {
  const model: CharacterModel = {
    vocabulary: config.vocabulary,
    embed: 'one-hot',
    layers: Array.from({ length: config.layers }, () => ({ cell: cells.lstm, hidden: config.hidden })),
  };
  const weights = Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, Float64Array.from(values)]));
  const optimizer = adam(adamOptions);
  const losses: number[] = [];
  let sketches: Record<string, Sketch> = {};
  for (let step = 0; step < steps; step++) {
    const { loss, gradients } = characterModelWindow(model, weights, { steps: config.window, batch: config.batch, inputs, targets });
    losses.push(loss);
    if (step === 0) sketches = Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, sketch(values)]));
    // A second bias that never gets a gradient stays at its initial zero: the model with one bias.
    if (biases === 'one') for (const [name, gradient] of Object.entries(gradients)) if (name.includes('bias_hh')) gradient.fill(0);
    optimizer.update(weights, gradients);
  }
  return { losses, sketches };
}

/**
 * A tensor's L2 norm and its products with a few seeded vectors of ±1. The mean square of the difference of two tensors'
 * products estimates the square of their L2 distance, so tensors in different pages can be compared by nine numbers.
 */
export interface Sketch { readonly norm: number; readonly products: number[] }

export function sketch(values: ArrayLike<number>): Sketch {
  const random = uniform(7);
  const products = new Array<number>(8).fill(0);
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    squares += value * value;
    const bits = Math.floor(random() * 256);
    for (let k = 0; k < products.length; k++) products[k]! += (bits >> k) & 1 ? value : -value;
  }
  return { norm: Math.sqrt(squares), products };
}
