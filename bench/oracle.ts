// The right answers, in float64 and plain loops: losses of the first training steps, the gradients before them, logits of a stream.

import { adam } from '../src/reference/adam.ts';
import { cells } from '../src/reference/cells.ts';
import { linearBackward, linearForward } from '../src/reference/linear.ts';
import { recurrentBackward, recurrentForward, type RecurrentOptions } from '../src/reference/recurrent.ts';
import { softmaxCrossEntropy } from '../src/reference/softmax_cross_entropy.ts';
import type { Contender } from './contender.ts';
import { adamOptions, maskOf, oneHot, uniform, type Workload } from './workload.ts';

export interface Truth {
  /** Of step 1, 2, …, each before its update, by the number of biases. */
  readonly losses: Readonly<Record<Contender['biases'], readonly number[]>>;
  /** Of the gradients at the initial weights, by parameter. */
  readonly sketches: Readonly<Record<string, Sketch>>;
}

type Weights = Record<string, Float64Array>;

export function truth(workload: Workload, steps: number): Truth {
  const first = lossAndGradients(workload, initialWeights(workload));
  const sketches = Object.fromEntries(Object.entries(first.gradients!).map(([name, values]) => [name, sketch(values)]));
  return { losses: { one: trajectory(workload, first, 'one', steps), two: trajectory(workload, first, 'two', steps) }, sketches };
}

const initialWeights = ({ parameters }: Workload): Weights =>
  Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, Float64Array.from(values)]));

function trajectory(workload: Workload, first: Pass, biases: Contender['biases'], steps: number): number[] {
  const weights = initialWeights(workload);
  const optimizer = adam(adamOptions);
  const losses = [first.loss];
  let pass = first;
  for (let step = 1; step < steps; step++) {
    const gradients = Object.fromEntries(Object.entries(pass.gradients!).map(([name, gradient]) =>
      // A second bias that never gets a gradient stays at its initial zero: the model with one bias.
      [name, biases === 'one' && name.includes('bias_hh') ? new Float64Array(gradient.length) : gradient]));
    optimizer.update(weights, gradients);
    pass = lossAndGradients(workload, weights, step < steps - 1);
    losses.push(pass.loss);
  }
  return losses;
}

interface Pass {
  readonly loss: number;
  readonly gradients: Weights | null;
}

function lossAndGradients(workload: Workload, weights: Weights, backward = true): Pass {
  const { config: { vocabulary, hiddenSize, timeSteps, batchSize, bidirectional }, inputs, targets } = workload;
  const linear = { rows: timeSteps * batchSize, inputSize: (bidirectional ? 2 : 1) * hiddenSize, outputSize: vocabulary };
  const run = recurrentForward(recurrentOptions(workload), recurrentPart(weights), Float64Array.from(oneHot(inputs, vocabulary)));
  const logits = linearForward(linear, weights['linear.weight']!, weights['linear.bias'], run.output);
  const { loss, dLogits } = softmaxCrossEntropy(logits, targets, { timeSteps, batchSize, vocabulary }, { targets: maskOf(workload) });
  if (!backward) return { loss, gradients: null };
  const head = linearBackward(linear, weights['linear.weight']!, run.output, dLogits);
  const { gradients } = recurrentBackward(run, { dOutput: head.dInput });
  return {
    loss,
    gradients: {
      ...Object.fromEntries(Object.entries(gradients).map(([name, values]) => [`recurrent.${name}`, values])),
      'linear.weight': head.weight,
      'linear.bias': head.bias,
    },
  };
}

function recurrentOptions({ config, lengths }: Workload): RecurrentOptions {
  const { vocabulary, hiddenSize, numLayers, timeSteps, batchSize, bidirectional } = config;
  return {
    cell: cells.lstm, timeSteps, batchSize, inputSize: vocabulary, hiddenSize, numLayers, lengths, direction: bidirectional ? 'bidirectional' : 'forward',
  };
}

const recurrentPart = (weights: Weights): Weights => Object.fromEntries(Object.entries(weights)
  .filter(([name]) => name.startsWith('recurrent.')).map(([name, values]) => [name.slice('recurrent.'.length), values]));

/** Of a stream (N=1): the logits [V] after each token of the window, and the likeliest tokens when each is fed back, from the window's first. */
export interface StreamTruth {
  readonly logits: readonly number[][];
  readonly greedy: readonly number[];
}

export function streamTruth(workload: Workload): StreamTruth {
  const { config: { vocabulary, hiddenSize, timeSteps }, inputs } = workload;
  const weights = initialWeights(workload);
  const options = { ...recurrentOptions(workload), timeSteps: 1, batchSize: 1, lengths: undefined };
  const stepper = (): ((token: number) => Float64Array) => {
    let state: { h0?: Float64Array; c0?: Float64Array } = {};
    return (token) => {
      const run = recurrentForward(options, recurrentPart(weights), Float64Array.from(oneHot([token], vocabulary)), state);
      state = { h0: run.hn, c0: run.cn };
      return linearForward({ rows: 1, inputSize: hiddenSize, outputSize: vocabulary }, weights['linear.weight']!, weights['linear.bias'], run.output);
    };
  };
  const given = stepper();
  const logits = Array.from(inputs, (token) => Array.from(given(token)));
  const drawn = stepper();
  const greedy: number[] = [];
  for (let k = 0; k < timeSteps; k++) {
    const values = drawn(greedy.at(-1) ?? inputs[0]!);
    greedy.push(values.indexOf(Math.max(...values)));
  }
  return { logits, greedy };
}

/**
 * A tensor's L2 norm and its products with a few seeded vectors of ±1. The mean square of the difference of two tensors'
 * products estimates the square of their L2 distance, so tensors in different processes can be compared by nine numbers.
 */
export interface Sketch { readonly norm: number; readonly products: readonly number[] }

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
