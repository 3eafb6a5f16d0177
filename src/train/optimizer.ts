// Optimizers as data: which moments they keep, which dispatch updates all parameters, which numbers change by step.
import type { Slice } from '../gpu/memory.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { adamUpdate, sgdUpdate, type UpdateBuffers } from '../kernels/optimizer.ts';
import { finiteNumber } from '../layers/checks.ts';

export interface Optimizer {
  readonly name: string;
  /** The learning rate at the start; a trainer's `rate` changes it. */
  readonly rate: number;
  /** Arrays kept for every parameter, all zero at first. */
  readonly moments: readonly string[];
  /** Record the update; `moments` are slices of the parameters' size, in the order of the names. */
  record(recording: Recording, buffers: UpdateBuffers, moments: readonly Slice[], clip: number): Dispatch;
  /** The params that change: of update number `update`, from 1, at that rate. */
  params(update: number, rate: number): Record<string, number>;
}

export interface AdamOptions {
  /** Default 1e-3. */ readonly rate?: number;
  /** Decay of the mean of the gradients. Default 0.9. */ readonly beta1?: number;
  /** Decay of the mean of their squares. Default 0.999. */ readonly beta2?: number;
  /** Default 1e-8. */ readonly epsilon?: number;
}

/** Adam (Kingma & Ba 2015). @throws RangeError for a rate that is not positive or a beta outside [0, 1). */
export function adam({ rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimizer {
  checkRate(rate);
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    finiteNumber(beta, name, { least: 0 });
    if (beta >= 1) throw new RangeError(`${name} must be below 1; ${beta} was given`);
  }
  finiteNumber(epsilon, 'epsilon', { above: 0 });
  const corrections = (update: number) => ({ correction1: 1 / (1 - beta1 ** update), correction2: 1 / (1 - beta2 ** update) });
  return {
    name: 'adam',
    rate,
    moments: ['first', 'second'],
    record: (recording, buffers, [first, second], clip) =>
      adamUpdate(recording, { ...buffers, first: first!, second: second! }, { rate, beta1, beta2, epsilon, ...corrections(1), clip }),
    params: (update, current) => ({ rate: current, ...corrections(update) }),
  };
}

export interface SgdOptions {
  /** Default 0.1. */ readonly rate?: number;
  /** Share of the last update that goes on. Default 0. */ readonly momentum?: number;
}

/** Gradient descent with momentum, as PyTorch has it (no dampening). @throws RangeError for a rate that is not positive or a momentum outside [0, 1). */
export function sgd({ rate = 0.1, momentum = 0 }: SgdOptions = {}): Optimizer {
  checkRate(rate);
  finiteNumber(momentum, 'momentum', { least: 0 });
  if (momentum >= 1) throw new RangeError(`momentum must be below 1; ${momentum} was given`);
  return {
    name: 'sgd',
    rate,
    moments: ['velocity'],
    record: (recording, buffers, [velocity], clip) => sgdUpdate(recording, { ...buffers, velocity: velocity! }, { rate, momentum, clip }),
    params: (_update, current) => ({ rate: current }),
  };
}

/** A learning rate, or a RangeError. */
export const checkRate = (rate: number): number => finiteNumber(rate, 'rate', { above: 0 });
