// Learning rates as plain data and a pure function of the step, so that a checkpoint can keep them.
import { checkOptions, isPlain } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { finiteNumber, oneOf, wholeNumber, within } from '../checks/values.ts';

/** Warm-ups inside one another: more are a mistake, and far more a stack overflow. */
const MAX_DEPTH = 16;

/** A learning rate by step. Steps count the updates made before: the first update has step 0. */
export type Schedule =
  | { readonly kind: 'constant'; readonly rate: number }
  | { readonly kind: 'step'; readonly rate: number; readonly every: number; readonly factor: number }
  | { readonly kind: 'cosine'; readonly rate: number; readonly minimum: number; readonly steps: number }
  | { readonly kind: 'warmUp'; readonly steps: number; readonly then: Schedule };

const positive = within({ above: 0 });

/** The same rate at every step. @throws RangeError for a rate that is not positive. */
export function constant(rate: number): Schedule {
  return { kind: 'constant', rate: positive(rate, 'rate') };
}

/** `rate`, multiplied by `factor` (default 0.1) after every `every` steps. */
export function stepDecay(options: { rate: number; every: number; factor?: number }): Schedule {
  checkOptions(options, 'stepDecay', { rate: positive, every: wholeNumber, factor: within({ above: 0, most: 1 }) }, ['rate', 'every']);
  const { rate, every, factor = 0.1 } = options;
  return { kind: 'step', rate, every, factor };
}

/** From `rate` down to `minimum` (default 0) over `steps` steps, along half a cosine; `minimum` from then on. */
export function cosine(options: { rate: number; minimum?: number; steps: number }): Schedule {
  checkOptions(options, 'cosine', { rate: positive, minimum: finiteNumber, steps: wholeNumber }, ['rate', 'steps']);
  const { rate, minimum = 0, steps } = options;
  finiteNumber(minimum, 'minimum', { least: 0, most: rate });
  return { kind: 'cosine', rate, minimum, steps };
}

/** Up in a line over `steps` updates, the last of them at the rate with which `then` begins; then that schedule from its own step 0. */
export function warmUp(steps: number, then: number | Schedule): Schedule {
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
export function rateAt(schedule: number | Schedule, step: number): number {
  return rateOf(scheduleOf(schedule), wholeNumber(step, 'step', 0));
}

/** The same of a schedule and a step that are checked already. */
export function rateOf(schedule: Schedule, step: number): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'step':
      return schedule.rate * schedule.factor ** Math.floor(step / schedule.every);
    case 'cosine': {
      const { rate, minimum, steps } = schedule;
      return minimum + ((rate - minimum) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
    }
    case 'warmUp': {
      const { steps, then } = schedule;
      return step < steps ? (rateOf(then, 0) * (step + 1)) / steps : rateOf(then, step - steps);
    }
  }
}

/** A number is a constant rate. Checks what is not made by the functions above, such as a checkpoint's. @throws RangeError or TypeError */
export function scheduleOf(rate: number | Schedule): Schedule {
  checkDepth(rate);
  if (typeof rate === 'number') return constant(rate);
  if (!isPlain(rate) || rate.kind === undefined) {
    throw new TypeError(`rate must be a number or a schedule, such as cosine({ rate: 2e-3, steps: 10_000 }); ${shown(rate)} was given`);
  }
  oneOf(rate.kind, 'rate.kind', ['constant', 'step', 'cosine', 'warmUp']);
  const { kind, ...options } = rate;
  switch (kind) {
    case 'constant':
      checkOptions(options as { rate: number }, 'a constant rate', { rate: positive }, ['rate']);
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
export const isRate = (rate: number | Schedule): void => void scheduleOf(rate);

type WarmUp = Omit<Extract<Schedule, { kind: 'warmUp' }>, 'kind'>;
