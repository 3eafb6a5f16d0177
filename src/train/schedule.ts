// Learning rates as plain data and a pure function of the step, so that a checkpoint can keep them.
import { finiteNumber, oneOf, wholeNumber } from '../layers/checks.ts';

/** Warm-ups inside one another: more are a mistake, and far more a stack overflow. */
const MAX_DEPTH = 16;

/** A learning rate by step. Steps count the updates made before: the first update has step 0. */
export type Schedule =
  | { readonly kind: 'constant'; readonly rate: number }
  | { readonly kind: 'step'; readonly rate: number; readonly every: number; readonly factor: number }
  | { readonly kind: 'cosine'; readonly rate: number; readonly minimum: number; readonly steps: number }
  | { readonly kind: 'warmUp'; readonly steps: number; readonly then: Schedule };

/** The same rate at every step. @throws RangeError for a rate that is not positive. */
export function constant(rate: number): Schedule {
  return { kind: 'constant', rate: finiteNumber(rate, 'rate', { above: 0 }) };
}

/** `rate`, multiplied by `factor` (default 0.1) after every `every` steps. */
export function stepDecay({ rate, every, factor = 0.1 }: { rate: number; every: number; factor?: number }): Schedule {
  finiteNumber(rate, 'rate', { above: 0 });
  wholeNumber(every, 'every');
  finiteNumber(factor, 'factor', { above: 0, most: 1 });
  return { kind: 'step', rate, every, factor };
}

/** From `rate` down to `minimum` (default 0) over `steps` steps, along half a cosine; `minimum` from then on. */
export function cosine({ rate, minimum = 0, steps }: { rate: number; minimum?: number; steps: number }): Schedule {
  finiteNumber(rate, 'rate', { above: 0 });
  finiteNumber(minimum, 'minimum', { least: 0, most: rate });
  wholeNumber(steps, 'steps');
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

/** The rate of the update that follows on `step` updates. */
export function rateAt(schedule: Schedule, step: number): number {
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
      return step < steps ? (rateAt(then, 0) * (step + 1)) / steps : rateAt(then, step - steps);
    }
  }
}

/** A number is a constant rate. Checks what is not made by the functions above, such as a checkpoint's. @throws RangeError or TypeError */
export function scheduleOf(rate: number | Schedule): Schedule {
  checkDepth(rate);
  if (typeof rate === 'number') return constant(rate);
  if (typeof rate !== 'object' || rate === null) {
    throw new TypeError(`rate must be a number or a schedule, such as cosine({ rate: 2e-3, steps: 10_000 }); ${String(rate)} was given`);
  }
  oneOf(rate.kind, "the schedule's kind", ['constant', 'step', 'cosine', 'warmUp']);
  switch (rate.kind) {
    case 'constant':
      return constant(rate.rate);
    case 'step':
      return stepDecay(rate);
    case 'cosine':
      return cosine(rate);
    case 'warmUp':
      return warmUp(rate.steps, rate.then);
  }
}
