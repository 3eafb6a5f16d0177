// What the benchmark asks of an engine. One file each, under contenders/ (Unfold) and peers/ (the others).

import type { Workload } from './workload.ts';

export interface Contender {
  /**
   * Bias vectors a gate: with two (bias_ih and bias_hh, as PyTorch) Adam moves their sum twice as far a step, so the losses
   * after the first step are another model's. The oracle is asked for the same number.
   */
  readonly biases: 'one' | 'two';
  /** Builds the model with the workload's weights and whatever of its data can stay on the device. Not timed. */
  prepare(workload: Workload): Promise<void>;
  /**
   * `steps` training steps on the window from a zero state: forward, backward, Adam. Resolves with every step's mean
   * cross-entropy before its update, in nats per token, when all of them are on the host.
   */
  train(steps: number): Promise<ArrayLike<number>>;
  /** One forward pass over the window: the loss on the host, or the logits [T,N,V]. */
  forward(): Promise<number | Float32Array>;
  /** Gradients at the present weights in the workload's names and layouts; `bias_ih` alone for an engine with one bias. */
  gradients?(): Promise<Record<string, Float32Array>>;
  dispose(): void;
}
