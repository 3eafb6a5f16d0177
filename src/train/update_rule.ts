// Update rules as data: which moments they keep, which dispatch updates all parameters, which numbers change by step.
// Names, defaults and arithmetic are those of torch.optim; weight decay applies to every parameter, after clipping.
import { checkOptions } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { flag, fraction, within } from '../checks/values.ts';
import type { Slice } from '../gpu/memory.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import { adamUpdate, rmspropUpdate, sgdUpdate, type Update } from '../kernels/optimizer.ts';
import { isRate, rateOf, scheduleOf, type LearningRateSchedule } from './schedule.ts';

/** What an optimizer does to each parameter: made by `adam`, `adamw`, `sgd` or `rmsprop`. */
export interface UpdateRule {
  readonly name: string;
  /** All that its updates depend on besides the rate; a run goes on only with the same. */
  readonly options: Readonly<Record<string, number | boolean>>;
  /** The learning rate by step; a trainer's `learningRate` overrides it. */
  readonly schedule: LearningRateSchedule;
  /** Arrays kept for every parameter, all zero at first. */
  readonly moments: readonly string[];
  /** Of Adam β1 and β2: their powers correct its moments, and only updates that were not skipped count. Default none. */
  readonly decays?: readonly number[];
  /** Record the update; `moments` are slices of the parameters' size, in the order of the names. */
  record(recording: Recording, update: Update, moments: readonly Slice[]): Dispatch;
  /** The params that change: of update number `update`, from 1, at that rate. */
  params(update: number, rate: number): Record<string, number>;
}

/** @throws TypeError for what is no update rule */
export function isUpdateRule(rule: UpdateRule, name: string): void {
  if (typeof rule?.record !== 'function') throw new TypeError(`${name} must be an update rule, such as adam({ learningRate: 2e-3 }); ${shown(rule)} was given`);
}

interface RateOptions {
  /** The learning rate, or a schedule of it by step: `cosine`, `stepDecay`, `warmUp`. */
  readonly learningRate?: number | LearningRateSchedule;
  /** Share of each weight added to its gradient (L2 regularisation); for `adamw` taken off the weight itself. Default 0; 0.01 for `adamw`. */
  readonly weightDecay?: number;
}

const RATE = { learningRate: isRate, weightDecay: within({ least: 0 }) };
const isEpsilon = within({ above: 0 });

export interface AdamOptions extends RateOptions {
  /** Decay of the mean of the gradients. Default 0.9. */ readonly beta1?: number;
  /** Decay of the mean of their squares. Default 0.999. */ readonly beta2?: number;
  /** Default 1e-8. */ readonly epsilon?: number;
}

/** Adam (Kingma & Ba 2015); default rate 1e-3. @throws RangeError for a rate that is not positive, a beta outside [0, 1), or a negative weight decay. */
export function adam(options: AdamOptions = {}): UpdateRule {
  return adamFamily('adam', options, 0);
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019): w shrinks by rate · weightDecay, beside the gradient. @throws RangeError as `adam` */
export function adamw(options: AdamOptions = {}): UpdateRule {
  return adamFamily('adamw', options, 0.01);
}

function adamFamily(name: 'adam' | 'adamw', options: AdamOptions, usualDecay: number): UpdateRule {
  checkOptions(options, name, { ...RATE, beta1: fraction, beta2: fraction, epsilon: isEpsilon }, []);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = usualDecay } = options;
  const decoupled = name === 'adamw';
  const params = (update: number, current: number) => ({
    rate: current,
    correction1: 1 / (1 - beta1 ** update),
    correction2: 1 / (1 - beta2 ** update),
    keep: decoupled ? 1 - current * weightDecay : 1,
  });
  const schedule = scheduleOf(learningRate);
  return {
    name,
    options: { beta1, beta2, epsilon, weightDecay },
    schedule,
    moments: ['first', 'second'],
    decays: [beta1, beta2],
    record: (recording, update, [first, second]) => {
      const { rate, ...rest } = params(1, rateOf(schedule, 0));
      return adamUpdate(recording, update, { first: first!, second: second! },
        { learningRate: rate, beta1, beta2, epsilon, weightDecay: decoupled ? 0 : weightDecay, ...rest });
    },
    params,
  };
}

export interface SgdOptions extends RateOptions {
  /** Share of the last update that goes on. Default 0. */ readonly momentum?: number;
  /** Take the gradient's step from where the momentum leads. Needs momentum. Default false. */ readonly nesterov?: boolean;
}

/** Gradient descent with momentum (no dampening); default rate 0.1. @throws RangeError for a rate that is not positive or a momentum outside [0, 1). */
export function sgd(options: SgdOptions = {}): UpdateRule {
  checkOptions(options, 'sgd', { ...RATE, momentum: fraction, nesterov: flag }, []);
  const { learningRate = 0.1, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  if (nesterov && momentum === 0) throw new RangeError('nesterov needs a momentum above 0, such as 0.9');
  const schedule = scheduleOf(learningRate);
  return {
    name: 'sgd',
    options: { momentum, nesterov, weightDecay },
    schedule,
    moments: momentum > 0 ? ['velocity'] : [],
    record: (recording, update, [velocity]) => sgdUpdate(recording, update, velocity, { learningRate: rateOf(schedule, 0), momentum, nesterov, weightDecay }),
    params: (_update, current) => ({ rate: current }),
  };
}

export interface RmspropOptions extends RateOptions {
  /** Decay of the mean of the squared gradients. Default 0.99. */ readonly alpha?: number;
  /** Default 1e-8. */ readonly epsilon?: number;
  /** Share of the last update that goes on. Default 0. */ readonly momentum?: number;
  /** Divide by the standard deviation of the gradient instead of its root mean square (Graves 2013). Default false. */ readonly centered?: boolean;
}

/** RMSprop (Hinton, lecture 6e); default rate 0.01. @throws RangeError for a rate that is not positive, or an alpha or momentum outside [0, 1). */
export function rmsprop(options: RmspropOptions = {}): UpdateRule {
  checkOptions(options, 'rmsprop', { ...RATE, alpha: fraction, epsilon: isEpsilon, momentum: fraction, centered: flag }, []);
  const { learningRate = 0.01, alpha = 0.99, epsilon = 1e-8, momentum = 0, centered = false, weightDecay = 0 } = options;
  const schedule = scheduleOf(learningRate);
  const moments = ['square', ...(centered ? ['average'] : []), ...(momentum > 0 ? ['velocity'] : [])];
  return {
    name: 'rmsprop',
    options: { alpha, epsilon, momentum, centered, weightDecay },
    schedule,
    moments,
    record: (recording, update, slices) => {
      const of = (name: string): Slice | undefined => slices[moments.indexOf(name)];
      return rmspropUpdate(recording, update, { square: of('square')!, average: of('average'), velocity: of('velocity') },
        { learningRate: rateOf(schedule, 0), alpha, epsilon, momentum, weightDecay });
    },
    params: (_update, current) => ({ rate: current }),
  };
}
