// Learning rates as plain data and a pure function of the step, so that a checkpoint can keep them.
import { checkOptions, isPlain } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { finiteNumber, oneOf, wholeNumber, within } from '../checks/values.ts';

/** Warm-ups inside one another: more are a mistake, and far more a stack overflow. */
const MAX_DEPTH = 16;

/** A learning rate by step. Steps count the updates made before: the first update has step 0. */
export type LearningRateSchedule =
  | { readonly kind: 'constant'; readonly learningRate: number }
  | { readonly kind: 'step'; readonly learningRate: number; readonly every: number; readonly factor: number }
  | { readonly kind: 'cosine'; readonly learningRate: number; readonly minimum: number; readonly steps: number }
  | { readonly kind: 'warmUp'; readonly steps: number; readonly then: LearningRateSchedule };

const positive = within({ above: 0 });

/** The same rate at every step. @throws RangeError for a rate that is not positive. */
export function constant(learningRate: number): LearningRateSchedule {
  return { kind: 'constant', learningRate: positive(learningRate, 'learningRate') };
}

/** `learningRate`, multiplied by `factor` (default 0.1) after every `every` steps. */
export function stepDecay(options: { learningRate: number; every: number; factor?: number }): LearningRateSchedule {
  checkOptions(options, 'stepDecay', { learningRate: positive, every: wholeNumber, factor: within({ above: 0, most: 1 }) }, ['learningRate', 'every']);
  const { learningRate, every, factor = 0.1 } = options;
  return { kind: 'step', learningRate, every, factor };
}

/** From `learningRate` down to `minimum` (default 0) over `steps` steps, along half a cosine; `minimum` from then on. */
export function cosine(options: { learningRate: number; minimum?: number; steps: number }): LearningRateSchedule {
  checkOptions(options, 'cosine', { learningRate: positive, minimum: finiteNumber, steps: wholeNumber }, ['learningRate', 'steps']);
  const { learningRate, minimum = 0, steps } = options;
  finiteNumber(minimum, 'minimum', { least: 0, most: learningRate });
  return { kind: 'cosine', learningRate, minimum, steps };
}

/** Up in a line over `steps` updates, the last of them at the rate with which `then` begins; then that schedule from its own step 0. */
export function warmUp(steps: number, then: number | LearningRateSchedule): LearningRateSchedule {
  checkDepth({ then });
  return { kind: 'warmUp', steps: wholeNumber(steps, 'steps'), then: scheduleOf(then) };
}

/** @throws RangeError */
function checkDepth(schedule: unknown): void {
  let depth = 0;
  for (let inner = schedule; typeof inner === 'object' && inner !== null && 'then' in inner; inner = inner.then) {
    if (++depth > MAX_DEPTH) throw new RangeError(`a schedule may have at most ${MAX_DEPTH} warm-ups inside one another; more were given`);
  }
}

/** The rate of the update that follows on `step` updates. @throws RangeError or TypeError for what is no schedule, or a step that is no whole number from 0 */
export function learningRateAt(schedule: number | LearningRateSchedule, step: number): number {
  return rateOf(scheduleOf(schedule), wholeNumber(step, 'step', 0));
}

/** The same of a schedule and a step that are checked already. */
export function rateOf(schedule: LearningRateSchedule, step: number): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.learningRate;
    case 'step':
      return schedule.learningRate * schedule.factor ** Math.floor(step / schedule.every);
    case 'cosine': {
      const { learningRate, minimum, steps } = schedule;
      return minimum + ((learningRate - minimum) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
    }
    case 'warmUp': {
      const { steps, then } = schedule;
      return step < steps ? (rateOf(then, 0) * (step + 1)) / steps : rateOf(then, step - steps);
    }
  }
}

/** A number is a constant rate. Checks what is not made by the functions above, such as a checkpoint's. @throws RangeError or TypeError */
export function scheduleOf(rate: number | LearningRateSchedule): LearningRateSchedule {
  checkDepth(rate);
  if (typeof rate === 'number') return constant(rate);
  if (!isPlain(rate) || rate.kind === undefined) {
    throw new TypeError(`learningRate must be a number or a schedule, such as cosine({ learningRate: 2e-3, steps: 10_000 }); ${shown(rate)} was given`);
  }
  oneOf(rate.kind, 'learningRate.kind', ['constant', 'step', 'cosine', 'warmUp']);
  const { kind, ...options } = rate;
  switch (kind) {
    case 'constant':
      checkOptions(options as { learningRate: number }, 'a constant rate', { learningRate: positive }, ['learningRate']);
      return rate;
    case 'step':
      return stepDecay(options as Parameters<typeof stepDecay>[0]);
    case 'cosine':
      return cosine(options as Parameters<typeof cosine>[0]);
    case 'warmUp': {
      checkOptions(options as WarmUp, 'a warm-up', { steps: wholeNumber, then: isRate }, ['steps', 'then']);
      const { steps, then } = options as WarmUp;
      return warmUp(steps, then);
    }
  }
}

/** What an optimizer takes as its rate. */
export const isRate = (rate: number | LearningRateSchedule): void => void scheduleOf(rate);

type WarmUp = Omit<Extract<LearningRateSchedule, { kind: 'warmUp' }>, 'kind'>;
