// What the benchmark asks of an engine. One file each, under contenders/ (Unfold) and peers/ (the others).

import type { Gpu } from '../src/index.ts';
import type { Round } from './statistics.ts';
import type { Workload } from './workload.ts';

export interface Contender {
  /** The device of an engine whose ops can be tuned. */
  readonly gpu?: Gpu;
  /**
   * Bias vectors a gate: with two (bias_ih and bias_hh, as PyTorch) Adam moves their sum twice as far a step, so the losses
   * after the first step are another model's. The oracle is asked for the same number.
   */
  readonly biases: 'one' | 'two';
  /** Builds the model with the workload's weights and whatever of its data can stay on the device. */
  prepare(workload: Workload): Promise<void>;
  /**
   * `steps` training steps on the window from a zero state: forward, backward, Adam. Resolves with every step's mean
   * cross-entropy before its update, in nats per token, when all of them are on the host.
   */
  train?(steps: number): Promise<ArrayLike<number>>;
  /** One forward pass over the window: the loss on the host, or the logits [T,N,V]. */
  forward?(): Promise<number | Float32Array>;
  /**
   * Takes the first `tokens` of the window one after another from a zero state (again from the first after the last), and forms the logits after each.
   * With `readback` each of them is on the host before the next token goes in; else all is queued and waited for once.
   */
  stream?(tokens: number, readback: boolean): Promise<StreamResult>;
  /** Gradients at the present weights in the workload's names and layouts; `bias_ih` alone for an engine with one bias. */
  gradients?(): Promise<Record<string, Float32Array>>;
  /** Bytes that the engine itself says it has allocated on its device at most so far, and what it calls them. */
  bytes?(): { readonly bytes: number; readonly what: string } | null;
  dispose(): void;
}

export interface StreamResult {
  /** Logits [V] after the last token, or after each with `readback`; empty for an engine that draws on the device instead. */
  readonly logits: readonly Float32Array[];
  /** What was drawn after each token, the likeliest, where the engine feeds its own tokens back. */
  readonly drawn?: readonly number[];
  /** The part that counts, where the engine sets up something in each call that the others keep from `prepare`. */
  readonly timed?: Round;
}
